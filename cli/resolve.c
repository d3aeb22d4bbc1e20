/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a document to a configuration. Every statement is resolved, so that every fault is told.
 */
#include "resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading words ---- */

bool reader_take(struct reader *reader, const char *word)
{
	const char *next = reader_peek(reader);

	if (!next || strcmp(next, word))
		return false;
	reader->at++;
	return true;
}

int reader_wants(struct reader *reader, const char *what)
{
	const char *next = reader_peek(reader);

	if (next)
		return fault_set(reader->fault, "'%s' where %s is wanted", next, what);
	return fault_set(reader->fault, "needs %s after '%s'", what,
			 reader->statement->words[reader->statement->word_count - 1]);
}

int reader_end(struct reader *reader)
{
	const char *next = reader_peek(reader);

	if (!next)
		return 0;
	return fault_set(reader->fault, "does not take '%s'; its form: %s", next,
			 statement_forms[reader->statement->kind]);
}

static void list_links(const struct system *system, char *list, size_t size)
{
	size_t length = 0;

	list[0] = '\0';
	for (size_t i = 0; i < system->link_count && length < size; i++)
		if (strcmp(system->links[i].name, "lo"))
			length += snprintf(list + length, size - length, "%s%s", length ? ", " : "",
					   system->links[i].name);
}

const struct system_link *reader_link(struct reader *reader)
{
	const char *word = reader_next(reader);
	const struct system_link *link;
	char have[224];

	if (!word) {
		reader_wants(reader, "an interface");
		return NULL;
	}
	link = system_link_by_name(reader->system, word);
	if (!link) {
		list_links(reader->system, have, sizeof(have));
		fault_set(reader->fault, "no interface '%s' (have: %s)", word, have);
	}
	return link;
}

/* ---- interfaces ---- */

static int resolve_interface(struct reader *reader, enum role role, struct config *config)
{
	const struct system_link *link = reader_link(reader);
	struct interface_config *interface;

	if (!link)
		return -EINVAL;
	if (config->interface_count == XFW_INTERFACES_CAPACITY)
		return fault_set(reader->fault, "more than %d interfaces have a role",
				 XFW_INTERFACES_CAPACITY);
	interface = &config->interfaces[config->interface_count];
	memcpy(interface->name, link->name, sizeof(interface->name));
	interface->ifindex = link->ifindex;
	interface->role = role;
	if (role == ROLE_LAN && reader_take(reader, "hook")) {
		interface->enforce_in_tc = reader_take(reader, "tc");
		if (!interface->enforce_in_tc && !reader_take(reader, "xdp"))
			return reader_wants(reader, "'xdp' or 'tc'");
	}
	config->interface_count++;
	return reader_end(reader);
}

static const struct interface_config *find_interface(const struct config *config,
						     unsigned int ifindex)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].ifindex == ifindex)
			return &config->interfaces[i];
	return NULL;
}

/* ---- routes ---- */

/* The lan interface that reaches @gateway directly. */
static const struct system_link *link_towards(struct reader *reader, const struct config *config,
					      const struct address *gateway)
{
	for (size_t i = 0; i < reader->system->address_count; i++) {
		const struct system_address *own = &reader->system->addresses[i];
		struct prefix mask = {.length = own->prefix_length};

		mask.address = own->address;
		for (unsigned int bit = mask.length; bit < 128; bit++)
			mask.address.bytes[bit / 8] &= ~(0x80 >> bit % 8);
		if (prefix_contains(&mask, gateway) && find_interface(config, own->ifindex) &&
		    find_interface(config, own->ifindex)->role != ROLE_WAN)
			return system_link_by_index(reader->system, own->ifindex);
	}
	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].kind == ROUTE_ON_LINK &&
		    prefix_contains(&config->routes[i].prefix, gateway))
			return system_link_by_index(reader->system, config->routes[i].ifindex);
	return NULL;
}

static int resolve_gateway(struct reader *reader, const struct config *config,
			   struct route_config *route, const struct system_link **link)
{
	const char *word = reader_next(reader);
	struct prefix gateway = {.length = 128};

	route->kind = ROUTE_GATEWAY;
	if (!word)
		return reader_wants(reader, "the gateway's address");
	if (names_address(reader->names, word, &route->gateway, reader->fault))
		return -EINVAL;
	gateway.address = route->gateway;
	if (prefix_is_ipv4(&gateway) != prefix_is_ipv4(&route->prefix))
		return fault_set(reader->fault,
				 "the gateway '%s' and the prefix are of different "
				 "families",
				 word);
	if (reader_take(reader, "dev")) {
		*link = reader_link(reader);
		return *link ? 0 : -EINVAL;
	}
	*link = link_towards(reader, config, &route->gateway);
	if (!*link)
		return fault_set(reader->fault,
				 "no lan interface reaches the gateway '%s'; name "
				 "one: via %s dev IF",
				 word, word);
	return 0;
}

static int check_route(struct reader *reader, const struct config *config,
		       const struct route_config *route)
{
	const struct interface_config *interface = find_interface(config, route->ifindex);

	if (!interface || interface->role == ROLE_WAN)
		return fault_set(reader->fault,
				 "'%s' is not a lan or tun interface; say 'lan %s' "
				 "first",
				 route->device, route->device);
	if (!route->prefix.length || route->prefix.length == 96)
		return fault_set(reader->fault, "'%s' is everything; a slice is a part of it",
				 reader->statement->words[1]);
	for (size_t i = 0; i < config->route_count; i++)
		if (!memcmp(&config->routes[i].prefix, &route->prefix, sizeof(route->prefix)))
			return fault_set(reader->fault, "'%s' is routed twice: to %s and to %s",
					 reader->statement->words[1], config->routes[i].device,
					 route->device);
	return 0;
}

static int resolve_route(struct reader *reader, struct config *config)
{
	struct route_config *route = &config->routes[config->route_count];
	const struct system_link *link = NULL;
	const char *word = reader_next(reader);
	int error;

	if (!word)
		return reader_wants(reader, "a prefix");
	memset(route, 0, sizeof(*route));
	route->index = reader->statement->id;
	error = names_prefix(reader->names, word, &route->prefix, reader->fault);
	if (error)
		return error;
	if (reader_take(reader, "dev")) {
		route->kind = ROUTE_ON_LINK;
		link = reader_link(reader);
		error = link ? 0 : -EINVAL;
	} else if (reader_take(reader, "via")) {
		error = resolve_gateway(reader, config, route, &link);
	} else {
		return reader_wants(reader, "'dev IF' or 'via ADDR'");
	}
	if (error)
		return error;
	memcpy(route->device, link->name, sizeof(route->device));
	route->ifindex = link->ifindex;
	error = reader_end(reader);
	if (!error)
		error = check_route(reader, config, route);
	if (!error)
		config->route_count++;
	return error;
}

/* ---- options ---- */

static int option_switch(struct reader *reader, bool *value)
{
	if (reader_take(reader, "on"))
		*value = true;
	else if (reader_take(reader, "off"))
		*value = false;
	else
		return reader_wants(reader, "'on' or 'off'");
	return reader_end(reader);
}

static int option_flows(struct reader *reader, __u32 *flows)
{
	const char *word = reader_next(reader);
	char *end;
	unsigned long value = word ? strtoul(word, &end, 10) : 0;

	if (!word || *end || value < 1024 || value > 16777216)
		return fault_set(reader->fault,
				 "'%s' is no size for the flow table (1024 to "
				 "16777216)",
				 word ?: "");
	*flows = value;
	return reader_end(reader);
}

static int resolve_option(struct reader *reader, struct options *options)
{
	static const char *const known[] = {"bogons", "fast-path", "require", "flows"};
	const char *word = reader_next(reader), *nearest;

	if (!word)
		return reader_wants(reader, "an option: bogons, fast-path, require or flows");
	if (!strcmp(word, "bogons"))
		return option_switch(reader, &options->drop_bogons);
	if (!strcmp(word, "fast-path"))
		return option_switch(reader, &options->fast_path);
	if (!strcmp(word, "flows"))
		return option_flows(reader, &options->flows);
	if (!strcmp(word, "require")) {
		if (!reader_take(reader, "native"))
			return reader_wants(reader, "'native'");
		options->require_native = true;
		return reader_end(reader);
	}
	if (!strcmp(word, "drop-log") || !strcmp(word, "rescue"))
		return fault_set(reader->fault,
				 "'%s' is not enforced by this version of xfw; "
				 "leave it out",
				 word);
	nearest = nearest_word(word, known, sizeof(known) / sizeof(known[0]));
	return fault_set(reader->fault,
			 "unknown option '%s'%s%s%s (known: bogons, fast-path, "
			 "require, flows)",
			 word, nearest ? "; did you mean '" : "", nearest ?: "",
			 nearest ? "'?" : "");
}

/* ---- defines ---- */

static int resolve_define(struct reader *reader)
{
	const char *name = reader_next(reader);

	if (!name)
		return reader_wants(reader, "a name and a value");
	if (names_check(name, reader->fault))
		return -EINVAL;
	if (!reader_next(reader))
		return reader_wants(reader, "a value");
	if (reader_end(reader))
		return -EINVAL;
	return names_check_value(reader->names, name, reader->fault);
}

static int refuse(struct reader *reader)
{
	return fault_set(reader->fault, "not enforced by this version of xfw; take the line out");
}

/* ---- all of it ---- */

static int resolve_one_rule(struct reader *reader, struct config *config)
{
	struct rule *rule = &config->rules[config->rule_count];
	int error = resolve_rule(reader, rule);

	if (error) {
		rule_free(rule);
		memset(rule, 0, sizeof(*rule));
		return error;
	}
	config->rule_texts[config->rule_count] = strdup(reader->statement->text);
	return config->rule_texts[config->rule_count++] ? 0 : -ENOMEM;
}

static int resolve_statement(struct reader *reader, struct config *config)
{
	switch (reader->statement->kind) {
	case STATEMENT_DEFINE:
		return resolve_define(reader);
	case STATEMENT_WAN:
		return resolve_interface(reader, ROLE_WAN, config);
	case STATEMENT_LAN:
		return resolve_interface(reader, ROLE_LAN, config);
	case STATEMENT_ROUTE:
		return resolve_route(reader, config);
	case STATEMENT_ALLOW:
	case STATEMENT_DENY:
		return resolve_one_rule(reader, config);
	case STATEMENT_OPTION:
		return resolve_option(reader, &config->options);
	case STATEMENT_TUN:
	case STATEMENT_MASQUERADE:
	case STATEMENT_FORWARD:
	case STATEMENT_NDP:
		return refuse(reader);
	case STATEMENT_KINDS:
		break;
	}
	return -EINVAL;
}

static int make_room(const struct document *document, struct config *config)
{
	size_t count = document->count + 1;

	config->interfaces = calloc(XFW_INTERFACES_CAPACITY, sizeof(*config->interfaces));
	config->routes = calloc(count, sizeof(*config->routes));
	config->rules = calloc(count, sizeof(*config->rules));
	config->rule_texts = calloc(count, sizeof(*config->rule_texts));
	config->text = document_running_text(document, &config->text_length);
	return config->interfaces && config->routes && config->rules && config->rule_texts &&
			       config->text
		       ? 0
		       : -ENOMEM;
}

/* What others build on comes first, wherever it stands in the file. */
static int step_of(const struct statement *statement)
{
	switch (statement->kind) {
	case STATEMENT_DEFINE:
		return 0;
	case STATEMENT_WAN:
	case STATEMENT_LAN:
	case STATEMENT_TUN:
		return 1;
	case STATEMENT_ROUTE:
		/* A gateway may be reached by a slice that stands further down. */
		return statement->word_count > 2 && !strcmp(statement->words[2], "via") ? 3 : 2;
	default:
		return 3;
	}
}

static int resolve_step(const struct document *document, const struct system *system,
			struct names *names, int step, struct config *config, struct faults *faults)
{
	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];
		struct fault fault = {""};
		struct reader reader = {statement, 1, names, system, &fault};
		int error;

		if (step_of(statement) != step)
			continue;
		error = resolve_statement(&reader, config);
		if (error == -ENOMEM)
			return error;
		if (error)
			document_fault(document, statement, faults, fault.text);
	}
	return 0;
}

int collect_names(const struct document *document, struct names *names)
{
	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];

		if (statement->kind == STATEMENT_DEFINE && statement->word_count == 3 &&
		    names_add(names, statement->words[1], statement->words[2]))
			return -ENOMEM;
	}
	return 0;
}

int resolve(const struct document *document, const struct system *system, struct config *config,
	    struct faults *faults)
{
	struct names names = {};
	int error;

	memset(config, 0, sizeof(*config));
	config->options = (struct options){
		.drop_bogons = true, .fast_path = true, .flows = XFW_FLOWS_DEFAULT};
	error = make_room(document, config);
	if (!error)
		error = collect_names(document, &names);
	for (int step = 0; !error && step <= 3; step++)
		error = resolve_step(document, system, &names, step, config, faults);
	names_free(&names);
	if (error)
		return error;
	if (!faults->count) {
		bool wan = false;

		for (size_t i = 0; i < config->interface_count; i++)
			wan |= config->interfaces[i].role == ROLE_WAN;
		if (!wan)
			document_fault(document, NULL, faults,
				       "no 'wan IF' line: nothing would be protected");
	}
	return faults->count ? -EINVAL : 0;
}
