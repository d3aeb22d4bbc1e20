/* SPDX-License-Identifier: GPL-2.0 */
/*
 * allow|deny PROTO [PORTS] [DST] [from SRC] [limit N/s] [log] [comment TEXT]
 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

/* ---- protocols ---- */

static const struct protocol_name {
	const char *name;
	int number;
} protocols[] = {
	{"any", PROTOCOL_ANY}, {"tcp", 6},    {"udp", 17}, {"sctp", 132},
	{"icmp", 1},	       {"icmp6", 58}, {"esp", 50}, {"gre", 47},
};

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132 };

static bool read_number(const char *word, unsigned long most, unsigned long *number)
{
	char *end;

	*number = strtoul(word, &end, 10);
	return isdigit((unsigned char)*word) && !*end && *number <= most;
}

static int read_protocol(struct reader *reader, int *protocol)
{
	const char *word = reader_next(reader);
	const char *names[sizeof(protocols) / sizeof(protocols[0])], *nearest;
	unsigned long number;

	if (!word)
		return reader_wants(reader, "a protocol (tcp, udp, sctp, icmp, icmp6, esp, gre, "
					    "any or a number)");
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		names[i] = protocols[i].name;
		if (!strcmp(word, protocols[i].name)) {
			*protocol = protocols[i].number;
			return 0;
		}
	}
	if (read_number(word, 255, &number)) {
		*protocol = number;
		return 0;
	}
	nearest = nearest_word(word, names, sizeof(names) / sizeof(names[0]));
	return fault_set(reader->fault,
			 "unknown protocol '%s'%s%s%s (tcp, udp, sctp, icmp, icmp6, "
			 "esp, gre, any or a number up to 255)",
			 word, nearest ? "; did you mean '" : "", nearest ?: "",
			 nearest ? "'?" : "");
}

static bool has_ports(int protocol)
{
	return protocol == TCP || protocol == UDP || protocol == SCTP;
}

static bool has_types(int protocol)
{
	return protocol == ICMP || protocol == ICMP6;
}

static const char *protocol_word(const struct reader *reader)
{
	return reader->statement->words[1];
}

/* ---- ports ---- */

static int service_port(struct reader *reader, const char *word, __u16 *port)
{
	const char *protocol = protocol_word(reader);
	const struct servent *service = getservbyname(word, protocol);

	if (!service)
		return fault_set(reader->fault,
				 "unknown %s service '%s' (a port, a range "
				 "60000-61000, a list 80,443, or a name of "
				 "/etc/services)",
				 protocol, word);
	*port = ntohs(service->s_port);
	return 0;
}

static int read_port(struct reader *reader, const char *word, __u16 *port)
{
	unsigned long number;

	if (!isdigit((unsigned char)*word))
		return service_port(reader, word, port);
	if (!read_number(word, 65535, &number) || !number)
		return fault_set(reader->fault, "'%s' is no port (1 to 65535)", word);
	*port = number;
	return 0;
}

/* 443 or 60000-61000. A service's name may hold a dash: only digits make a range. */
static int read_range(struct reader *reader, char *word, struct port_range *range)
{
	char *dash = isdigit((unsigned char)*word) ? strchr(word, '-') : NULL;

	if (!dash) {
		if (read_port(reader, word, &range->first))
			return -EINVAL;
		range->last = range->first;
		return 0;
	}
	*dash = '\0';
	if (read_port(reader, word, &range->first) || read_port(reader, dash + 1, &range->last))
		return -EINVAL;
	if (range->last < range->first)
		return fault_set(reader->fault, "'%s-%s' runs backwards; write %s-%s", word,
				 dash + 1, dash + 1, word);
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

static int read_ports(struct reader *reader, const char *word, struct rule *rule)
{
	char *copy = strdup(word), *rest = copy, *one;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (one = strsep(&rest, ","))) {
		struct port_range range;

		if (!*one)
			error = fault_set(reader->fault, "'%s' has an empty port in its list",
					  word);
		else
			error = read_range(reader, one, &range);
		if (!error)
			error = add_range(rule, range);
	}
	free(copy);
	return error;
}

/* ---- ICMP types (IANA) ---- */

static const struct type_name {
	const char *name;
	__u8 type;
} icmp_types[] =
	{
		{"echo-reply", 0},	     {"destination-unreachable", 3},
		{"source-quench", 4},	     {"redirect", 5},
		{"echo-request", 8},	     {"router-advertisement", 9},
		{"router-solicitation", 10}, {"time-exceeded", 11},
		{"parameter-problem", 12},   {"timestamp-request", 13},
		{"timestamp-reply", 14},
},
  icmp6_types[] = {
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
	  {"mld2-listener-report", 143},
};

/* 1: it was a type; 0: it is not one, perhaps a destination. */
static int read_type(const char *word, struct rule *rule)
{
	bool six = rule->protocol == ICMP6;
	const struct type_name *types = six ? icmp6_types : icmp_types;
	size_t count = six ? sizeof(icmp6_types) / sizeof(icmp6_types[0])
			   : sizeof(icmp_types) / sizeof(icmp_types[0]);
	unsigned long number;

	if (read_number(word, 255, &number))
		return add_range(rule, (struct port_range){number, number}) ?: 1;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(word, types[i].name))
			return add_range(rule, (struct port_range){types[i].type, types[i].type})
				       ?: 1;
	return 0;
}

/* ---- which word is what ---- */

/* A destination by its looks: an address or prefix, any, host, a name that is defined. */
static bool looks_like_destination(struct reader *reader, const char *word)
{
	return strpbrk(word, ":./") || !strcmp(word, "any") || !strcmp(word, "host") ||
	       names_value(reader->names, word);
}

static bool is_rule_word(const char *word)
{
	return !strcmp(word, "from") || !strcmp(word, "limit") || !strcmp(word, "log") ||
	       !strcmp(word, "comment");
}

static int read_ports_or_type(struct reader *reader, struct rule *rule)
{
	const char *word = reader_peek(reader);
	int error;

	if (!word || is_rule_word(word) || looks_like_destination(reader, word))
		return 0;
	if (has_ports(rule->protocol)) {
		reader->at++;
		return read_ports(reader, word, rule);
	}
	if (has_types(rule->protocol)) {
		error = read_type(word, rule);
		if (error == 1)
			reader->at++;
		if (error)
			return error < 0 ? error : 0;
		return fault_set(reader->fault, "'%s' is neither a type of %s nor a destination",
				 word, protocol_word(reader));
	}
	if (isdigit((unsigned char)*word))
		return fault_set(reader->fault, "'%s': %s has no ports (tcp, udp and sctp have)",
				 word, protocol_word(reader));
	return 0;
}

/* ---- destination and source ---- */

static bool is_loopback(const struct address *address)
{
	static const __u8 one[16] = {[15] = 1};
	struct prefix prefix = {*address, 128};

	return !memcmp(address->bytes, one, sizeof(one)) ||
	       (prefix_is_ipv4(&prefix) && address->bytes[12] == 127);
}

/* Every address of the host. */
static int read_host(struct reader *reader, struct rule *rule)
{
	const struct system *system = reader->system;

	rule->destinations = calloc(system->address_count + 1, sizeof(*rule->destinations));
	if (!rule->destinations)
		return -ENOMEM;
	for (size_t i = 0; i < system->address_count; i++)
		if (!is_loopback(&system->addresses[i].address))
			rule->destinations[rule->destination_count++] =
				(struct prefix){system->addresses[i].address, 128};
	if (!rule->destination_count)
		return fault_set(reader->fault, "the host has no address yet");
	return 0;
}

static int read_destination(struct reader *reader, struct rule *rule)
{
	const char *word = reader_peek(reader);

	if (!word || is_rule_word(word)) {
		if (rule->action == RULE_ALLOW)
			return reader_wants(reader, "a destination: an address, a prefix, a name, "
						    "'host' or 'any'");
		word = "any";
	} else {
		reader->at++;
	}
	if (!strcmp(word, "host"))
		return read_host(reader, rule);
	rule->destinations = calloc(1, sizeof(*rule->destinations));
	if (!rule->destinations)
		return -ENOMEM;
	rule->destination_count = 1;
	if (!strcmp(word, "any"))
		return 0;
	return names_prefix(reader->names, word, rule->destinations, reader->fault);
}

static int read_source(struct reader *reader, struct rule *rule)
{
	const char *word;

	if (!reader_take(reader, "from"))
		return 0;
	word = reader_next(reader);
	if (!word)
		return reader_wants(reader, "a source: an address, a prefix, a name or 'any'");
	if (!strcmp(word, "any"))
		return 0;
	if (!strcmp(word, "host"))
		return fault_set(reader->fault, "'host' is no source: what the host sends is not "
						"filtered");
	return names_prefix(reader->names, word, &rule->source, reader->fault);
}

/* Of one family? ::/0, and with it `any`, is of both. */
static bool families_meet(const struct prefix *a, const struct prefix *b)
{
	return !a->length || !b->length || prefix_is_ipv4(a) == prefix_is_ipv4(b);
}

static int check_families(struct reader *reader, struct rule *rule)
{
	const struct prefix *destination = rule->destinations;
	bool by_name = rule->destination_count == 1 && destination->length;
	bool six = rule->protocol == ICMP6;

	if (by_name && !families_meet(destination, &rule->source))
		return fault_set(reader->fault, "an %s destination and an %s source never meet",
				 prefix_is_ipv4(destination) ? "IPv4" : "IPv6",
				 prefix_is_ipv4(&rule->source) ? "IPv4" : "IPv6");
	if (by_name && has_types(rule->protocol) && prefix_is_ipv4(destination) == six)
		return fault_set(reader->fault, "%s belongs to %s; for this destination write '%s'",
				 six ? "icmp6" : "icmp", six ? "IPv6" : "IPv4",
				 six ? "icmp" : "icmp6");
	return 0;
}

/* ---- what comes last ---- */

static int refuse_later(struct reader *reader, const char *word)
{
	return fault_set(reader->fault,
			 "'%s' is not enforced by this version of xfw; leave it "
			 "out",
			 word);
}

static int read_tail(struct reader *reader)
{
	const char *word;

	while ((word = reader_peek(reader))) {
		if (!strcmp(word, "limit") || !strcmp(word, "log"))
			return refuse_later(reader, word);
		if (strcmp(word, "comment"))
			break;
		reader->at++;
		if (!reader_next(reader))
			return reader_wants(reader, "a text");
	}
	return reader_end(reader);
}

int resolve_rule(struct reader *reader, struct rule *rule)
{
	int error;

	rule->id = reader->statement->id;
	rule->action = reader->statement->kind == STATEMENT_DENY ? RULE_DENY : RULE_ALLOW;
	if (strlen(reader->statement->text) >= XFW_RULE_TEXT)
		return fault_set(reader->fault, "the line has %zu characters, a rule at most %d",
				 strlen(reader->statement->text), XFW_RULE_TEXT - 1);
	error = read_protocol(reader, &rule->protocol);
	if (!error)
		error = read_ports_or_type(reader, rule);
	if (!error)
		error = read_destination(reader, rule);
	if (!error)
		error = read_source(reader, rule);
	if (!error)
		error = check_families(reader, rule);
	return error ?: read_tail(reader);
}

void rule_free(struct rule *rule)
{
	free(rule->ranges);
	free(rule->destinations);
}
