/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's neighbours: whether it knows where a gateway is.
 */
#ifndef XFW_NEIGHBOURS_H
#define XFW_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>

#include "../maps/layout.h"

struct neighbour {
	struct address address; /* IPv4 mapped */
	__u32 ifindex;
	__u16 state; /* NUD_… */
	__u8 mac[6];
};

struct neighbours {
	struct neighbour *list; /* by interface, then by address */
	size_t count, room;
};

/* All of them now. 0 or -errno; to be freed in either case. */
int neighbours_read(struct neighbours *neighbours);
void neighbours_free(struct neighbours *neighbours);

/* NULL when the kernel has not heard of it. */
const struct neighbour *neighbours_find(const struct neighbours *neighbours, __u32 ifindex,
					const struct address *address);

/* Does the kernel know its MAC address? Not of NULL. */
bool neighbour_is_known(const struct neighbour *neighbour);

/* "reachable", "stale", "failed"…, as ip says it; "unresolved" for NULL. */
const char *neighbour_state(const struct neighbour *neighbour);

#endif
