/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Working lists of cells and the store of finished ones.
 */
#include "cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "content_hash.h"

enum {
	POINTS_END = 256 << 16,
	CELLS_PER_SET_MAX = 1 << 20, /* what XFW_CELL_SEARCH_STEPS halvings reach */
	CELLS_MAX = 1 << 24,
};

int cell_list_init(struct cell_list *list)
{
	list->cells = calloc(1, sizeof(*list->cells));
	list->count = 1;
	return list->cells ? 0 : -ENOMEM;
}

int cell_list_copy(struct cell_list *list, const struct cell_list *from)
{
	list->cells = calloc(from->count, sizeof(*list->cells));
	if (!list->cells)
		return -ENOMEM;
	memcpy(list->cells, from->cells, from->count * sizeof(*list->cells));
	list->count = from->count;
	return 0;
}

void cell_list_free(struct cell_list *list)
{
	free(list->cells);
	list->cells = NULL;
	list->count = 0;
}

/* ---- a rule's points ---- */

/* From first up to end, end excluded. */
struct span {
	__u32 first;
	__u32 end;
};

static size_t span_count(const struct rule *rule)
{
	size_t ranges = rule->range_count ?: 1;

	return rule->protocol == PROTOCOL_ANY && rule->range_count ? ranges * 256 : ranges;
}

static struct span span_of(const struct rule *rule, size_t i)
{
	__u32 protocol = rule->protocol;
	const struct port_range *range;

	if (!rule->range_count)
		return rule->protocol == PROTOCOL_ANY
			       ? (struct span){0, POINTS_END}
			       : (struct span){protocol << 16, (protocol + 1) << 16};
	if (rule->protocol == PROTOCOL_ANY)
		protocol = i / rule->range_count;
	range = &rule->ranges[i % rule->range_count];
	return (struct span){protocol << 16 | range->first, (protocol << 16 | range->last) + 1};
}

/* ---- laying rules over a list ---- */

static int compare_points(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return x < y ? -1 : x > y;
}

/* Every point where one of the rules begins or ends, sorted. NULL when memory is out. */
static __u32 *cut_points(const struct rule *const *rules, size_t count, size_t *point_count)
{
	__u32 *points;
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += 2 * span_count(rules[i]);
	points = calloc(total + 1, sizeof(*points));
	if (!points)
		return NULL;
	*point_count = 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < span_count(rules[i]); j++) {
			struct span span = span_of(rules[i], j);

			points[(*point_count)++] = span.first;
			points[(*point_count)++] = span.end;
		}
	}
	qsort(points, *point_count, sizeof(*points), compare_points);
	return points;
}

/* Cut the list at the points, in one pass over both. */
static int cut(struct cell_list *list, const __u32 *points, size_t point_count)
{
	struct working_cell *cells = calloc(list->count + point_count, sizeof(*cells));
	size_t count = 0, next = 0;

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		__u32 end = i + 1 < list->count ? list->cells[i + 1].start : POINTS_END;

		cells[count++] = list->cells[i];
		for (; next < point_count && points[next] < end; next++) {
			if (points[next] == cells[count - 1].start)
				continue;
			cells[count] = list->cells[i];
			cells[count++].start = points[next];
		}
	}
	free(list->cells);
	list->cells = cells;
	list->count = count;
	return 0;
}

static void keep_lowest(__u32 *id, __u32 rule)
{
	if (!*id || rule < *id)
		*id = rule;
}

/* What a rule made of the chain it met last: neighbours mostly have the same one. */
struct last_extended {
	source_chain below, chain;
};

static int mark(struct working_cell *cell, const struct rule *rule, struct source_sets *sources,
		struct last_extended *last)
{
	bool deny = rule->action == RULE_DENY;
	source_chain *chain = deny ? &cell->deny_sources : &cell->allow_sources;

	int error = 0;

	if (!rule->source.length) {
		keep_lowest(deny ? &cell->deny_rule : &cell->allow_rule, rule->id);
		return 0;
	}
	if (!last->chain || last->below != *chain) {
		last->below = *chain;
		error = source_sets_extend(sources, *chain, rule, &last->chain);
	}
	*chain = last->chain;
	return error;
}

/* The cell that holds @point. */
static size_t find(const struct cell_list *list, __u32 point)
{
	size_t low = 0, high = list->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (list->cells[middle].start <= point)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int mark_all(struct cell_list *list, const struct rule *rule, struct source_sets *sources)
{
	struct last_extended last = {};
	int error;

	for (size_t i = 0; i < span_count(rule); i++) {
		struct span span = span_of(rule, i);

		/* Ranges may overlap: marking a cell twice says nothing new. */
		for (size_t cell = find(list, span.first);
		     cell < list->count && list->cells[cell].start < span.end; cell++) {
			error = mark(&list->cells[cell], rule, sources, &last);
			if (error)
				return error;
		}
	}
	return 0;
}

static bool same_answer(const struct working_cell *a, const struct working_cell *b)
{
	return a->deny_rule == b->deny_rule && a->allow_rule == b->allow_rule &&
	       a->deny_sources == b->deny_sources && a->allow_sources == b->allow_sources;
}

static void merge(struct cell_list *list)
{
	size_t kept = 1;

	for (size_t i = 1; i < list->count; i++)
		if (!same_answer(&list->cells[i], &list->cells[kept - 1]))
			list->cells[kept++] = list->cells[i];
	list->count = kept;
}

int cell_list_lay(struct cell_list *list, const struct rule *const *rules, size_t count,
		  struct source_sets *sources)
{
	size_t point_count;
	__u32 *points = cut_points(rules, count, &point_count);
	int error = points ? cut(list, points, point_count) : -ENOMEM;

	for (size_t i = 0; !error && i < count; i++)
		error = mark_all(list, rules[i], sources);
	if (!error)
		merge(list);
	free(points);
	return error;
}

/* ---- the store ---- */

static const struct cell *set_cells(const struct cell_store *store, const struct rule_set *set)
{
	return &store->cells[set->first];
}

static size_t store_slot(const struct cell_store *store, const struct cell *cells, size_t count)
{
	size_t bytes = count * sizeof(*cells);
	size_t slot = content_hash(cells, bytes, 0) & (store->index_size - 1);

	while (store->index[slot]) {
		const struct rule_set *other = &store->sets[store->index[slot] - 1];

		if (other->count == count && !memcmp(set_cells(store, other), cells, bytes))
			break;
		slot = (slot + 1) & (store->index_size - 1);
	}
	return slot;
}

static int store_grow_sets(struct cell_store *store)
{
	size_t room = store->set_room ? store->set_room * 2 : 256;
	struct rule_set *sets = reallocarray(store->sets, room, sizeof(*sets));
	__u32 *index;

	if (!sets)
		return -ENOMEM;
	store->sets = sets;
	index = calloc(room * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(store->index);
	store->index = index;
	store->index_size = room * 2;
	store->set_room = room;
	for (size_t i = 0; i < store->set_count; i++)
		store->index[store_slot(store, set_cells(store, &sets[i]), sets[i].count)] = i + 1;
	return 0;
}

static int store_reserve(struct cell_store *store, size_t more)
{
	size_t room = store->room ?: 1024;
	struct cell *cells;

	if (more > CELLS_PER_SET_MAX || store->count + more > CELLS_MAX)
		return -E2BIG;
	while (room < store->count + more)
		room *= 2;
	if (room == store->room)
		return 0;
	cells = reallocarray(store->cells, room, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	store->cells = cells;
	store->room = room;
	return 0;
}

/* The list with its chains made sets, behind the store's last cell; equal neighbours merged. */
static int finish(struct cell_store *store, const struct cell_list *list,
		  struct source_sets *sources, size_t *count)
{
	struct cell *cells = &store->cells[store->count];
	int error;

	*count = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct working_cell *from = &list->cells[i];
		struct cell cell = {from->start, from->deny_rule, from->allow_rule, 0, 0};

		error = source_sets_final(sources, from->deny_sources, &cell.deny_sources)
				?: source_sets_final(sources, from->allow_sources,
						     &cell.allow_sources);
		if (error)
			return error;
		if (*count && !memcmp(&cells[*count - 1].deny_rule, &cell.deny_rule,
				      sizeof(cell) - sizeof(cell.start)))
			continue;
		cells[(*count)++] = cell;
	}
	return 0;
}

int cell_store_add(struct cell_store *store, const struct cell_list *list,
		   struct source_sets *sources, struct rule_set *set)
{
	size_t slot, count;
	int error = store_reserve(store, list->count);

	if (!error && store->set_count == store->set_room)
		error = store_grow_sets(store);
	if (!error)
		error = finish(store, list, sources, &count);
	if (error)
		return error;

	slot = store_slot(store, &store->cells[store->count], count);
	if (!store->index[slot]) {
		store->sets[store->set_count++] = (struct rule_set){store->count, count};
		store->count += count;
		store->index[slot] = store->set_count;
	}
	*set = store->sets[store->index[slot] - 1];
	return 0;
}

void cell_store_free_index(struct cell_store *store)
{
	free(store->sets);
	free(store->index);
}
