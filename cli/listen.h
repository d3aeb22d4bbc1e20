/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Listening to the programs' events until one is stopped: one listener at a time, since two would
 * take each other's events.
 */
#ifndef XFW_LISTEN_H
#define XFW_LISTEN_H

#include "command.h"

struct listener {
	const struct pins *pins;
	__u32 what; /* WATCH_… bits */
	void (*take)(const struct event *event, void *context);
	/* Between events, twice a second at least; not 0 ends it. May be NULL. */
	int (*turn)(void *context);
	void *context;
	unsigned long long taken;
	unsigned long long unseen; /* over the budget, or the ring was full */
};

/*
 * Map what a listener writes to; wait for one that was killed to be forgotten. An exit status, after
 * saying that somebody else listens.
 */
int listen_begin(const struct invocation *invocation, struct pins *pins);

/* Until SIGINT or SIGTERM. 0, -errno, or what turn() said. */
int listen_until_stopped(struct listener *listener);

#endif
