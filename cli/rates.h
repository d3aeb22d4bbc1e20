/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets and bits a second, from two readings of the same counters.
 */
#ifndef XFW_RATES_H
#define XFW_RATES_H

#include <jansson.h>
#include <stdbool.h>

#include "../maps/layout.h"

/* A second's worth; 0 while there is one reading only. */
struct rate {
	double packets;
	double bits;
};

enum counted {
	COUNTED_RULE,
	COUNTED_ROUTE,
	COUNTED_VERDICT,
	COUNTED_REASON,
	COUNTED_FLOW,
	COUNTED_TALKER,
};

/* Whose counter it is. Zero what is not needed, with the whole. */
struct counter_key {
	enum counted what;
	__u32 index; /* which of several that one thing has */
	struct flow_key flow;
};

struct rates;

/* NULL: out of memory. */
struct rates *rates_new(void);
void rates_free(struct rates *rates);

/* A new reading begins; the one before becomes what it is compared with. */
void rates_turn(struct rates *rates);

/* Are there two readings? False for NULL. */
bool rates_known(const struct rates *rates);

/*
 * What @counter has grown by a second since the reading before; all of it, where it was not in that
 * one, or has begun anew. To be asked once in a reading. 0 for @rates NULL.
 */
struct rate rates_of(struct rates *rates, const struct counter_key *key,
		     const struct counter *counter);

/* The same for what is known by two numbers. */
struct rate rates_of_index(struct rates *rates, enum counted what, __u32 id, __u32 index,
			   const struct counter *counter);

/*
 * Add "packets_per_second" and "bits_per_second" to @object, null while they are not known;
 * nothing where @rates is NULL. @way: "", or "_in" or "_out" behind their first word.
 */
void rates_to_json(const struct rates *rates, const struct rate *rate, const char *way,
		   json_t *object);

#endif
