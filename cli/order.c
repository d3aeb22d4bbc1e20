// SPDX-License-Identifier: GPL-2.0
#include "order.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
	[ORDER_PACKETS] = "packets", [ORDER_BYTES] = "bytes", [ORDER_LAST] = "last"};

int order_read(const struct invocation *invocation, enum order otherwise, enum order *order)
{
	*order = otherwise;
	if (!invocation->sort)
		return EXIT_DONE;
	for (enum order i = ORDER_PACKETS; i <= ORDER_LAST; i++) {
		if (!strcmp(invocation->sort, words[i])) {
			*order = i;
			return EXIT_DONE;
		}
	}
	return say_error(invocation, "%s: --sort '%s': packets, bytes or last",
			 invocation->words[0], invocation->sort);
}

/* The larger one first. */
static int compare(double a, double b)
{
	return (a < b) - (a > b);
}

static int by_packets(const void *left, const void *right)
{
	const struct standing *a = left, *b = right;

	return compare(a->rate.packets, b->rate.packets)
		       ?: compare(a->counter.packets, b->counter.packets);
}

static int by_bytes(const void *left, const void *right)
{
	const struct standing *a = left, *b = right;

	return compare(a->rate.bits, b->rate.bits) ?: compare(a->counter.bytes, b->counter.bytes);
}

static int by_last(const void *left, const void *right)
{
	const struct standing *a = left, *b = right;

	return compare(!!a->counter.packets, !!b->counter.packets) ?: compare(b->idle_s, a->idle_s);
}

void order_rows(enum order order, void *rows, size_t count, size_t size)
{
	static int (*const comparisons[])(const void *, const void *) = {
		[ORDER_PACKETS] = by_packets, [ORDER_BYTES] = by_bytes, [ORDER_LAST] = by_last};

	if (order != ORDER_NONE && count)
		qsort(rows, count, size, comparisons[order]);
}
