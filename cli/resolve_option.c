/* SPDX-License-Identifier: GPL-2.0 */
/*
 * option NAME VALUE; and the statements that this version reads but does not enforce, so that
 * a file with a mistake in one is told of the mistake.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "number.h"
#include "points.h"
#include "resolve.h"

/* ---- option ---- */

static int option_switch(struct reader *reader, bool *value)
{
	*value = reader_take(reader, "on");
	if (!*value && !reader_take(reader, "off"))
		return reader_wants(reader, "'on' or 'off'");
	return reader_end(reader);
}

static int option_bogons(struct reader *reader, struct options *options)
{
	return option_switch(reader, &options->drop_bogons);
}

static int option_fast_path(struct reader *reader, struct options *options)
{
	return option_switch(reader, &options->fast_path);
}

static int option_require(struct reader *reader, struct options *options)
{
	options->require_native = reader_take(reader, "native");
	return options->require_native ? reader_end(reader) : reader_wants(reader, "'native'");
}

static int option_flows(struct reader *reader, struct options *options)
{
	enum { FLOWS_MIN = 1024, FLOWS_MAX = 16777216 };
	const char *word = reader_next(reader);
	unsigned long flows;

	if (!word)
		return reader_wants(reader, "a number of flows");
	if (!number_read(word, FLOWS_MAX, &flows) || flows < FLOWS_MIN)
		return fault_set(reader->fault, "'%s' is no size for the table of flows (%d to %d)",
				 word, FLOWS_MIN, FLOWS_MAX);
	options->flows = flows;
	return reader_end(reader);
}

static int option_drop_log(struct reader *reader, struct options *options)
{
	__u32 rate_pps;

	(void)options;
	if (!reader_take(reader, "rate"))
		return reader_wants(reader, "'rate N/s'");
	return reader_rate(reader, &rate_pps) || reader_end(reader)
		       ? -EINVAL
		       : reader_refuse(reader, "drop-log");
}

static int option_rescue(struct reader *reader, struct options *options)
{
	(void)options;
	return reader_refuse(reader, "rescue");
}

#define OPTION_WORDS "bogons, fast-path, require, flows, drop-log, rescue"
static const char *const option_words[] = {"bogons", "fast-path", "require",
					   "flows",  "drop-log",  "rescue"};
static int (*const option_readers[])(struct reader *, struct options *) = {
	option_bogons, option_fast_path, option_require,
	option_flows,  option_drop_log,	 option_rescue,
};

int resolve_option(struct reader *reader, struct options *options)
{
	enum { COUNT = sizeof(option_words) / sizeof(option_words[0]) };
	const char *word = reader_next(reader);
	char hint[64];

	if (!word)
		return reader_wants(reader, "a name (" OPTION_WORDS ")");
	for (int i = 0; i < COUNT; i++)
		if (!strcmp(word, option_words[i]))
			return option_readers[i](reader, options);
	return fault_set(reader->fault, "unknown option '%s'%s (known: " OPTION_WORDS ")", word,
			 nearest_hint(word, option_words, COUNT, hint, sizeof(hint)));
}

/* ---- masquerade, forward, ndp ---- */

static int read_masquerade(struct reader *reader)
{
	struct prefix prefix;
	const char *word = reader_peek(reader);

	if (reader_prefix(reader, "an IPv4 prefix", &prefix))
		return -EINVAL;
	if (!prefix_is_ipv4(&prefix))
		return fault_set(reader->fault, "'%s' is not IPv4; only IPv4 is masqueraded", word);
	return reader_end(reader);
}

/* ADDR, ADDR:PORT of IPv4, [ADDR]:PORT of IPv6, or a name for the address. */
static int read_target(struct reader *reader, struct address *address)
{
	const char *word = reader_next(reader), *colon;
	char copy[192];
	unsigned long port;

	if (!word)
		return reader_wants(reader, "an address, or ADDR:PORT");
	if (strlen(word) >= sizeof(copy))
		return fault_set(reader->fault, "'%.40s…' is too long", word);
	strcpy(copy, word);
	colon = strrchr(copy, ':');
	if (copy[0] == '[' || (colon && strchr(copy, ':') == colon && strchr(copy, '.'))) {
		if (!colon || !number_read(colon + 1, 65535, &port) || !port)
			return fault_set(reader->fault, "'%s' names no port (1 to 65535)", word);
		copy[colon - copy] = '\0';
	}
	if (copy[0] != '[')
		return names_address(reader->names, copy, address, reader->fault);
	if (colon[-1] != ']')
		return fault_set(reader->fault, "'%s' has no ']' before its port", word);
	copy[colon - copy - 1] = '\0';
	return names_address(reader->names, copy + 1, address, reader->fault);
}

static int read_forward_ports(struct reader *reader)
{
	struct rule rule = {};
	int error = read_protocol(reader, &rule.protocol);

	if (error)
		return error;
	if (!protocol_has_ports(rule.protocol))
		return fault_set(reader->fault, "'%s' has no ports to forward (tcp, udp, sctp)",
				 reader->statement->words[1]);
	if (!reader_peek(reader))
		return reader_wants(reader, "ports");
	error = read_ports(reader, &rule);
	rule_free(&rule);
	return error;
}

static int read_forward(struct reader *reader)
{
	struct address target;
	struct prefix source;
	int error = read_forward_ports(reader);

	if (error)
		return error;
	if (!reader_take(reader, "to"))
		return reader_wants(reader, "'to ADDR[:PORT]'");
	if (read_target(reader, &target))
		return -EINVAL;
	if (reader_take(reader, "from") && !reader_take(reader, "any") &&
	    reader_prefix(reader, "a source", &source))
		return -EINVAL;
	return reader_end(reader);
}

static int read_ndp(struct reader *reader)
{
	struct prefix prefix;
	const char *word;

	if (!reader_take(reader, "proxy"))
		return reader_wants(reader, "'proxy PREFIX'");
	word = reader_peek(reader);
	if (reader_prefix(reader, "an IPv6 prefix", &prefix))
		return -EINVAL;
	if (prefix_is_ipv4(&prefix))
		return fault_set(reader->fault, "'%s' is not IPv6; IPv4 has no neighbour discovery",
				 word);
	return reader_end(reader);
}

int refuse_translation(struct reader *reader)
{
	int error;

	if (reader->statement->kind == STATEMENT_MASQUERADE)
		error = read_masquerade(reader);
	else if (reader->statement->kind == STATEMENT_FORWARD)
		error = read_forward(reader);
	else
		error = read_ndp(reader);
	return error ?: reader_refuse(reader, NULL);
}
