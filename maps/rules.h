/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of rules and routes, summed over CPUs; see stats.h on what a reading is worth.
 */
#ifndef XFW_RULES_H
#define XFW_RULES_H

#include "generation.h"

struct hits {
	__u64 packets;
	__u64 bytes;
	__u32 last_hit; /* tick, 0 is never */
};

/* Sum of one counter of MAP_RULE_STATS or MAP_ROUTE_STATS. 0 or -errno. */
int hits_read(const struct pins *pins, enum lasting_map map, __u32 index, struct hits *hits);

/* Zero the counters of ids that @next has and the current generation has not. */
void rules_reset_new(const struct pins *pins, const struct generation_content *next);

#endif
