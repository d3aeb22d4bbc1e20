/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Covered rules against a naive reference that compares every pair, and against the meaning: with
 * the covered rules gone, packets aimed at the rules' edges meet the same decision.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "maps/cover.h"

enum { ROUNDS = 2000, PACKETS = 40, RULES_MAX = 16 };

static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

/* ---- chance: few values, so that rules nest ---- */

static struct address random_address(void)
{
	struct address address = {.bytes = {0x20, 0x01}};

	address.bytes[7] = below(2);
	address.bytes[15] = below(3);
	return address;
}

static struct prefix random_prefix(void)
{
	static const unsigned int lengths[] = {0, 16, 64, 126, 128, 128};
	struct prefix prefix = {random_address(), lengths[below(6)]};

	for (unsigned int bit = prefix.length; bit < 128; bit++)
		prefix.address.bytes[bit / 8] &= ~(0x80 >> bit % 8);
	return prefix;
}

static unsigned int random_port(void)
{
	static const unsigned int ports[] = {0, 22, 80, 81, 443, 65535};

	return ports[below(6)];
}

static int random_protocol(void)
{
	return below(2) ? 6 : 17;
}

static void random_rule(struct rule *rule, __u32 id)
{
	*rule = (struct rule){.id = id, .action = below(3) ? RULE_ALLOW : RULE_DENY};
	rule->protocol = below(4) ? random_protocol() : PROTOCOL_ANY;
	if (rule->protocol != PROTOCOL_ANY)
		rule->range_count = below(3);
	rule->ranges = calloc(rule->range_count + 1, sizeof(*rule->ranges));
	for (size_t i = 0; i < rule->range_count; i++) {
		unsigned int a = random_port(), b = random_port();

		rule->ranges[i] = (struct port_range){a < b ? a : b, a < b ? b : a};
	}
	rule->destination_count = below(8) ? 1 + below(2) : 0;
	rule->destinations = calloc(rule->destination_count + 1, sizeof(*rule->destinations));
	for (size_t i = 0; i < rule->destination_count; i++)
		rule->destinations[i] = random_prefix();
	if (below(2))
		rule->source = random_prefix();
	rule->rate_pps = below(5) ? 0 : 10;
	rule->log = !below(6);
}

static void free_rules(struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(rules[i].ranges);
		free(rules[i].destinations);
	}
}

/* ---- the reference ---- */

static bool inside(const struct prefix *outer, const struct address *address, unsigned int length)
{
	if (length < outer->length)
		return false;
	for (unsigned int bit = 0; bit < outer->length; bit++)
		if ((address->bytes[bit / 8] ^ outer->address.bytes[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool port_inside(const struct rule *rule, unsigned int first, unsigned int last)
{
	bool found = !rule->range_count;

	for (size_t i = 0; i < rule->range_count; i++)
		found |= rule->ranges[i].first <= first && last <= rule->ranges[i].last;
	return found;
}

static bool naive_covers(const struct rule *outer, const struct rule *inner)
{
	bool covers = inner->destination_count && !outer->rate_pps &&
		      inside(&outer->source, &inner->source.address, inner->source.length) &&
		      (outer->protocol == PROTOCOL_ANY || outer->protocol == inner->protocol);

	for (size_t i = 0; i < inner->destination_count; i++) {
		bool found = false;

		for (size_t j = 0; j < outer->destination_count; j++)
			found |= inside(&outer->destinations[j], &inner->destinations[i].address,
					inner->destinations[i].length);
		covers &= found;
	}
	for (size_t i = 0; i < inner->range_count; i++)
		covers &= port_inside(outer, inner->ranges[i].first, inner->ranges[i].last);
	if (!inner->range_count)
		covers &= port_inside(outer, 0, 65535);
	if (outer->action != inner->action)
		return covers && outer->action == RULE_DENY;
	return covers && outer->log == inner->log;
}

static bool naive_is_covered(const struct rule *rules, size_t count, size_t place)
{
	for (size_t i = 0; i < count; i++)
		if (i != place && naive_covers(&rules[i], &rules[place]) &&
		    (rules[i].id < rules[place].id || !naive_covers(&rules[place], &rules[i])))
			return true;
	return false;
}

/* ---- what the rules say of a packet: bit 0 allowed, bit 1 denied, without and with limit ---- */

struct packet {
	struct address source, destination;
	int protocol;
	unsigned int port;
};

static bool matches(const struct rule *rule, const struct packet *packet)
{
	bool destination = false;

	for (size_t i = 0; i < rule->destination_count; i++)
		destination |= inside(&rule->destinations[i], &packet->destination, 128);
	return destination && inside(&rule->source, &packet->source, 128) &&
	       port_inside(rule, packet->port, packet->port) &&
	       (rule->protocol == PROTOCOL_ANY || rule->protocol == packet->protocol);
}

/* A limited rule counts only where no unlimited one decides the same. */
static unsigned int decision(const struct rule *rules, size_t count, const __u32 *gone,
			     const struct packet *packet)
{
	bool found[2][2] = {};

	for (size_t i = 0; i < count; i++)
		if ((!gone || gone[i] == COVERED_BY_NONE) && matches(&rules[i], packet))
			found[rules[i].action][rules[i].rate_pps != 0] = true;
	if (found[RULE_DENY][0])
		return 1;
	return (found[RULE_DENY][1] ? 2 : 0) | (found[RULE_ALLOW][0]   ? 4
						: found[RULE_ALLOW][1] ? 8
								       : 0);
}

/* ---- tests ---- */

static void the_file_finds_what_every_pair_compared_finds(void **state)
{
	size_t found = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct rule rules[RULES_MAX];
		size_t count = below(RULES_MAX + 1);
		__u32 by[RULES_MAX];

		for (size_t i = 0; i < count; i++)
			random_rule(&rules[i], 1 + (i * 7) % RULES_MAX);
		assert_int_equal(rules_covered(rules, count, by), 0);
		for (size_t i = 0; i < count; i++) {
			bool covered = by[i] != COVERED_BY_NONE;

			assert_int_equal(covered, naive_is_covered(rules, count, i));
			if (!covered)
				continue;
			found++;
			assert_true(naive_covers(&rules[by[i]], &rules[i]));
			assert_true(by[by[i]] == COVERED_BY_NONE);
		}
		free_rules(rules, count);
	}
	assert_true(found > ROUNDS);
}

static void without_the_covered_rules_nothing_changes(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct rule rules[RULES_MAX];
		__u32 by[RULES_MAX];

		for (size_t i = 0; i < RULES_MAX; i++)
			random_rule(&rules[i], 1 + i);
		assert_int_equal(rules_covered(rules, RULES_MAX, by), 0);
		for (int i = 0; i < PACKETS; i++) {
			struct packet packet = {random_address(), random_address(),
						random_protocol(), random_port()};

			assert_int_equal(decision(rules, RULES_MAX, NULL, &packet),
					 decision(rules, RULES_MAX, by, &packet));
		}
		free_rules(rules, RULES_MAX);
	}
}

/* ---- many rules: a file that compares every pair would take minutes ---- */

enum { MANY = 100000, SECONDS_MAX = 20 };

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

typedef void make_rule(struct rule *rule, __u32 i);

static void make_block_list(struct rule *rule, __u32 i)
{
	rule->action = RULE_DENY;
	rule->protocol = PROTOCOL_ANY;
	rule->source.length = 128;
	memcpy(rule->source.address.bytes + 4, &i, sizeof(i));
}

static void make_ports(struct rule *rule, __u32 i)
{
	rule->protocol = i % 2 ? 6 : 17;
	rule->ranges[0].first = rule->ranges[0].last = i / 2 % 60000;
	rule->range_count = 1;
	rule->destinations[0].length = 128;
	rule->destinations[0].address.bytes[15] = i / 120000;
}

static void make_hosts(struct rule *rule, __u32 i)
{
	rule->protocol = 6;
	rule->destinations[0].length = 64 + i % 65;
	rule->destinations[0].address.bytes[0] = 1 + i % 200;
	memcpy(rule->destinations[0].address.bytes + 2, &i, sizeof(i));
}

static void look_at_many(make_rule *make)
{
	struct rule *rules = calloc(MANY + 1, sizeof(*rules));
	struct prefix *destinations = calloc(MANY + 1, sizeof(*destinations));
	struct port_range *ranges = calloc(MANY + 1, sizeof(*ranges));
	__u32 *by = calloc(MANY + 1, sizeof(*by));
	double begin;

	for (__u32 i = 0; i < MANY; i++) {
		rules[i] = (struct rule){.id = 1 + i,
					 .ranges = &ranges[i],
					 .destinations = &destinations[i],
					 .destination_count = 1};
		make(&rules[i], i);
	}
	/* The last one says again what the one in the middle says. */
	rules[MANY] = rules[MANY / 2];
	rules[MANY].id = MANY + 1;
	begin = now_s();
	assert_int_equal(rules_covered(rules, MANY + 1, by), 0);
	assert_true(now_s() - begin < SECONDS_MAX);
	assert_int_equal(by[MANY], MANY / 2);
	for (size_t i = 0; i < MANY; i++)
		assert_true(by[i] == COVERED_BY_NONE);
	free(rules);
	free(destinations);
	free(ranges);
	free(by);
}

static void a_hundred_thousand_rules_are_seconds(void **state)
{
	(void)state;
	look_at_many(make_block_list);
	look_at_many(make_ports);
	look_at_many(make_hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_finds_what_every_pair_compared_finds),
		cmocka_unit_test(without_the_covered_rules_nothing_changes),
		cmocka_unit_test(a_hundred_thousand_rules_are_seconds),
	};
	const char *given = getenv("XFW_TEST_SEED");
	unsigned int seed = given ? strtoul(given, NULL, 10) : (unsigned int)time(NULL);

	fprintf(stderr, "# XFW_TEST_SEED=%u\n", seed);
	srandom(seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
