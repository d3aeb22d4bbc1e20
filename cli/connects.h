/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many TCP connections at once, each for a moment: who answers?
 */
#ifndef XFW_CONNECTS_H
#define XFW_CONNECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "../maps/layout.h"

enum {
	CONNECTS_AT_ONCE = 256,
	CONNECT_TIMEOUT_MS = 400, /* a guest is a bridge away */
};

struct connect {
	struct address address; /* IPv4 mapped */
	__u16 port;
	bool answers;
};

/*
 * Connect to each of @count, CONNECTS_AT_ONCE at a time and CONNECT_TIMEOUT_MS for those, and close
 * again; not a byte is sent. Sets `answers` where a connection came about.
 */
void connects_try(struct connect *connects, size_t count);

#endif
