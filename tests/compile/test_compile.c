/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The compiler against a naive reference: random rules, random packets aimed at the rules'
 * edges, verdict and rule compared. The tables are searched here as the data path does it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "maps/compile.h"

enum { ROUNDS = 300, PACKETS = 60, RULES_MAX = 24 };
enum { NONE, ALLOWED, DENIED };

struct question {
	struct address source, destination;
	__u32 point;
};

struct answer {
	int decision;
	__u32 rule;
};

/* ---- reading the tables ---- */

static bool in_prefix(const struct address *address, const struct address *network,
		      unsigned int length)
{
	for (unsigned int bit = 0; bit < length; bit++)
		if ((address->bytes[bit / 8] ^ network->bytes[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static const struct rule_set *find_set(const struct policy_tables *tables,
				       const struct address *destination)
{
	const struct rule_set *best = NULL;
	int longest = -1;

	for (size_t i = 0; i < tables->host_count; i++)
		if (!memcmp(&tables->host_keys[i], destination, sizeof(*destination)))
			return &tables->host_sets[i];
	for (size_t i = 0; i < tables->prefix_count; i++) {
		const struct prefix_key *key = &tables->prefix_keys[i];

		if ((int)key->prefixlen > longest &&
		    in_prefix(destination, &key->address, key->prefixlen)) {
			longest = key->prefixlen;
			best = &tables->prefix_sets[i];
		}
	}
	return best;
}

static __u32 find_source(const struct policy_tables *tables, __u32 set,
			 const struct address *source)
{
	__u32 rule = 0;
	int longest = -1;

	for (size_t i = 0; set && i < tables->source_count; i++) {
		const struct source_key *key = &tables->source_keys[i];

		if (key->set == set && (int)key->prefixlen > longest &&
		    in_prefix(source, &key->address, key->prefixlen - 32)) {
			longest = key->prefixlen;
			rule = tables->source_rules[i];
		}
	}
	return rule;
}

static struct answer ask_tables(const struct policy_tables *tables, const struct question *question)
{
	const struct rule_set *set = find_set(tables, &question->destination);
	const struct cell *cell;
	__u32 rule, i;

	assert_non_null(set);
	cell = &tables->cells[set->first];
	assert_int_equal(cell->start, 0);
	for (i = 1; i < set->count && cell[1].start <= question->point; i++)
		cell++;
	rule = cell->deny_rule ?: find_source(tables, cell->deny_sources, &question->source);
	if (rule)
		return (struct answer){DENIED, rule};
	rule = cell->allow_rule ?: find_source(tables, cell->allow_sources, &question->source);
	return (struct answer){rule ? ALLOWED : NONE, rule};
}

/* ---- the reference: every rule, one after the other ---- */

static bool rule_matches(const struct rule *rule, const struct question *question)
{
	__u32 protocol = question->point >> 16, port = question->point & 0xffff;
	bool destination = false, ports = !rule->range_count;

	for (size_t i = 0; i < rule->destination_count; i++)
		destination |= in_prefix(&question->destination, &rule->destinations[i].address,
					 rule->destinations[i].length);
	for (size_t i = 0; i < rule->range_count; i++)
		ports |= port >= rule->ranges[i].first && port <= rule->ranges[i].last;
	return destination && ports &&
	       (rule->protocol == PROTOCOL_ANY || rule->protocol == (int)protocol) &&
	       in_prefix(&question->source, &rule->source.address, rule->source.length);
}

/* Without a source the lowest id; else the longest source, then the lowest id. */
static __u32 best_match(const struct rule *rules, size_t count, enum rule_action action,
			const struct question *question)
{
	const struct rule *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct rule *rule = &rules[i];
		bool better;

		if (rule->action != action || !rule_matches(rule, question))
			continue;
		if (!best)
			better = true;
		else if (!rule->source.length != !best->source.length)
			better = !rule->source.length;
		else if (rule->source.length != best->source.length)
			better = rule->source.length > best->source.length;
		else
			better = rule->id < best->id;
		if (better)
			best = rule;
	}
	return best ? best->id : 0;
}

static struct answer ask_rules(const struct rule *rules, size_t count,
			       const struct question *question)
{
	__u32 rule = best_match(rules, count, RULE_DENY, question);

	if (rule)
		return (struct answer){DENIED, rule};
	rule = best_match(rules, count, RULE_ALLOW, question);
	return (struct answer){rule ? ALLOWED : NONE, rule};
}

/* ---- chance ---- */

static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

/* Few distinct bits, so that prefixes nest and packets hit. */
static struct address random_address(void)
{
	static const __u8 ipv4[12] = {[10] = 0xff, [11] = 0xff};
	struct address address = {.bytes = {0x20, 0x01, 0x0d, 0xb8}};

	if (!below(3))
		memcpy(address.bytes, ipv4, sizeof(ipv4));
	else
		address.bytes[7] = below(2);
	address.bytes[12] = below(2) << 7;
	address.bytes[15] = below(4);
	return address;
}

static struct prefix random_prefix(void)
{
	static const unsigned int lengths[] = {0, 32, 63, 64, 96, 97, 104, 112, 126, 127, 128, 128};
	struct prefix prefix = {random_address(), lengths[below(12)]};

	for (unsigned int bit = prefix.length; bit < 128; bit++)
		prefix.address.bytes[bit / 8] &= ~(0x80 >> bit % 8);
	return prefix;
}

static unsigned int random_port(void)
{
	static const unsigned int ports[] = {0, 1, 22, 80, 443, 1024, 65534, 65535};

	return ports[below(8)];
}

static int random_protocol(void)
{
	static const int protocols[] = {0, 6, 6, 17, 58, 255};

	return protocols[below(6)];
}

static void random_rule(struct rule *rule, __u32 id)
{
	*rule = (struct rule){.id = id, .action = below(3) ? RULE_ALLOW : RULE_DENY};
	rule->protocol = below(4) ? random_protocol() : PROTOCOL_ANY;
	if (rule->protocol != PROTOCOL_ANY)
		rule->range_count = below(4);
	rule->ranges = calloc(rule->range_count + 1, sizeof(*rule->ranges));
	for (size_t i = 0; i < rule->range_count; i++) {
		unsigned int a = random_port(), b = random_port();

		rule->ranges[i] = (struct port_range){a < b ? a : b, a < b ? b : a};
	}
	rule->destination_count = 1 + below(3);
	rule->destinations = calloc(rule->destination_count, sizeof(*rule->destinations));
	for (size_t i = 0; i < rule->destination_count; i++)
		rule->destinations[i] = random_prefix();
	if (below(2))
		rule->source = random_prefix();
}

static void free_rules(struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(rules[i].ranges);
		free(rules[i].destinations);
	}
}

static struct question random_question(void)
{
	unsigned int port = (random_port() + below(3) - 1) & 0xffff;

	return (struct question){random_address(), random_address(),
				 (__u32)random_protocol() << 16 | port};
}

/* ---- tests ---- */

static void tables_say_what_the_rules_say(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct rule rules[RULES_MAX];
		size_t count = below(RULES_MAX + 1);
		struct policy_tables tables;

		for (size_t i = 0; i < count; i++)
			random_rule(&rules[i], 1 + i);
		assert_int_equal(policy_compile(rules, count, &tables), 0);
		for (int i = 0; i < PACKETS; i++) {
			struct question question = random_question();
			struct answer expected = ask_rules(rules, count, &question);
			struct answer got = ask_tables(&tables, &question);

			if (got.decision != expected.decision || got.rule != expected.rule)
				print_message("round %d, point %#x\n", round, question.point);
			assert_int_equal(got.decision, expected.decision);
			assert_int_equal(got.rule, expected.rule);
		}
		policy_tables_free(&tables);
		free_rules(rules, count);
	}
}

static void the_order_of_the_rules_changes_nothing(void **state)
{
	(void)state;
	for (int round = 0; round < 50; round++) {
		struct rule rules[RULES_MAX], shuffled[RULES_MAX];
		struct policy_tables a, b;

		for (size_t i = 0; i < RULES_MAX; i++)
			random_rule(&rules[i], 1 + i);
		for (size_t i = 0; i < RULES_MAX; i++)
			shuffled[i] = rules[RULES_MAX - 1 - i];
		assert_int_equal(policy_compile(rules, RULES_MAX, &a), 0);
		assert_int_equal(policy_compile(shuffled, RULES_MAX, &b), 0);
		assert_int_equal(a.cell_count, b.cell_count);
		assert_memory_equal(a.cells, b.cells, a.cell_count * sizeof(*a.cells));
		assert_int_equal(a.source_count, b.source_count);
		assert_memory_equal(a.source_keys, b.source_keys,
				    a.source_count * sizeof(*a.source_keys));
		policy_tables_free(&a);
		policy_tables_free(&b);
		free_rules(rules, RULES_MAX);
	}
}

static void a_block_list_is_stored_once(void **state)
{
	enum { BLOCKED = 2000, HOSTS = 2000 };
	struct rule *rules = calloc(BLOCKED + HOSTS, sizeof(*rules));
	static struct prefix hosts[HOSTS], everywhere;
	struct policy_tables tables;

	(void)state;
	for (__u32 i = 0; i < BLOCKED; i++) {
		rules[i] = (struct rule){.id = 1 + i,
					 .action = RULE_DENY,
					 .protocol = PROTOCOL_ANY,
					 .destinations = &everywhere,
					 .destination_count = 1,
					 .source = {.length = 128}};
		memcpy(rules[i].source.address.bytes, &i, sizeof(i));
	}
	for (__u32 i = 0; i < HOSTS; i++) {
		hosts[i].length = 128;
		memcpy(hosts[i].address.bytes, &i, sizeof(i));
		rules[BLOCKED + i] = (struct rule){.id = 1 + BLOCKED + i,
						   .action = RULE_ALLOW,
						   .protocol = 6,
						   .destinations = &hosts[i],
						   .destination_count = 1};
	}
	assert_int_equal(policy_compile(rules, BLOCKED + HOSTS, &tables), 0);
	assert_int_equal(tables.source_count, BLOCKED);
	assert_int_equal(tables.host_count, HOSTS);
	policy_tables_free(&tables);
	free(rules);
}

/* One range in the other, each with a source of its own: the square of their number. */
static void more_sources_than_their_table_holds_are_refused(void **state)
{
	enum { NESTED = 3000 };
	struct rule *rules = calloc(NESTED, sizeof(*rules));
	static struct port_range ranges[NESTED];
	static struct prefix everywhere;
	struct policy_tables tables;

	(void)state;
	for (__u32 i = 0; i < NESTED; i++) {
		ranges[i] = (struct port_range){1 + i, 60000 - i};
		rules[i] = (struct rule){.id = 1 + i,
					 .action = RULE_ALLOW,
					 .protocol = 6,
					 .ranges = &ranges[i],
					 .range_count = 1,
					 .destinations = &everywhere,
					 .destination_count = 1,
					 .source = {.length = 128}};
		memcpy(rules[i].source.address.bytes, &i, sizeof(i));
	}
	assert_int_equal(policy_compile(rules, NESTED, &tables), -ENOSPC);
	policy_tables_free(&tables);
	/* A thousand have half a million. */
	assert_int_equal(policy_compile(rules, 1000, &tables), 0);
	assert_int_equal(tables.source_count, 1000 * 1001 / 2);
	policy_tables_free(&tables);
	free(rules);
}

static void no_rules_compile_to_one_empty_cell(void **state)
{
	struct policy_tables tables;

	(void)state;
	assert_int_equal(policy_compile(NULL, 0, &tables), 0);
	assert_int_equal(tables.prefix_count, 1);
	assert_int_equal(tables.prefix_keys[0].prefixlen, 0);
	assert_int_equal(tables.cell_count, 1);
	assert_int_equal(tables.cells[0].allow_rule, 0);
	policy_tables_free(&tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rules_compile_to_one_empty_cell),
		cmocka_unit_test(tables_say_what_the_rules_say),
		cmocka_unit_test(the_order_of_the_rules_changes_nothing),
		cmocka_unit_test(a_block_list_is_stored_once),
		cmocka_unit_test(more_sources_than_their_table_holds_are_refused),
	};
	const char *given = getenv("XFW_TEST_SEED");
	unsigned int seed = given ? strtoul(given, NULL, 10) : (unsigned int)time(NULL);

	fprintf(stderr, "# XFW_TEST_SEED=%u\n", seed);
	srandom(seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
