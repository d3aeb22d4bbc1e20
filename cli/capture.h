/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames to ask about that somebody captured (pcap, pcapng) or wrote down in hex.
 */
#ifndef XFW_CAPTURE_H
#define XFW_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "fault.h"

struct captured {
	const __u8 *bytes;
	size_t captured;     /* of them there */
	size_t length;	     /* of the frame: what is missing is unknown */
	bool has_ethernet;   /* else it begins with the IP header */
	unsigned int number; /* in its file, from 1 */
};

/* Not 0 ends the reading. */
typedef int capture_visit(const struct captured *captured, void *context);

/* Every frame of the file, or only that of @number where it is not 0. 0, -EINVAL with the fault,
 * or what @visit said. */
int capture_read(const char *path, unsigned int number, capture_visit *visit, void *context,
		 struct fault *fault);

/*
 * Digits in pairs, with blanks, colons and 0x between them as tools print them. An IP packet that
 * is as long as it says is one; all else is an Ethernet frame. As capture_read.
 */
int capture_read_hex(const char *text, capture_visit *visit, void *context, struct fault *fault);

#endif
