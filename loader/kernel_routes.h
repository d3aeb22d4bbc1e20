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

/* Add what is missing. A route that is there already, whoever made it, is left as it is. */
int kernel_routes_add(const struct config *config, const struct system *system,
		      const struct route_config **at_fault);

/* Delete those of ours that @config does not ask for; all of them with NULL. */
int kernel_routes_prune(const struct config *config);

#endif
