// SPDX-License-Identifier: GPL-2.0
/*
 * Every rule is looked at: this is for people, who see a few packets a second.
 */
#include "nearest_rule.h"

#include <stdio.h>
#include <string.h>

#include "points.h"
#include "prefix.h"

/* The longest destination of @rule that holds @address; -1 when none does. */
static int destination_length(const struct rule *rule, const struct address *address)
{
	int longest = -1;

	for (size_t i = 0; i < rule->destination_count; i++) {
		const struct prefix *destination = &rule->destinations[i];

		if ((int)destination->length > longest && prefix_contains(destination, address))
			longest = destination->length;
	}
	return longest;
}

/* How far @point is from the ranges of @rule; 0: it is in one. */
static unsigned int distance_of_point(const struct rule *rule, __u16 point)
{
	unsigned int least = rule->range_count ? ~0U : 0;

	for (size_t i = 0; i < rule->range_count; i++) {
		const struct port_range *range = &rule->ranges[i];
		unsigned int distance = point < range->first  ? range->first - point
					: point > range->last ? point - range->last
							      : 0;

		if (distance < least)
			least = distance;
	}
	return least;
}

struct comparison {
	unsigned int differs;
	int destination_length;
	unsigned int point_distance;
};

static struct comparison compare(const struct rule *rule, const struct ends *ends)
{
	struct comparison found = {
		.destination_length = destination_length(rule, ends->to),
		.point_distance = distance_of_point(rule, ends->point),
	};

	if (rule->protocol != PROTOCOL_ANY && rule->protocol != ends->protocol)
		found.differs |= DIFFERS_PROTOCOL;
	if (found.point_distance)
		found.differs |= DIFFERS_POINT;
	if (found.destination_length < 0)
		found.differs |= DIFFERS_DESTINATION;
	if (!prefix_contains(&rule->source, ends->from))
		found.differs |= DIFFERS_SOURCE;
	return found;
}

/*
 * A rule that shares neither protocol nor port is about something else; so is one of another
 * protocol without ports.
 */
static bool is_near(const struct comparison *found, const struct rule *rule)
{
	return !(found->differs & DIFFERS_PROTOCOL) ||
	       (protocol_has_ports(rule->protocol) && !(found->differs & DIFFERS_POINT));
}

static bool is_nearer(const struct comparison *a, const struct comparison *b)
{
	if (a->differs != b->differs)
		return a->differs < b->differs;
	if (a->destination_length != b->destination_length)
		return a->destination_length > b->destination_length;
	return a->point_distance < b->point_distance;
}

struct nearest_rule nearest_rule(const struct config *config, const struct ends *ends)
{
	struct nearest_rule nearest = {};
	/* Nothing else may differ where the destination does, or any rule would do. */
	struct comparison best = {.differs = DIFFERS_DESTINATION + 1, .destination_length = -1};

	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];
		struct comparison found;

		if (rule->action != RULE_ALLOW)
			continue;
		found = compare(rule, ends);
		if (!is_near(&found, rule) || !is_nearer(&found, &best))
			continue;
		best = found;
		nearest = (struct nearest_rule){rule, config->rule_texts[i], found.differs};
	}
	return nearest;
}

void nearest_rule_difference(const struct nearest_rule *nearest, char text[DIFFERENCE_TEXT])
{
	static const char *const words[] = {"source", "port", "protocol", "destination"};
	const char *before = "another ";
	size_t length = 0;

	strcpy(text, "matches");
	for (int i = 0; i < 4; i++) {
		bool type = i == 1 && protocol_has_types(nearest->rule->protocol);

		if (!(nearest->differs & 1 << i))
			continue;
		length += snprintf(text + length, DIFFERENCE_TEXT - length, "%s%s", before,
				   type ? "type" : words[i]);
		before = " and ";
	}
}
