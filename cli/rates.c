// SPDX-License-Identifier: GPL-2.0
/*
 * Two hash tables of counters that change places: open addressing, never more than half full.
 */
#include "rates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct entry {
	struct counter_key key;
	struct counter counter;
	bool used;
};

struct reading {
	struct entry *entries;
	size_t room; /* a power of two, or 0 */
	size_t count;
	double taken_s;
};

struct rates {
	struct reading present, past;
	unsigned int turns;
};

_Static_assert(sizeof(struct counter_key) == 48, "keys are compared as bytes: no padding");

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

struct rates *rates_new(void)
{
	return calloc(1, sizeof(struct rates));
}

void rates_free(struct rates *rates)
{
	if (!rates)
		return;
	free(rates->present.entries);
	free(rates->past.entries);
	free(rates);
}

void rates_turn(struct rates *rates)
{
	struct reading spare = rates->past;

	rates->past = rates->present;
	rates->present = spare;
	rates->present.count = 0;
	rates->present.taken_s = now_s();
	if (spare.entries)
		memset(spare.entries, 0, spare.room * sizeof(*spare.entries));
	rates->turns++;
}

bool rates_known(const struct rates *rates)
{
	return rates && rates->turns > 1;
}

/* FNV-1a, by words. */
static size_t key_hash(const struct counter_key *key)
{
	__u64 words[sizeof(*key) / sizeof(__u64)], hash = 0xcbf29ce484222325;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = (hash ^ words[i]) * 0x100000001b3;
	return hash ^ hash >> 32;
}

/* The entry of @key, or the free one where it belongs. There is always room for one more. */
static struct entry *find(const struct reading *reading, const struct counter_key *key)
{
	size_t at = key_hash(key) & (reading->room - 1);

	while (reading->entries[at].used && memcmp(&reading->entries[at].key, key, sizeof(*key)))
		at = (at + 1) & (reading->room - 1);
	return &reading->entries[at];
}

static bool grow(struct reading *reading)
{
	struct reading larger = *reading;

	larger.room = reading->room ? reading->room * 2 : 256;
	larger.entries = calloc(larger.room, sizeof(*larger.entries));
	if (!larger.entries)
		return false;
	for (size_t i = 0; i < reading->room; i++)
		if (reading->entries[i].used)
			*find(&larger, &reading->entries[i].key) = reading->entries[i];
	free(reading->entries);
	*reading = larger;
	return true;
}

/* Without memory, the next reading finds it new. */
static void keep(struct reading *reading, const struct counter_key *key,
		 const struct counter *counter)
{
	struct entry *entry;

	if (reading->count * 2 >= reading->room && !grow(reading))
		return;
	entry = find(reading, key);
	reading->count += !entry->used;
	*entry = (struct entry){.key = *key, .counter = *counter, .used = true};
}

struct rate rates_of(struct rates *rates, const struct counter_key *key,
		     const struct counter *counter)
{
	struct counter before = {};
	const struct entry *entry;
	double seconds;

	if (!rates)
		return (struct rate){};
	keep(&rates->present, key, counter);
	seconds = rates->present.taken_s - rates->past.taken_s;
	if (!rates_known(rates) || seconds <= 0)
		return (struct rate){};
	entry = rates->past.room ? find(&rates->past, key) : NULL;
	if (entry && entry->used && entry->counter.packets <= counter->packets &&
	    entry->counter.bytes <= counter->bytes)
		before = entry->counter;
	return (struct rate){(counter->packets - before.packets) / seconds,
			     (counter->bytes - before.bytes) * 8 / seconds};
}

struct rate rates_of_index(struct rates *rates, enum counted what, __u32 id, __u32 index,
			   const struct counter *counter)
{
	struct counter_key key = {.what = what, .index = index, .flow.protocol = id};

	return rates_of(rates, &key, counter);
}

static void add(const struct rates *rates, json_t *object, const char *unit, const char *way,
		double value)
{
	char name[48];

	snprintf(name, sizeof(name), "%s%s_per_second", unit, way);
	json_object_set_new(object, name, rates_known(rates) ? json_real(value) : json_null());
}

void rates_to_json(const struct rates *rates, const struct rate *rate, const char *way,
		   json_t *object)
{
	if (!rates)
		return;
	add(rates, object, "packets", way, rate->packets);
	add(rates, object, "bits", way, rate->bits);
}
