/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who with whom: what a packet or flow is known by, for people.
 */
#ifndef XFW_ENDS_H
#define XFW_ENDS_H

#include <stdbool.h>
#include <stddef.h>

#include "../maps/layout.h"

/* From who sends. Borrows the addresses. */
struct ends {
	int protocol; /* 0 to 255 */
	const struct address *from, *to;
	__u16 from_port, to_port; /* host order, where the protocol has ports */
	__u16 point;		  /* what a rule asks about: to_port, or the ICMP type */
};

enum { ENDS_TEXT = 192 };

/* @inbound: the packet was sent from outside. @point as in struct cell. */
struct ends ends_of(const struct flow_key *key, __u32 point, bool inbound);

/* "tcp 2001:db8:ffff::1 40000 > 2001:db8::5 443", "icmp6 2001:db8::1 > 2001:db8::5 type 128" */
void ends_format(const struct ends *ends, char *text, size_t size);

#endif
