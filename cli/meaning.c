/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Do two lines mean the same? Asked by `delete`, which should not be a spelling test.
 */
#include <string.h>

#include "resolve.h"

/* What is asked for: one of the two, by the statement's kind. */
struct meaning {
	struct rule rule;
	struct route_words route;
};

static void meaning_free(struct meaning *meaning)
{
	rule_free(&meaning->rule);
}

static bool means(const struct statement *statement, struct names *names,
		  const struct system *system, struct meaning *meaning)
{
	struct fault fault;
	struct reader reader = {statement, 1, names, system, &fault, false};

	memset(meaning, 0, sizeof(*meaning));
	if (statement->kind == STATEMENT_ROUTE)
		return !read_route(&reader, &meaning->route);
	return !resolve_rule(&reader, &meaning->rule);
}

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

/* A line that names no device means the one it has. */
static bool same_route(const struct route_words *a, const struct route_words *b)
{
	return a->kind == b->kind && !memcmp(&a->prefix, &b->prefix, sizeof(a->prefix)) &&
	       !memcmp(&a->gateway, &b->gateway, sizeof(a->gateway)) &&
	       (!a->device[0] || !b->device[0] || !strcmp(a->device, b->device));
}

static struct statement *find(const struct document *document, const struct statement *wanted,
			      struct names *names, const struct system *system)
{
	struct statement *found = NULL;
	struct meaning meaning, other;

	if (!means(wanted, names, system, &meaning)) {
		meaning_free(&meaning);
		return NULL;
	}
	for (size_t i = 0; !found && i < document->count; i++) {
		struct statement *statement = &document->statements[i];

		if (statement->kind != wanted->kind)
			continue;
		if (means(statement, names, system, &other) &&
		    (wanted->kind == STATEMENT_ROUTE ? same_route(&meaning.route, &other.route)
						     : same_rule(&meaning.rule, &other.rule)))
			found = statement;
		meaning_free(&other);
	}
	meaning_free(&meaning);
	return found;
}

struct statement *find_by_meaning(const struct document *document, const struct statement *wanted,
				  const struct system *system)
{
	struct statement *found = NULL;
	struct names names = {};

	if (!statement_has_id(wanted))
		return NULL;
	if (!collect_names(document, &names))
		found = find(document, wanted, &names, system);
	names_free(&names);
	return found;
}
