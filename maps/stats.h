/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters by interface, verdict and reason, and how full the maps are.
 *
 * Every reader of counters goes through here or rules.h: the programs count on each CPU for
 * itself, and the kernel copies those in words of 64 bits, so no number is torn. A packet that is
 * counted meanwhile may be in `packets` and not yet in `bytes`.
 */
#ifndef XFW_STATS_H
#define XFW_STATS_H

#include "layout.h"
#include "pins.h"

extern const char *const reason_names[XFW_DROP_REASON_COUNT]; /* with dashes */
extern const char *const reason_texts[XFW_DROP_REASON_COUNT];
extern const char *const role_names[XFW_ROLE_COUNT];
extern const char *const verdict_names[XFW_VERDICT_COUNT];
extern const char *const flow_state_names[XFW_FLOW_STATE_COUNT];
extern const unsigned int flow_state_timeouts_s[XFW_FLOW_STATE_COUNT];

/* Sums over CPUs. 0 or -errno. */
int stats_drops(const struct pins *pins, enum role role, struct counter *reasons);
int stats_interface(const struct pins *pins, __u32 index, struct counter *verdicts);

/* The settings of the judging generation. 0 or -errno. */
int stats_settings(const struct pins *pins, struct settings *settings);

struct map_fill {
	__u32 used;
	__u32 capacity;
};
int stats_fill(int map, struct map_fill *fill);

#endif
