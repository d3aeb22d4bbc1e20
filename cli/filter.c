// SPDX-License-Identifier: GPL-2.0
/*
 * Filters, read with the words of the language: a name, a service, a prefix mean what they mean in
 * a rule.
 */
#include "filter.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "number.h"
#include "points.h"
#include "resolve.h"

/* One option's word, as a line of the language that has nothing else. */
struct option_word {
	char *words[2];
	struct statement statement;
	struct reader reader;
};

static struct reader *read_option(struct option_word *word, const char *option, const char *value,
				  struct names *names, struct fault *fault)
{
	*word = (struct option_word){.words = {(char *)option, (char *)value}};
	word->statement = (struct statement){.words = word->words, .word_count = 2};
	word->reader = (struct reader){
		.statement = &word->statement, .at = 1, .names = names, .fault = fault};
	return &word->reader;
}

static int read_proto(const char *value, struct fault *fault, int *protocol)
{
	struct option_word word;

	return value ? read_protocol(read_option(&word, "--proto", value, NULL, fault), protocol)
		     : 0;
}

static int read_end(const char *option, const char *value, struct names *names, struct fault *fault,
		    struct prefix *prefix)
{
	struct option_word word;

	if (!value)
		return 0;
	return reader_prefix(read_option(&word, option, value, names, fault),
			     "an address, a prefix or a name", prefix);
}

/* 443, 60000-61000 or a service's name; tcp's where no protocol with ports is asked for. */
static int read_one_range(const char *value, int protocol, struct fault *fault,
			  struct port_range *range)
{
	struct rule rule = {.protocol = protocol_has_ports(protocol) ? protocol : IPPROTO_TCP};
	struct option_word word;
	int error;

	if (!value)
		return 0;
	error = read_ports(read_option(&word, "--port", value, NULL, fault), &rule);
	if (!error && rule.range_count != 1)
		error = fault_set(fault, "'%s': one port or one range of ports", value);
	if (!error)
		*range = rule.ranges[0];
	free(rule.ranges);
	return error;
}

/* 7 or #7. */
static int read_rule_id(const char *value, struct fault *fault, __u32 *rule)
{
	unsigned long number;

	if (!value)
		return 0;
	if (!number_read(value + (*value == '#'), XFW_RULES_CAPACITY - 1, &number) || !number)
		return fault_set(fault, "'%s' is no rule's id ('xfw rules' shows them: 7 or #7)",
				 value);
	*rule = number;
	return 0;
}

int filter_read(const struct invocation *invocation, const struct document *running,
		struct filter *filter)
{
	const struct filter_words *words = &invocation->filter;
	struct fault fault = {""};
	struct names names = {};
	int error = collect_names(running, &names);

	*filter = (struct filter){.protocol = PROTOCOL_ANY};
	filter->is_set = words->proto || words->from || words->to || words->port || words->rule;
	if (!error)
		error = read_proto(words->proto, &fault, &filter->protocol)
				?: read_end("--from", words->from, &names, &fault, &filter->from)
				?: read_end("--to", words->to, &names, &fault, &filter->to)
				?: read_one_range(words->port, filter->protocol, &fault,
						  &filter->port)
				?: read_rule_id(words->rule, &fault, &filter->rule);
	names_free(&names);
	if (!error)
		return EXIT_DONE;
	return say_error(invocation, "%s: %s", invocation->words[0],
			 error == -ENOMEM ? "out of memory" : fault.text);
}

static bool has_port(const struct port_range *range, __u16 port)
{
	return port >= range->first && port <= range->last;
}

bool filter_matches(const struct filter *filter, const struct ends *ends)
{
	if (filter->protocol != PROTOCOL_ANY && filter->protocol != ends->protocol)
		return false;
	if (!prefix_contains(&filter->from, ends->from) || !prefix_contains(&filter->to, ends->to))
		return false;
	if (!filter->port.last)
		return true;
	return protocol_has_ports(ends->protocol) &&
	       (has_port(&filter->port, ends->from_port) || has_port(&filter->port, ends->to_port));
}
