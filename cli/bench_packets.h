/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One packet to be measured, for the files of choosing.
 */
#ifndef XFW_BENCH_PACKETS_H
#define XFW_BENCH_PACKETS_H

#include "bench.h"

enum { BENCH_ADDRESSES = 8 }; /* proposed inside one prefix, at most */

bool bench_is_ipv4(const struct address *address);

/* Somewhere in the internet, of the family of @inside; the low bits count up where sources vary. */
struct address bench_stranger(const struct address *inside);

/* The first of this role whose frames have an Ethernet header; NULL when there is none. */
const struct settings_interface *bench_interface(const struct bench *bench, enum role role);

/* Make the class's frame of its question, as it comes in by @interface. */
void bench_packet(struct bench_class *class, const struct settings_interface *interface,
		  __u8 hop_limit);

/* What the programs would do with it. A copy that cannot be asked drops for want of a policy. */
enum verdict bench_ask(const struct bench *bench, struct bench_class *class,
		       struct explanation *notes);

/*
 * Addresses in @prefix (BENCH_ADDRESSES of room), most likely first: guests that the kernel knows, then
 * anybody in a slice, or the host. Returns how many.
 */
size_t bench_addresses(const struct bench *bench, const struct prefix *prefix,
		       struct address *addresses);

/*
 * Flows of @question, a packet from outside, as if the inside (behind @inside_ifindex) had started them
 * and been answered: @count, their outsides counting up. 0 or -errno.
 */
int bench_put_flows(const struct bench *bench, const struct question *question, __u32 count,
		    unsigned int inside_ifindex);

/*
 * Let every MAC address behind a bridge port have been heard just now: guests need not send for
 * the fast path to be measured. 0 or -errno.
 */
int bench_hear(const struct bench *bench);

#endif
