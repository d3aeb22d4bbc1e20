/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Protocols, ports and ICMP types, by name and by number.
 */
#include "points.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "services.h"

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))

/* ---- protocols ---- */

static const struct protocol {
	const char *word;
	int number;
} protocols[] = {
	{"any", PROTOCOL_ANY},	{"tcp", IPPROTO_TCP},	{"udp", IPPROTO_UDP},
	{"sctp", IPPROTO_SCTP}, {"icmp", IPPROTO_ICMP}, {"icmp6", IPPROTO_ICMPV6},
	{"esp", IPPROTO_ESP},	{"gre", IPPROTO_GRE},
};

#define PROTOCOL_WORDS "tcp, udp, sctp, icmp, icmp6, esp, gre, any or a number up to 255"

bool protocol_has_ports(int protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

bool protocol_has_types(int protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

const char *protocol_word(int protocol)
{
	static char number[16];

	for (size_t i = 0; i < ENTRIES(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].word;
	snprintf(number, sizeof(number), "%d", protocol);
	return number;
}

int read_protocol(struct reader *reader, int *protocol)
{
	const char *word = reader_peek(reader), *words[ENTRIES(protocols)];
	unsigned long number;
	char hint[64];

	if (!word)
		return reader_wants(reader, "a protocol (" PROTOCOL_WORDS ")");
	reader->at++;
	for (size_t i = 0; i < ENTRIES(protocols); i++) {
		words[i] = protocols[i].word;
		if (strcmp(word, protocols[i].word))
			continue;
		*protocol = protocols[i].number;
		return 0;
	}
	if (number_read(word, 255, &number)) {
		*protocol = number;
		return 0;
	}
	return fault_set(reader->fault, "unknown protocol '%s'%s (" PROTOCOL_WORDS ")", word,
			 nearest_hint(word, words, ENTRIES(words), hint, sizeof(hint)));
}

/* ---- ports ---- */

static int fault_service(struct reader *reader, const char *word, const char *protocol)
{
	char hint[96];

	return fault_set(reader->fault,
			 "'%s' is no %s service and no defined name%s (a port, 60000-61000, "
			 "80,443, or a name of /etc/services)",
			 word, protocol, service_hint(word, protocol, hint, sizeof(hint)));
}

static int read_port(struct reader *reader, const char *word, const char *protocol, __u16 *port)
{
	unsigned long number;

	if (!is_digit(*word) && *word != '-') {
		if (service_port(word, protocol, port))
			return 0;
		return fault_service(reader, word, protocol);
	}
	if (!number_read(word, 65535, &number) || !number)
		return fault_set(reader->fault, "'%s' is no port (1 to 65535)", word);
	*port = number;
	return 0;
}

/* 443 or 60000-61000. A service's name may hold a dash: only digits begin a range. */
static int read_range(struct reader *reader, char *word, const char *protocol,
		      struct port_range *range)
{
	char *dash = is_digit(*word) ? strchr(word, '-') : NULL;

	if (!dash) {
		if (read_port(reader, word, protocol, &range->first))
			return -EINVAL;
		range->last = range->first;
		return 0;
	}
	*dash++ = '\0';
	if (!is_digit(*dash))
		return fault_set(reader->fault, "'%s-%s' is no range of ports (60000-61000)", word,
				 dash);
	if (read_port(reader, word, protocol, &range->first) ||
	    read_port(reader, dash, protocol, &range->last))
		return -EINVAL;
	if (range->last < range->first)
		return fault_set(reader->fault, "'%s-%s' runs backwards; write %s-%s", word, dash,
				 dash, word);
	return 0;
}

static int add_range(struct rule *rule, struct port_range range)
{
	void *longer = reallocarray(rule->ranges, rule->range_count + 1, sizeof(range));

	if (!longer)
		return -ENOMEM;
	rule->ranges = longer;
	rule->ranges[rule->range_count++] = range;
	return 0;
}

static int compare_ranges(const void *a, const void *b)
{
	return ((const struct port_range *)a)->first - ((const struct port_range *)b)->first;
}

/* Sorted and without overlaps: the same ports are the same ranges, however they were listed. */
static void join_ranges(struct rule *rule)
{
	size_t kept = 0;

	qsort(rule->ranges, rule->range_count, sizeof(*rule->ranges), compare_ranges);
	for (size_t i = 1; i < rule->range_count; i++) {
		struct port_range *last = &rule->ranges[kept], next = rule->ranges[i];

		if (next.first > last->last + 1)
			rule->ranges[++kept] = next;
		else if (next.last > last->last)
			last->last = next.last;
	}
	rule->range_count = kept + 1;
}

int read_ports(struct reader *reader, struct rule *rule)
{
	const char *word = reader_next(reader), *protocol = protocol_word(rule->protocol);
	char copy[XFW_RULE_TEXT], *rest = copy, *one;
	int error = 0;

	if (strlen(word) >= sizeof(copy))
		return fault_set(reader->fault, "'%.40s…' is too long", word);
	strcpy(copy, word);
	while (!error && (one = strsep(&rest, ","))) {
		struct port_range range = {};

		if (*one)
			error = read_range(reader, one, protocol, &range);
		else
			error = fault_set(reader->fault, "'%s' has an empty port in its list",
					  word);
		if (!error)
			error = add_range(rule, range);
	}
	if (!error)
		join_ranges(rule);
	return error;
}

/* ---- ICMP types (IANA, those in use) ---- */

struct type {
	const char *word;
	__u8 number;
};

static const struct type icmp_types[] = {
	{"echo-reply", 0},	     {"destination-unreachable", 3},
	{"source-quench", 4},	     {"redirect", 5},
	{"echo-request", 8},	     {"router-advertisement", 9},
	{"router-solicitation", 10}, {"time-exceeded", 11},
	{"parameter-problem", 12},   {"timestamp-request", 13},
	{"timestamp-reply", 14},     {"address-mask-request", 17},
	{"address-mask-reply", 18},  {"extended-echo-request", 42},
	{"extended-echo-reply", 43},
};

static const struct type icmp6_types[] = {
	{"destination-unreachable", 1},
	{"packet-too-big", 2},
	{"time-exceeded", 3},
	{"parameter-problem", 4},
	{"echo-request", 128},
	{"echo-reply", 129},
	{"mld-listener-query", 130},
	{"mld-listener-report", 131},
	{"mld-listener-done", 132},
	{"router-solicitation", 133},
	{"router-advertisement", 134},
	{"neighbour-solicitation", 135},
	{"neighbor-solicitation", 135},
	{"neighbour-advertisement", 136},
	{"neighbor-advertisement", 136},
	{"redirect", 137},
	{"inverse-neighbour-solicitation", 141},
	{"inverse-neighbor-solicitation", 141},
	{"inverse-neighbour-advertisement", 142},
	{"inverse-neighbor-advertisement", 142},
	{"mld2-listener-report", 143},
	{"extended-echo-request", 160},
	{"extended-echo-reply", 161},
};

int read_type(struct reader *reader, struct rule *rule)
{
	bool six = rule->protocol == IPPROTO_ICMPV6;
	const struct type *types = six ? icmp6_types : icmp_types;
	size_t count = six ? ENTRIES(icmp6_types) : ENTRIES(icmp_types);
	const char *word = reader_next(reader), *words[ENTRIES(icmp6_types)];
	unsigned long number;
	char hint[64];

	if (is_digit(*word)) {
		if (!number_read(word, 255, &number))
			return fault_set(reader->fault, "'%s' is no type of %s (0 to 255)", word,
					 protocol_word(rule->protocol));
		return add_range(rule, (struct port_range){number, number});
	}
	for (size_t i = 0; i < count; i++) {
		words[i] = types[i].word;
		if (!strcmp(word, types[i].word))
			return add_range(rule,
					 (struct port_range){types[i].number, types[i].number});
	}
	return fault_set(reader->fault, "'%s' is neither a type of %s nor a defined name%s", word,
			 protocol_word(rule->protocol),
			 nearest_hint(word, words, count, hint, sizeof(hint)));
}
