/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs onto interfaces and off again. Every attachment outlives the process: XDP through a
 * pinned link, tc through the filter itself.
 */
#ifndef XFW_ATTACH_H
#define XFW_ATTACH_H

#include "../maps/pins.h"
#include "loader.h"

/*
 * Attach an XDP program, or replace ours by it in one step. @generic: SKB mode, for devices
 * that know no other. Elsewhere native mode is tried first; a fall back to generic is a warning,
 * or with @require_native an error.
 */
int attach_xdp(const struct pins *pins, enum program program, const char *name,
	       unsigned int ifindex, bool generic, bool require_native, struct report *report);

/* Take ours off; nothing there is fine. */
int detach_xdp(const struct pins *pins, const char *name);

/* Refuse an interface on which somebody else's XDP program is: 0, or -EBUSY with the reason. */
int attach_xdp_free(const struct pins *pins, const char *name, unsigned int ifindex,
		    struct report *report);

/* "native", "generic", or "none" when no program of ours is attached. */
const char *attach_xdp_mode(const struct pins *pins, const char *name, unsigned int ifindex,
			    unsigned int *program_id);

/* The tc programs: egress for PROGRAM_OUT, ingress for all others. */
int attach_tc(const struct pins *pins, enum program program, unsigned int ifindex);
/* With the clsact qdisc if nobody else has a filter on it. Nothing there is fine. */
int detach_tc(enum program program, unsigned int ifindex);
/* Id of our filter's program, 0 when there is none. */
unsigned int attach_tc_program(enum program program, unsigned int ifindex);

/* Interfaces with a clsact qdisc, whoever made it; ifindexes to be freed. 0 or -errno. */
struct tc_places {
	unsigned int *ifindexes;
	size_t count;
};
int attach_tc_places(struct tc_places *places);

void report_error(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void report_warning(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
