/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Captures with a comment on each packet: the three block types of pcapng that this takes
 * (draft-ietf-opsawg-pcapng), since no library of Debian's writes packet comments.
 */
#ifndef XFW_PCAPNG_H
#define XFW_PCAPNG_H

#include <linux/types.h>
#include <stdio.h>

/* Begin a capture. 0 or -errno, as for all here. */
int pcapng_begin(FILE *file);

/* Interfaces are numbered from 0 in the order they are added. @ethernet: else bare IP packets. */
int pcapng_interface(FILE *file, const char *name, int ethernet);

struct pcapng_packet {
	__u32 interface;
	__u64 time_ns; /* since the epoch */
	const void *bytes;
	__u32 captured;
	__u32 length;
	const char *comment;
};
int pcapng_packet(FILE *file, const struct pcapng_packet *packet);

#endif
