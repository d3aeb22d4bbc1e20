/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Once around a hash map, many entries a system call. Walking by keys begins anew whenever the
 * key it stands on was pushed out meanwhile, and under a flood never ends; this way ends.
 */
#ifndef XFW_WALK_H
#define XFW_WALK_H

typedef void (*map_visitor)(const void *key, const void *value, void *context);

/*
 * Show @visit every entry of @map; of a per-CPU map the values of all CPUs, each at a multiple of
 * 8 bytes. 0 or -errno; some entries may have been visited by then. */
int map_walk(int map, map_visitor visit, void *context);

#endif
