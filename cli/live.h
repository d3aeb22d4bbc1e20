/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What runs, for whoever goes on listening while others change it.
 */
#ifndef XFW_LIVE_H
#define XFW_LIVE_H

#include "../loader/config.h"
#include "command.h"

struct live {
	const struct invocation *invocation;
	const struct pins *pins;
	struct document running;
	struct config config; /* what it means; empty when the system is not as it should be */
	__u32 generation;     /* of `running`; 0 is none yet */
};

/* Read what runs, anew when it has changed. An exit status, after saying why. */
int live_keep_up(struct live *live);
void live_free(struct live *live);

#endif
