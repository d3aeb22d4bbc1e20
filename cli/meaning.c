/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Do two rules mean the same? Asked by `delete`, which should not be a spelling test.
 */
#include <string.h>

#include "resolve.h"

static bool same_rule(const struct rule *a, const struct rule *b)
{
	return a->action == b->action && a->protocol == b->protocol &&
	       a->range_count == b->range_count && a->destination_count == b->destination_count &&
	       !memcmp(&a->source, &b->source, sizeof(a->source)) &&
	       (!a->range_count ||
		!memcmp(a->ranges, b->ranges, a->range_count * sizeof(*a->ranges))) &&
	       !memcmp(a->destinations, b->destinations,
		       a->destination_count * sizeof(*a->destinations));
}

static bool means(const struct statement *statement, struct names *names,
		  const struct system *system, struct rule *rule)
{
	struct fault fault;
	struct reader reader = {statement, 1, names, system, &fault};

	memset(rule, 0, sizeof(*rule));
	if (!resolve_rule(&reader, rule))
		return true;
	rule_free(rule);
	return false;
}

static struct statement *find(const struct document *document, const struct statement *wanted,
			      struct names *names, const struct system *system)
{
	struct statement *found = NULL;
	struct rule rule, other;

	if (!means(wanted, names, system, &rule))
		return NULL;
	for (size_t i = 0; !found && i < document->count; i++) {
		struct statement *statement = &document->statements[i];

		if (statement->kind != wanted->kind || !means(statement, names, system, &other))
			continue;
		if (same_rule(&rule, &other))
			found = statement;
		rule_free(&other);
	}
	rule_free(&rule);
	return found;
}

struct statement *find_by_meaning(const struct document *document, const struct statement *wanted)
{
	struct statement *found = NULL;
	struct names names = {};
	struct system system;

	if (!statement_is_rule(wanted) || system_read(&system))
		return NULL;
	if (!collect_names(document, &names))
		found = find(document, wanted, &names, &system);
	names_free(&names);
	system_free(&system);
	return found;
}
