/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy compiler. Destinations are walked as a tree, widest first: a prefix starts from
 * its parent's cells and lays its own rules over them, so that a lookup, which finds only the
 * longest prefix, finds everything that holds there.
 */
#include "compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "source_sets.h"

enum { DEPTH_MAX = 129 }; /* prefixes nested in one another: one a length */

/* One destination of one rule. */
struct claim {
	struct prefix destination;
	const struct rule *rule;
};

struct node {
	struct prefix destination;
	struct cell_list cells;
};

struct compiler {
	struct policy_tables *tables;
	struct source_sets sources;
	struct cell_store store;
	struct claim *claims;
	const struct rule **rules; /* of the claims, same order */
	size_t claim_count;
	struct node stack[DEPTH_MAX];
	size_t depth;
};

static int compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int order = memcmp(&x->destination.address, &y->destination.address,
			   sizeof(x->destination.address));

	if (order)
		return order;
	if (x->destination.length != y->destination.length)
		return x->destination.length < y->destination.length ? -1 : 1;
	return x->rule->id < y->rule->id ? -1 : x->rule->id > y->rule->id;
}

/* By address, then length: every prefix comes right after the ones that hold it. */
static int collect_claims(struct compiler *compiler, const struct rule *rules, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += rules[i].destination_count;
	compiler->claims = calloc(total + 1, sizeof(*compiler->claims));
	if (!compiler->claims)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < rules[i].destination_count; j++)
			compiler->claims[compiler->claim_count++] =
				(struct claim){rules[i].destinations[j], &rules[i]};
	qsort(compiler->claims, compiler->claim_count, sizeof(*compiler->claims), compare_claims);
	compiler->rules = calloc(total + 1, sizeof(*compiler->rules));
	if (!compiler->rules)
		return -ENOMEM;
	for (size_t i = 0; i < compiler->claim_count; i++)
		compiler->rules[i] = compiler->claims[i].rule;
	return 0;
}

static bool prefix_holds(const struct prefix *outer, const struct prefix *inner)
{
	unsigned int bytes = outer->length / 8, bits = outer->length % 8;

	if (outer->length > inner->length ||
	    memcmp(outer->address.bytes, inner->address.bytes, bytes))
		return false;
	return !bits ||
	       !((outer->address.bytes[bytes] ^ inner->address.bytes[bytes]) >> (8 - bits));
}

static int emit(struct compiler *compiler, const struct prefix *destination,
		const struct cell_list *cells)
{
	struct policy_tables *tables = compiler->tables;
	struct rule_set set;
	int error = cell_store_add(&compiler->store, cells, &compiler->sources, &set);

	if (error)
		return error;
	if (destination->length == 128) {
		tables->host_keys[tables->host_count] = destination->address;
		tables->host_sets[tables->host_count++] = set;
	} else {
		tables->prefix_keys[tables->prefix_count] =
			(struct prefix_key){destination->length, destination->address};
		tables->prefix_sets[tables->prefix_count++] = set;
	}
	return 0;
}

/* Lay the rules [first, last) of one destination over what its parent holds. */
static int compile_destination(struct compiler *compiler, const struct prefix *destination,
			       size_t first, size_t last)
{
	struct node *node;
	int error;

	while (compiler->depth &&
	       !prefix_holds(&compiler->stack[compiler->depth - 1].destination, destination))
		cell_list_free(&compiler->stack[--compiler->depth].cells);

	node = &compiler->stack[compiler->depth];
	node->destination = *destination;
	error = compiler->depth ? cell_list_copy(&node->cells, &node[-1].cells)
				: cell_list_init(&node->cells);
	if (error)
		return error;
	compiler->depth++;
	error = cell_list_lay(&node->cells, &compiler->rules[first], last - first,
			      &compiler->sources);
	if (error)
		return error;
	return emit(compiler, destination, &node->cells);
}

static int compile_claims(struct compiler *compiler)
{
	static const struct prefix everywhere;
	size_t first = 0, last;
	int error;

	/* ::/0 is always there: a lookup that finds nothing would have to mean something. */
	if (!compiler->claim_count || compiler->claims[0].destination.length) {
		error = compile_destination(compiler, &everywhere, 0, 0);
		if (error)
			return error;
	}
	for (; first < compiler->claim_count; first = last) {
		const struct prefix *destination = &compiler->claims[first].destination;

		for (last = first; last < compiler->claim_count; last++)
			if (memcmp(&compiler->claims[last].destination, destination,
				   sizeof(*destination)))
				break;
		error = compile_destination(compiler, destination, first, last);
		if (error)
			return error;
	}
	return 0;
}

static int make_tables(struct compiler *compiler)
{
	struct policy_tables *tables = compiler->tables;
	size_t most = compiler->claim_count + 1;

	tables->host_keys = calloc(most, sizeof(*tables->host_keys));
	tables->host_sets = calloc(most, sizeof(*tables->host_sets));
	tables->prefix_keys = calloc(most, sizeof(*tables->prefix_keys));
	tables->prefix_sets = calloc(most, sizeof(*tables->prefix_sets));
	return tables->host_keys && tables->host_sets && tables->prefix_keys && tables->prefix_sets
		       ? 0
		       : -ENOMEM;
}

int policy_compile(const struct rule *rules, size_t count, struct policy_tables *tables)
{
	struct compiler compiler = {.tables = tables};
	int error;

	memset(tables, 0, sizeof(*tables));
	error = collect_claims(&compiler, rules, count);
	if (!error)
		error = make_tables(&compiler);
	if (!error)
		error = compile_claims(&compiler);
	if (!error)
		error = source_sets_emit(&compiler.sources, tables);
	tables->cells = compiler.store.cells;
	tables->cell_count = compiler.store.count;

	while (compiler.depth)
		cell_list_free(&compiler.stack[--compiler.depth].cells);
	cell_store_free_index(&compiler.store);
	source_sets_free(&compiler.sources);
	free(compiler.claims);
	free(compiler.rules);
	return error;
}

void policy_tables_free(struct policy_tables *tables)
{
	free(tables->host_keys);
	free(tables->host_sets);
	free(tables->prefix_keys);
	free(tables->prefix_sets);
	free(tables->cells);
	free(tables->source_keys);
	free(tables->source_rules);
	memset(tables, 0, sizeof(*tables));
}
