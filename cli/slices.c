/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The routes of a generation in order: whoever lies inside a prefix stands behind it.
 */
#include "slices.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../maps/walk.h"
#include "prefix.h"

struct reading {
	struct slices *slices;
	size_t room;
	bool failed;
};

static void take_route(const void *key, const void *value, void *context)
{
	struct reading *reading = context;
	struct slices *slices = reading->slices;

	if (slices->count == reading->room) {
		size_t room = reading->room ? reading->room * 2 : 64;
		struct route_row *longer = reallocarray(slices->rows, room, sizeof(*slices->rows));

		if (!longer) {
			reading->failed = true;
			return;
		}
		slices->rows = longer;
		reading->room = room;
	}
	memcpy(&slices->rows[slices->count].key, key, sizeof(struct prefix_key));
	memcpy(&slices->rows[slices->count++].route, value, sizeof(struct route));
}

static int compare(const struct prefix_key *a, const struct prefix_key *b)
{
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	return order ?: (int)a->prefixlen - (int)b->prefixlen;
}

static int compare_rows(const void *a, const void *b)
{
	return compare(&((const struct route_row *)a)->key, &((const struct route_row *)b)->key);
}

void slices_sort(struct slices *slices)
{
	if (slices->count)
		qsort(slices->rows, slices->count, sizeof(*slices->rows), compare_rows);
	for (size_t i = 0; i < slices->count; i++)
		slices->lengths[slices->rows[i].key.prefixlen] = true;
}

int slices_read(const struct pins *pins, struct slices *slices)
{
	struct reading reading = {.slices = slices};
	int table = generation_table_open(pins, TABLE_ROUTES);
	int error;

	*slices = (struct slices){};
	if (table < 0)
		return table;
	error = map_walk(table, take_route, &reading);
	close(table);
	slices_sort(slices);
	return reading.failed ? -ENOMEM : error;
}

void slices_free(struct slices *slices)
{
	free(slices->rows);
}

/* The first row that is not before @key. */
static size_t place_of(const struct slices *slices, const struct prefix_key *key)
{
	size_t low = 0, high = slices->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&slices->rows[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct route_row *slices_holding(const struct slices *slices, const struct prefix *prefix)
{
	for (int length = prefix->length; length >= 0; length--) {
		struct prefix_key key = {length, prefix->address};
		size_t place;

		if (!slices->lengths[length])
			continue;
		address_mask(&key.address, length);
		place = place_of(slices, &key);
		if (place < slices->count && !compare(&slices->rows[place].key, &key))
			return &slices->rows[place];
	}
	return NULL;
}

bool slices_meet(const struct slices *slices, const struct prefix *prefix)
{
	struct prefix_key key = {prefix->length, prefix->address};
	size_t place = place_of(slices, &key);

	return (place < slices->count &&
		prefix_contains(prefix, &slices->rows[place].key.address)) ||
	       slices_holding(slices, prefix);
}
