/* SPDX-License-Identifier: GPL-2.0 */
/*
 * allow|deny PROTO [PORTS] [DST] [from SRC] [limit N/s] [log] [comment TEXT]
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "points.h"
#include "resolve.h"

#define DESTINATIONS "an address, a prefix, a name, 'host' or 'any'"

/* ---- which word is what ---- */

/* A destination by its looks: an address or prefix, any, host, a name that is defined. */
static bool looks_like_destination(struct reader *reader, const char *word)
{
	return strpbrk(word, ":./") || !strcmp(word, "any") || !strcmp(word, "host") ||
	       names_value(reader->names, word);
}

bool is_rule_tail(const char *word)
{
	static const char *const tail[] = {"from", "limit", "log", "comment"};

	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
		if (!strcmp(word, tail[i]))
			return true;
	return false;
}

static int read_ports_or_type(struct reader *reader, struct rule *rule)
{
	const char *word = reader_peek(reader);

	if (!word || is_rule_tail(word) || looks_like_destination(reader, word))
		return 0;
	if (protocol_has_ports(rule->protocol))
		return read_ports(reader, rule);
	if (protocol_has_types(rule->protocol))
		return read_type(reader, rule);
	if (is_digit(*word))
		return fault_set(reader->fault, "'%s': %s has no ports (tcp, udp and sctp have)",
				 word, reader->statement->words[1]);
	return 0;
}

/* ---- destination ---- */

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
	/* At boot before the network: no packet is for it, until `follow` or `sync` look again. */
	if (!rule->destination_count && !reader->patient)
		return fault_set(reader->fault, "the host has no address yet");
	return 0;
}

static int fault_no_destination(struct reader *reader)
{
	const char *next = reader_peek(reader);

	if (next)
		return fault_set(reader->fault, "needs a destination before '%s': " DESTINATIONS,
				 next);
	return fault_set(reader->fault, "needs a destination after '%s': " DESTINATIONS,
			 reader->statement->words[reader->at - 1]);
}

static int read_destination(struct reader *reader, struct rule *rule, bool *host)
{
	const char *word = reader_peek(reader);

	if (!word || is_rule_tail(word)) {
		if (rule->action == RULE_ALLOW)
			return fault_no_destination(reader);
		word = "any";
	} else {
		reader->at++;
	}
	*host = !strcmp(word, "host");
	if (*host)
		return read_host(reader, rule);
	rule->destinations = calloc(1, sizeof(*rule->destinations));
	if (!rule->destinations)
		return -ENOMEM;
	rule->destination_count = 1;
	if (!strcmp(word, "any"))
		return 0;
	return names_prefix(reader->names, word, rule->destinations, reader->fault);
}

/* People coming from other tools put the ports last. */
static int check_order(struct reader *reader, const struct rule *rule)
{
	const char *word = reader_peek(reader);

	if (!word || !is_digit(*word) || rule->range_count || !protocol_has_ports(rule->protocol))
		return 0;
	return fault_set(reader->fault,
			 "'%s' stands behind the destination; ports come before it: %s %s %s %s",
			 word, reader->statement->words[0], reader->statement->words[1], word,
			 reader->statement->words[reader->at - 1]);
}

/* ---- source ---- */

static int read_source(struct reader *reader, struct rule *rule)
{
	if (!reader_take(reader, "from") || reader_take(reader, "any"))
		return 0;
	if (reader_take(reader, "host"))
		return fault_set(reader->fault,
				 "'host' is no source: what the host sends is not filtered");
	return reader_prefix(reader, "a source: an address, a prefix, a name or 'any'",
			     &rule->source);
}

/* ---- families ---- */

static const char *family(const struct prefix *prefix)
{
	return prefix_is_ipv4(prefix) ? "IPv4" : "IPv6";
}

/* icmp is of IPv4 and icmp6 of IPv6; ::/0, and with it `any`, is of both. */
static int check_protocol_family(struct reader *reader, const struct rule *rule,
				 const struct prefix *prefix, const char *what)
{
	bool six = rule->protocol == IPPROTO_ICMPV6;

	if (!protocol_has_types(rule->protocol) || !prefix->length || prefix_is_ipv4(prefix) != six)
		return 0;
	return fault_set(reader->fault, "%s belongs to %s; for this %s write '%s'",
			 protocol_word(rule->protocol), six ? "IPv6" : "IPv4", what,
			 six ? "icmp" : "icmp6");
}

static int check_families(struct reader *reader, const struct rule *rule, bool host)
{
	static const struct prefix any;
	/* Of which family the host's addresses are today is no fault of the line. */
	const struct prefix *destination = host ? &any : rule->destinations;

	if (destination->length && rule->source.length &&
	    prefix_is_ipv4(destination) != prefix_is_ipv4(&rule->source))
		return fault_set(reader->fault, "an %s destination and an %s source never meet",
				 family(destination), family(&rule->source));
	return check_protocol_family(reader, rule, destination, "destination")
		       ?: check_protocol_family(reader, rule, &rule->source, "source");
}

/* ---- what comes last ---- */

static int read_tail(struct reader *reader, struct rule *rule)
{
	if (reader_take(reader, "limit") && reader_rate(reader, &rule->rate_pps))
		return -EINVAL;
	rule->log = reader_take(reader, "log");
	if (reader_take(reader, "comment") && !reader_next(reader))
		return reader_wants(reader, "a text in quotes");
	return reader_end(reader);
}

int resolve_rule(struct reader *reader, struct rule *rule)
{
	size_t length = strlen(reader->statement->text);
	bool host = false;
	int error;

	rule->id = reader->statement->id;
	rule->action = reader->statement->kind == STATEMENT_DENY ? RULE_DENY : RULE_ALLOW;
	if (length >= XFW_RULE_TEXT)
		return fault_set(reader->fault, "the rule is %zu bytes long; at most %d fit",
				 length, XFW_RULE_TEXT - 1);
	error = read_protocol(reader, &rule->protocol);
	if (!error)
		error = read_ports_or_type(reader, rule);
	if (!error)
		error = read_destination(reader, rule, &host);
	if (!error)
		error = check_order(reader, rule);
	if (!error)
		error = read_source(reader, rule);
	if (!error)
		error = check_families(reader, rule, host);
	return error ?: read_tail(reader, rule);
}

void rule_free(struct rule *rule)
{
	free(rule->ranges);
	free(rule->destinations);
}
