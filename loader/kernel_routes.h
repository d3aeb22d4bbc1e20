/* SPDX-License-Identifier: GPL-2.0 */
/*
 * `route` lines in the kernel's own table, since the kernel is the slow path: what xfw does not
 * forward itself must arrive all the same. Ours carry a routing protocol number of our own.
 */
#ifndef XFW_KERNEL_ROUTES_H
#define XFW_KERNEL_ROUTES_H

#include "config.h"
#include "system.h"

enum { XFW_ROUTE_PROTOCOL = 88 }; /* `ip route show proto 88`; not in iproute2's list */

/* What a change did to the table, so that it can be taken back. All 0 at first. */
struct kernel_routes_done {
	struct kernel_route_step {
		struct system_route was, is; /* ifindex 0: none */
	} * steps;
	size_t count;
};

/*
 * Add what is missing. A route that is there already, whoever made it, is left as it is.
 * Returns 0, or -errno with the route at fault; what was done until then is in @done.
 */
int kernel_routes_add(const struct config *config, const struct system *system,
		      struct kernel_routes_done *done, const struct route_config **at_fault);

/* Give routes of ours that lead elsewhere now their new way, each in one step. Alike. */
int kernel_routes_turn(const struct config *config, const struct system *system,
		       struct kernel_routes_done *done, const struct route_config **at_fault);

/* The last step first. Returns 0 or the last -errno. */
int kernel_routes_take_back(struct kernel_routes_done *done);
void kernel_routes_done_free(struct kernel_routes_done *done);

/* Delete those of ours that @config does not ask for; all of them with NULL. */
int kernel_routes_prune(const struct config *config);

#endif
