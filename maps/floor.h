/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the measuring programs (bpf/floor.bpf.c) are told, for both sides.
 */
#ifndef XFW_FLOOR_MAPS_H
#define XFW_FLOOR_MAPS_H

#ifndef __bpf__ /* the programs have vmlinux.h */
#include <linux/types.h>
#endif

enum {
	FLOOR_TEMPLATE = 80, /* bytes of a frame that `renew` may touch */
	FLOOR_FLOWS_CAPACITY = 1 << 21,
};

/* run (array, one element): how each packet differs from the one before. */
struct floor_run {
	__u8 destination_mac[6];
	__u8 hop_limit;
	__u8 ipv4; /* else IPv6 */
	/*
	 * The source's low 32 bits are source_base (host order) and a number below `sources`
	 * more; 0: the source stays. The destination's likewise, in steps of 1 << shift.
	 */
	__u32 source_base;
	__u32 sources;
	__u32 destination_base;
	__u32 destinations;
	__u32 destination_shift;
	__u32 position;
	__u32 fresh; /* each packet under a new generation: nothing that was remembered holds */
};

/* floor_flows (hash) */
struct floor_key {
	__u8 source[16];
	__u8 destination[16];
	__u8 ports[4];
	__u32 protocol;
};

struct floor_flow {
	__u8 macs[12];
	__u32 port; /* key of floor_devices */
};

_Static_assert(sizeof(struct floor_run) == 36, "floor_run");
_Static_assert(sizeof(struct floor_key) == 40, "floor_key");
_Static_assert(sizeof(struct floor_flow) == 16, "floor_flow");

#endif
