/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chains and final sets of sources.
 */
#include "source_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "content_hash.h"

/*
 * Ranges nested in each other, each with a source of its own, have as many members as the square
 * of their number: twenty thousand lines of a file would take all the memory there is.
 */
enum { LINKS_MAX = 4 * XFW_TRIE_CAPACITY };

/* ---- chains ---- */

static size_t link_slot(const struct source_sets *sets, source_chain below, const struct rule *rule)
{
	struct {
		__u64 below, rule;
	} key = {below, (__u64)(unsigned long)rule};
	size_t slot = content_hash(&key, sizeof(key), 0) & (sets->link_index_size - 1);

	while (sets->link_index[slot]) {
		const struct source_link *link = &sets->links[sets->link_index[slot]];

		if (link->below == below && link->rule == rule)
			break;
		slot = (slot + 1) & (sets->link_index_size - 1);
	}
	return slot;
}

static int links_grow(struct source_sets *sets)
{
	size_t room = sets->link_room ? sets->link_room * 2 : 64;
	struct source_link *links = reallocarray(sets->links, room, sizeof(*links));
	source_chain *index;

	if (!links)
		return -ENOMEM;
	sets->links = links;
	index = calloc(room * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(sets->link_index);
	sets->link_index = index;
	sets->link_index_size = room * 2;
	sets->link_room = room;
	if (!sets->link_count)
		sets->link_count = 1;
	for (source_chain i = 1; i < sets->link_count; i++)
		sets->link_index[link_slot(sets, links[i].below, links[i].rule)] = i;
	return 0;
}

int source_sets_extend(struct source_sets *sets, source_chain below, const struct rule *rule,
		       source_chain *chain)
{
	size_t slot;

	if (sets->link_count == LINKS_MAX)
		return -ENOSPC;
	if (sets->link_count == sets->link_room && links_grow(sets))
		return -ENOMEM;
	slot = link_slot(sets, below, rule);
	if (!sets->link_index[slot]) {
		sets->links[sets->link_count] = (struct source_link){below, rule, 0};
		sets->link_index[slot] = sets->link_count++;
	}
	*chain = sets->link_index[slot];
	return 0;
}

/* ---- final sets ---- */

static int compare_members(const void *a, const void *b)
{
	const struct source_member *x = a, *y = b;
	int order = memcmp(&x->source, &y->source, sizeof(x->source));

	if (order)
		return order;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static size_t set_end(const struct source_sets *sets, size_t set)
{
	return set < sets->set_count ? sets->starts[set] : sets->member_count;
}

/* Bytes of the members of final set @set (from 1). */
static size_t set_bytes(const struct source_sets *sets, size_t set)
{
	return (set_end(sets, set) - sets->starts[set - 1]) * sizeof(*sets->members);
}

static size_t set_slot(const struct source_sets *sets, size_t set)
{
	const void *content = &sets->members[sets->starts[set - 1]];
	size_t bytes = set_bytes(sets, set);
	size_t slot = content_hash(content, bytes, 0) & (sets->set_index_size - 1);

	while (sets->set_index[slot]) {
		size_t other = sets->set_index[slot];

		if (set_bytes(sets, other) == bytes &&
		    !memcmp(&sets->members[sets->starts[other - 1]], content, bytes))
			break;
		slot = (slot + 1) & (sets->set_index_size - 1);
	}
	return slot;
}

static int sets_grow(struct source_sets *sets)
{
	size_t room = sets->set_room ? sets->set_room * 2 : 64;
	size_t *starts = reallocarray(sets->starts, room, sizeof(*starts));
	__u32 *index;

	if (!starts)
		return -ENOMEM;
	sets->starts = starts;
	index = calloc(room * 2, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(sets->set_index);
	sets->set_index = index;
	sets->set_index_size = room * 2;
	sets->set_room = room;
	for (size_t set = 1; set <= sets->set_count; set++)
		sets->set_index[set_slot(sets, set)] = set;
	return 0;
}

static int members_reserve(struct source_sets *sets, size_t more)
{
	size_t room = sets->member_room ?: 64;
	void *members;

	while (room < sets->member_count + more)
		room *= 2;
	if (room == sets->member_room)
		return 0;
	members = reallocarray(sets->members, room, sizeof(*sets->members));
	if (!members)
		return -ENOMEM;
	sets->members = members;
	sets->member_room = room;
	return 0;
}

/* Of a source that several rules name, the lowest id stays. */
static size_t drop_repeated(struct source_member *members, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!kept || memcmp(&members[i].source, &members[kept - 1].source,
				    sizeof(members[i].source)))
			members[kept++] = members[i];
	return kept;
}

/* Append the members of @chain as a new last set. */
static int append_members(struct source_sets *sets, source_chain chain)
{
	size_t count = 0;
	struct source_member *members;

	for (source_chain i = chain; i; i = sets->links[i].below)
		count++;
	if (members_reserve(sets, count))
		return -ENOMEM;
	members = &sets->members[sets->member_count];
	count = 0;
	for (source_chain i = chain; i; i = sets->links[i].below) {
		memset(&members[count], 0, sizeof(*members));
		members[count].source = sets->links[i].rule->source;
		members[count++].rule = sets->links[i].rule->id;
	}
	qsort(members, count, sizeof(*members), compare_members);
	sets->starts[sets->set_count++] = sets->member_count;
	sets->member_count += drop_repeated(members, count);
	return sets->member_count > XFW_TRIE_CAPACITY ? -ENOSPC : 0;
}

int source_sets_final(struct source_sets *sets, source_chain chain, __u32 *set)
{
	size_t slot;
	int error;

	*set = 0;
	if (!chain)
		return 0;
	if (!sets->links[chain].final) {
		if (sets->set_count == sets->set_room && sets_grow(sets))
			return -ENOMEM;
		error = append_members(sets, chain);
		if (error)
			return error;
		slot = set_slot(sets, sets->set_count);
		if (sets->set_index[slot]) {
			sets->member_count = sets->starts[--sets->set_count];
		} else {
			sets->set_index[slot] = sets->set_count;
		}
		sets->links[chain].final = sets->set_index[slot];
	}
	*set = sets->links[chain].final;
	return 0;
}

int source_sets_emit(const struct source_sets *sets, struct policy_tables *tables)
{
	tables->source_keys = calloc(sets->member_count + 1, sizeof(*tables->source_keys));
	tables->source_rules = calloc(sets->member_count + 1, sizeof(*tables->source_rules));
	if (!tables->source_keys || !tables->source_rules)
		return -ENOMEM;
	for (size_t set = 1; set <= sets->set_count; set++) {
		for (size_t i = sets->starts[set - 1]; i < set_end(sets, set); i++) {
			const struct source_member *member = &sets->members[i];

			tables->source_keys[i].prefixlen = 32 + member->source.length;
			tables->source_keys[i].set = set;
			tables->source_keys[i].address = member->source.address;
			tables->source_rules[i] = member->rule;
		}
	}
	tables->source_count = sets->member_count;
	return 0;
}

void source_sets_free(struct source_sets *sets)
{
	free(sets->links);
	free(sets->link_index);
	free(sets->members);
	free(sets->starts);
	free(sets->set_index);
	memset(sets, 0, sizeof(*sets));
}
