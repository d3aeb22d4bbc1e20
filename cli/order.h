/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What comes first in a list of things that are counted: --sort packets, bytes or last.
 */
#ifndef XFW_ORDER_H
#define XFW_ORDER_H

#include "command.h"
#include "rates.h"

enum order { ORDER_NONE, ORDER_PACKETS, ORDER_BYTES, ORDER_LAST };

/* How busy a thing is. A row that can be ordered begins with it. */
struct standing {
	struct counter counter; /* both ways together */
	struct rate rate;	/* 0 where nothing is watched */
	double idle_s;		/* since it was last met; where counter.packets is 0: never */
};

/* The order that --sort asks for, else @otherwise. An exit status, after saying why. */
int order_read(const struct invocation *invocation, enum order otherwise, enum order *order);

/* Sort @count rows of @size bytes: the busiest first, by rates as long as there are any. */
void order_rows(enum order order, void *rows, size_t count, size_t size);

#endif
