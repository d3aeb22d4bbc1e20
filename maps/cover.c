/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules that others cover. Every rule is filed under what it says of addresses and protocol, with
 * its port ranges in order; whoever covers a rule is filed under something at least as wide, and
 * there are few widths.
 */
#include "cover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- two rules ---- */

static void mask_address(struct address *address, unsigned int length)
{
	if (length % 8)
		address->bytes[length / 8] &= 0xff << (8 - length % 8);
	for (unsigned int byte = (length + 7) / 8; byte < sizeof(address->bytes); byte++)
		address->bytes[byte] = 0;
}

static bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	struct address masked = inner->address;

	if (outer->length > inner->length)
		return false;
	mask_address(&masked, outer->length);
	return !memcmp(&masked, &outer->address, sizeof(masked));
}

static bool destinations_covered(const struct rule *outer, const struct prefix *inner)
{
	for (size_t i = 0; i < outer->destination_count; i++)
		if (prefix_covers(&outer->destinations[i], inner))
			return true;
	return false;
}

static bool range_covered(const struct rule *outer, const struct port_range *inner)
{
	for (size_t i = 0; i < outer->range_count; i++)
		if (outer->ranges[i].first <= inner->first && outer->ranges[i].last >= inner->last)
			return true;
	return false;
}

static bool ports_covered(const struct rule *outer, const struct rule *inner)
{
	static const struct port_range all = {0, 65535};

	if (!outer->range_count)
		return true;
	if (!inner->range_count)
		return range_covered(outer, &all);
	for (size_t i = 0; i < inner->range_count; i++)
		if (!range_covered(outer, &inner->ranges[i]))
			return false;
	return true;
}

/* May @outer speak for @inner, whatever they match? */
static bool action_covers(const struct rule *outer, const struct rule *inner)
{
	if (outer->rate_pps)
		return false;
	if (outer->action == inner->action)
		return !outer->log == !inner->log;
	return outer->action == RULE_DENY;
}

bool rule_covers(const struct rule *outer, const struct rule *inner)
{
	if (!action_covers(outer, inner) || !inner->destination_count)
		return false;
	if (outer->protocol != PROTOCOL_ANY && outer->protocol != inner->protocol)
		return false;
	if (!prefix_covers(&outer->source, &inner->source) || !ports_covered(outer, inner))
		return false;
	for (size_t i = 0; i < inner->destination_count; i++)
		if (!destinations_covered(outer, &inner->destinations[i]))
			return false;
	return true;
}

/* The same, where of two that cover one another only the older one does. */
static bool replaces(const struct rule *outer, const struct rule *inner)
{
	return outer != inner && rule_covers(outer, inner) &&
	       (outer->id < inner->id || !rule_covers(inner, outer));
}

/* ---- the file ---- */

/* What rules are filed under; compared as bytes. */
struct heading {
	struct prefix destination;
	struct prefix source;
	__u32 action;
	__s32 protocol;
};

struct entry {
	struct heading heading;
	struct port_range range;
	__u32 rule;	/* its place */
	__u32 furthest; /* largest range.last of this heading's entries up to here */
};

/* Lengths of a destination and a source that occur together, wide ones first. */
struct widths {
	__u8 destination, source;
};

struct file {
	const struct rule *rules;
	struct entry *entries;
	size_t count;
	struct widths *widths;
	size_t width_count;
};

static int compare_headings(const struct heading *a, const struct heading *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_headings(&x->heading, &y->heading);

	return order ?: x->range.first < y->range.first ? -1 : x->range.first > y->range.first;
}

static size_t entries_of(const struct rule *rule)
{
	return rule->destination_count * (rule->range_count ?: 1);
}

static void file_rule(struct file *file, __u32 place)
{
	const struct rule *rule = &file->rules[place];
	struct entry entry = {.rule = place};

	entry.heading.source = rule->source;
	entry.heading.action = rule->action;
	entry.heading.protocol = rule->protocol;
	for (size_t i = 0; i < rule->destination_count; i++) {
		entry.heading.destination = rule->destinations[i];
		entry.range = (struct port_range){0, 65535};
		if (!rule->range_count)
			file->entries[file->count++] = entry;
		for (size_t j = 0; j < rule->range_count; j++) {
			entry.range = rule->ranges[j];
			file->entries[file->count++] = entry;
		}
	}
}

static void note_furthest(struct file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		struct entry *entry = &file->entries[i];

		entry->furthest = entry->range.last;
		if (i && !compare_headings(&entry[-1].heading, &entry->heading) &&
		    entry[-1].furthest > entry->furthest)
			entry->furthest = entry[-1].furthest;
	}
}

static int note_widths(struct file *file)
{
	static const size_t lengths = 129;
	bool *seen = calloc(lengths * lengths, sizeof(*seen));

	file->widths = calloc(lengths * lengths, sizeof(*file->widths));
	if (!seen || !file->widths) {
		free(seen);
		return -ENOMEM;
	}
	for (size_t i = 0; i < file->count; i++) {
		const struct heading *heading = &file->entries[i].heading;

		seen[heading->destination.length * lengths + heading->source.length] = true;
	}
	for (size_t i = 0; i < lengths * lengths; i++)
		if (seen[i])
			file->widths[file->width_count++] =
				(struct widths){i / lengths, i % lengths};
	free(seen);
	return 0;
}

static int file_open(struct file *file, const struct rule *rules, size_t count)
{
	size_t room = 1;

	*file = (struct file){.rules = rules};
	for (size_t i = 0; i < count; i++)
		room += entries_of(&rules[i]);
	file->entries = calloc(room, sizeof(*file->entries));
	if (!file->entries)
		return -ENOMEM;
	/* Whoever has a limit covers nobody. */
	for (size_t i = 0; i < count; i++)
		if (!rules[i].rate_pps)
			file_rule(file, i);
	qsort(file->entries, file->count, sizeof(*file->entries), compare_entries);
	note_furthest(file);
	return note_widths(file);
}

static void file_close(struct file *file)
{
	free(file->entries);
	free(file->widths);
}

/* ---- looking up ---- */

/* Behind the last entry of @heading whose range begins at @first or before. */
static size_t place_behind(const struct file *file, const struct heading *heading, __u16 first)
{
	struct entry wanted = {.heading = *heading, .range.first = first};
	size_t low = 0, high = file->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_entries(&file->entries[middle], &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Under one heading: back from there, while a range can still reach as far as the rule's first. */
static __u32 look_under(const struct file *file, const struct heading *heading, __u32 inner)
{
	const struct rule *rule = &file->rules[inner];
	struct port_range first = {0, 65535};

	if (rule->range_count)
		first = rule->ranges[0];
	for (size_t at = place_behind(file, heading, first.first); at > 0; at--) {
		const struct entry *entry = &file->entries[at - 1];

		if (compare_headings(&entry->heading, heading) || entry->furthest < first.last)
			break;
		if (replaces(&file->rules[entry->rule], rule))
			return entry->rule;
	}
	return COVERED_BY_NONE;
}

static __u32 look_among(const struct file *file, enum rule_action action, __u32 inner)
{
	const struct rule *rule = &file->rules[inner];
	const struct prefix *destination = &rule->destinations[0];
	const int protocols[] = {PROTOCOL_ANY, rule->protocol};
	size_t protocol_count = rule->protocol == PROTOCOL_ANY ? 1 : 2;

	for (size_t i = 0; i < file->width_count; i++) {
		const struct widths *widths = &file->widths[i];
		struct heading heading = {*destination, rule->source, action, 0};
		__u32 by;

		if (widths->destination > destination->length ||
		    widths->source > rule->source.length)
			continue;
		mask_address(&heading.destination.address, widths->destination);
		mask_address(&heading.source.address, widths->source);
		heading.destination.length = widths->destination;
		heading.source.length = widths->source;
		for (size_t j = 0; j < protocol_count; j++) {
			heading.protocol = protocols[j];
			by = look_under(file, &heading, inner);
			if (by != COVERED_BY_NONE)
				return by;
		}
	}
	return COVERED_BY_NONE;
}

int rules_covered(const struct rule *rules, size_t count, __u32 *by)
{
	struct file file;
	int error = file_open(&file, rules, count);

	for (size_t i = 0; !error && i < count; i++) {
		by[i] = COVERED_BY_NONE;
		if (rules[i].destination_count)
			by[i] = look_among(&file, RULE_DENY, i);
		if (by[i] == COVERED_BY_NONE && rules[i].destination_count &&
		    rules[i].action == RULE_ALLOW)
			by[i] = look_among(&file, RULE_ALLOW, i);
	}
	/* Who covers the coverer covers the rule; each step goes to a wider or an older one. */
	for (size_t i = 0; !error && i < count; i++)
		while (by[i] != COVERED_BY_NONE && by[by[i]] != COVERED_BY_NONE)
			by[i] = by[by[i]];
	file_close(&file);
	return error;
}
