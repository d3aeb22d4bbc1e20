/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a document to a configuration: defines, roles, and the order in which all is resolved.
 */
#include "resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One resolving of one document. */
struct resolution {
	const struct document *document;
	const struct system *system;
	struct names names;
	struct route_index routes;
	struct config *config;
	struct faults *faults;
};

/* ---- defines ---- */

int collect_names(const struct document *document, struct names *names)
{
	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];

		if (statement->kind == STATEMENT_DEFINE && statement->word_count > 1 &&
		    names_add(names, statement->words[1],
			      statement->word_count > 2 ? statement->words[2] : NULL,
			      statement->included ? 0 : statement->line))
			return -ENOMEM;
	}
	return 0;
}

static int check_define(struct reader *reader, const char *name)
{
	if (names_check(name, reader->fault))
		return -EINVAL;
	if (!reader_next(reader))
		return reader_wants(reader, "an address, a prefix or leading groups");
	if (reader_end(reader))
		return -EINVAL;
	return names_check_value(reader->names, name, reader->fault);
}

static int resolve_define(struct reader *reader)
{
	const char *name = reader_next(reader);
	int error;

	if (!name)
		return reader_wants(reader, "a name and its value");
	error = check_define(reader, name);
	/* The lines that use it are not at fault, too. */
	if (error)
		names_mark_faulty(reader->names, name);
	return error;
}

/* ---- roles ---- */

static int read_hook(struct reader *reader, struct interface_config *interface)
{
	if (!reader_take(reader, "hook") || reader_take(reader, "xdp"))
		return 0;
	interface->enforce_in_tc = reader_take(reader, "tc");
	return interface->enforce_in_tc ? 0 : reader_wants(reader, "'xdp' or 'tc'");
}

/* Room for the interface that the next word names, among those that are there or those that wait. */
static struct interface_config *take_interface(struct reader *reader, struct config *config)
{
	const struct system_link *link;

	if (config->interface_count + config->absent_count == XFW_INTERFACES_CAPACITY) {
		fault_set(reader->fault, "more than %d interfaces have a role",
			  XFW_INTERFACES_CAPACITY);
		return NULL;
	}
	if (reader_waits(reader)) {
		strcpy(config->absent[config->absent_count].name, reader_next(reader));
		return &config->absent[config->absent_count++];
	}
	link = reader_link(reader);
	if (!link)
		return NULL;
	config->interfaces[config->interface_count].ifindex = link->ifindex;
	memcpy(config->interfaces[config->interface_count].name, link->name, sizeof(link->name));
	return &config->interfaces[config->interface_count++];
}

static int resolve_interface(struct reader *reader, enum role role, struct config *config)
{
	struct interface_config *interface = take_interface(reader, config);
	int error;

	if (!interface)
		return -EINVAL;
	interface->role = role;
	error = role == ROLE_LAN ? read_hook(reader, interface) : 0;
	return error ?: reader_end(reader);
}

const struct interface_config *interface_of(const struct config *config, unsigned int ifindex)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].ifindex == ifindex)
			return &config->interfaces[i];
	return NULL;
}

static bool has_wan(const struct config *config)
{
	for (size_t i = 0; i < config->absent_count; i++)
		if (config->absent[i].role == ROLE_WAN)
			return true;
	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].role == ROLE_WAN)
			return true;
	return false;
}

/* ---- rules ---- */

static int resolve_one_rule(struct reader *reader, struct config *config)
{
	struct rule *rule = &config->rules[config->rule_count];
	char **text = &config->rule_texts[config->rule_count];
	struct forward_config forward = {.rule = config->rule_count};
	bool is_forward = reader->statement->kind == STATEMENT_FORWARD;
	int error =
		is_forward ? resolve_forward(reader, rule, &forward) : resolve_rule(reader, rule);

	if (!error) {
		*text = strdup(reader->statement->text);
		error = *text ? 0 : -ENOMEM;
	}
	if (error) {
		rule_free(rule);
		memset(rule, 0, sizeof(*rule));
		return error;
	}
	config->rule_count++;
	if (is_forward)
		config->forwards[config->forward_count++] = forward;
	return 0;
}

/* ---- all of it ---- */

static int resolve_statement(struct resolution *resolution, struct reader *reader)
{
	struct config *config = resolution->config;

	switch (reader->statement->kind) {
	case STATEMENT_DEFINE:
		return resolve_define(reader);
	case STATEMENT_WAN:
		return resolve_interface(reader, ROLE_WAN, config);
	case STATEMENT_LAN:
		return resolve_interface(reader, ROLE_LAN, config);
	case STATEMENT_TUN:
		return resolve_interface(reader, ROLE_TUN, config);
	case STATEMENT_ROUTE:
		if (is_import(reader->statement))
			return resolve_import(reader, config, &resolution->routes);
		return resolve_route(reader, config, &resolution->routes);
	case STATEMENT_ALLOW:
	case STATEMENT_DENY:
		return resolve_one_rule(reader, config);
	case STATEMENT_FORWARD:
		return resolve_one_rule(reader, config);
	case STATEMENT_MASQUERADE:
		return resolve_masquerade(reader, config);
	case STATEMENT_NDP:
		return resolve_ndp(reader, config);
	case STATEMENT_OPTION:
		return resolve_option(reader, &config->options);
	case STATEMENT_KINDS:
		break;
	}
	return -EINVAL;
}

/* What others build on comes first, wherever it stands in the file. */
enum step { STEP_NAMES, STEP_ROLES, STEP_SLICES, STEP_REST, STEP_IMPORTS, STEPS };

static enum step step_of(const struct statement *statement)
{
	switch (statement_groups[statement->kind]) {
	case GROUP_NAMES:
		return STEP_NAMES;
	case GROUP_ROLES:
		return STEP_ROLES;
	case GROUP_ROUTES:
		if (is_import(statement))
			return STEP_IMPORTS;
		/* A gateway may lie in a slice that stands further down. */
		return statement->word_count > 2 && !strcmp(statement->words[2], "via")
			       ? STEP_REST
			       : STEP_SLICES;
	default:
		return STEP_REST;
	}
}

static int resolve_step(struct resolution *resolution, enum step step)
{
	for (size_t i = 0; i < resolution->document->count; i++) {
		const struct statement *statement = &resolution->document->statements[i];
		struct fault fault = {""};
		struct reader reader = {
			.statement = statement,
			.at = 1,
			.names = &resolution->names,
			.system = resolution->system,
			.fault = &fault,
			/* What ran before goes on running while an interface is away. */
			.patient = resolution->document->patient || statement->line == LINE_RUNNING,
		};
		int error;

		if (step_of(statement) != step)
			continue;
		error = resolve_statement(resolution, &reader);
		if (error == -ENOMEM)
			return error;
		/* An empty fault has been told at the define that the line stands on. */
		if (error && fault.text[0])
			document_fault(resolution->document, statement, resolution->faults,
				       fault.text);
	}
	return 0;
}

static size_t count_group(const struct document *document, enum statement_group group)
{
	size_t count = 0;

	for (size_t i = 0; i < document->count; i++)
		count += statement_groups[document->statements[i].kind] == group;
	return count;
}

static int make_room(struct resolution *resolution)
{
	const struct document *document = resolution->document;
	struct config *config = resolution->config;
	/* One more than needed: calloc of none may say NULL. */
	size_t translations = count_group(document, GROUP_TRANSLATION) + 1;
	size_t rules = count_group(document, GROUP_RULES) + translations;
	size_t routes = count_group(document, GROUP_ROUTES) + resolution->system->route_count + 1;

	config->interfaces = calloc(XFW_INTERFACES_CAPACITY, sizeof(*config->interfaces));
	config->absent = calloc(XFW_INTERFACES_CAPACITY, sizeof(*config->absent));
	config->routes = calloc(routes, sizeof(*config->routes));
	config->rules = calloc(rules, sizeof(*config->rules));
	config->rule_texts = calloc(rules, sizeof(*config->rule_texts));
	config->masquerades = calloc(translations, sizeof(*config->masquerades));
	config->forwards = calloc(translations, sizeof(*config->forwards));
	config->text = document_running_text(document, &config->text_length);
	if (!config->interfaces || !config->absent || !config->routes || !config->rules ||
	    !config->rule_texts || !config->masquerades || !config->forwards || !config->text)
		return -ENOMEM;
	return route_index_open(&resolution->routes, routes);
}

int resolve(const struct document *document, const struct system *system, struct config *config,
	    struct faults *faults)
{
	struct resolution resolution = {
		.document = document, .system = system, .config = config, .faults = faults};
	int error;

	memset(config, 0, sizeof(*config));
	config->options = (struct options){.drop_bogons = true,
					   .fast_path = true,
					   .dispatcher = true,
					   .flows = XFW_FLOWS_DEFAULT};
	error = make_room(&resolution);
	if (!error)
		error = collect_names(document, &resolution.names);
	for (enum step step = 0; !error && step < STEPS; step++)
		error = resolve_step(&resolution, step);
	if (!error && !faults->count && !has_wan(config))
		document_fault(document, NULL, faults,
			       "no 'wan IF' line: nothing would be protected");
	names_free(&resolution.names);
	route_index_close(&resolution.routes);
	if (error)
		return error;
	return faults->count ? -EINVAL : 0;
}
