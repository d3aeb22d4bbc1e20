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

/* Routes of ours in the kernel's main table, sorted. */
struct kernel_routes {
	struct system_route *routes;
	size_t count;
};

/* As they are now. Returns 0 or -errno; to be freed in any case. */
int kernel_routes_read(struct kernel_routes *now);
void kernel_routes_free(struct kernel_routes *routes);

/*
 * Add what is missing. A route that is there already, whoever made it, is left as it is.
 * Returns 0, or -errno with the route at fault; kernel_routes_take_back() undoes what was done.
 */
int kernel_routes_add(const struct config *config, const struct system *system,
		      const struct kernel_routes *before, const struct route_config **at_fault);

/* Give routes of ours that led elsewhere before their new way, each in one step. Alike. */
int kernel_routes_turn(const struct config *config, const struct system *system,
		       const struct kernel_routes *before, const struct route_config **at_fault);

/* Delete those of ours that @config does not ask for; all of them with NULL. */
int kernel_routes_prune(const struct config *config);

/* Make ours what they were before. Returns 0 or the last -errno. */
int kernel_routes_take_back(const struct kernel_routes *before);

#endif
