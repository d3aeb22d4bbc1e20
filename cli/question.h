/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A packet in words, for explain: PROTO SRC [SPORT] DST [DPORT|TYPE] [flags SAFRPU]
 * [fragment first|later] [in IF].
 */
#ifndef XFW_QUESTION_H
#define XFW_QUESTION_H

#include "reader.h"

enum question_fragment { QUESTION_WHOLE, QUESTION_FIRST, QUESTION_LATER };

struct question {
	int protocol; /* 0 to 255 */
	struct address source;
	struct address destination;
	__u16 source_port;
	__u16 destination_port;
	__u8 icmp_type;
	__u8 tcp_flags; /* as on the wire: FIN 1, SYN 2, … */
	enum question_fragment fragment;
	unsigned int interface; /* ifindex it comes in by; 0: not said */
};

enum { QUESTION_FRAME_MAX = 128 };

/* Read `in IF` into @interface (0 where nothing is said), and the end of the words. */
int question_read_interface(struct reader *reader, unsigned int *interface);

/* Read the words behind @reader. 0, or -EINVAL with the fault. */
int question_read(struct reader *reader, struct question *question);

/*
 * The frame, to @mac where the interface has link-layer addresses and without an Ethernet header
 * where @mac is NULL. Checksums that xfw looks at are right. Returns its length in bytes.
 */
size_t question_frame(const struct question *question, const __u8 *mac, __u8 *frame);

#endif
