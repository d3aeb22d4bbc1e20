/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measuring programs by BPF_PROG_TEST_RUN: each packet made anew in front of the one under test,
 * beside the forwarding floor, the least that any stateful router must do. Attaches nothing.
 */
#ifndef XFW_FLOOR_H
#define XFW_FLOOR_H

#include "../maps/floor.h"
#include "../maps/pins.h"
#include "loader.h"

struct floor; /* the measuring programs, loaded */

/*
 * Load them, with the generation of @copy within their reach and @flows flows for the floor.
 * 0, or -errno with the report.
 */
int floor_open(const struct pins *copy, __u32 flows, struct floor **floor, struct report *report);
void floor_close(struct floor *floor);

/* One program and its packets. */
struct measured {
	int program; /* its descriptor */
	bool tc;     /* a tc program, which is run without `renew`: it must not change the frame */
	const void *frame; /* FLOOR_TEMPLATE bytes at least */
	size_t length;
	unsigned int ifindex; /* it comes in by */
	struct floor_run run;
};

/* The floor and the empty programs as what is measured; the floor's sources are below its flows. */
struct measured floor_forwarding(const struct floor *floor, __u32 sources);
struct measured floor_empty(const struct floor *floor, bool tc);

/*
 * Run @packets packets. Sets the nanoseconds a packet and what the last one came to (XDP_… or TC_ACT_…).
 * 0 or -errno.
 */
int floor_measure(const struct floor *floor, const struct measured *measured, __u32 packets,
		  double *nanoseconds, __u32 *result);

#endif
