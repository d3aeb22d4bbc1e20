/* SPDX-License-Identifier: GPL-2.0 */
/*
 * route import table N [within PREFIX]: what BIRD or FRR learned into a table of the kernel's,
 * taken on as if each route had been typed.
 */
#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "../loader/kernel_routes.h"
#include "number.h"
#include "resolve.h"

bool is_import(const struct statement *statement)
{
	return statement->kind == STATEMENT_ROUTE && statement->word_count > 1 &&
	       !strcmp(statement->words[1], "import");
}

/* What an import line says. */
struct import {
	__u32 table;
	struct prefix within; /* ::/0 when it does not say */
};

static int read_table(const char *word, __u32 *table)
{
	unsigned long number;

	if (!word || !number_read(word, UINT_MAX, &number) || !number)
		return -EINVAL;
	*table = number;
	return 0;
}

static int read_import(struct reader *reader, struct import *import)
{
	memset(import, 0, sizeof(*import));
	reader_take(reader, "import");
	if (!reader_take(reader, "table"))
		return reader_wants(reader, "'table N'");
	if (read_table(reader_peek(reader), &import->table))
		return reader_wants(reader, "the number of a table of the kernel's");
	reader->at++;
	if (reader_take(reader, "within") && reader_prefix(reader, "a prefix", &import->within))
		return -EINVAL;
	return reader_end(reader);
}

int system_read_for(const struct document *document, struct system *system)
{
	int error = system_read(system);
	__u32 table;

	for (size_t i = 0; i < document->count && !error; i++) {
		const struct statement *statement = &document->statements[i];

		if (is_import(statement) && statement->word_count > 3 &&
		    !read_table(statement->words[3], &table))
			error = system_read_table(system, table);
	}
	if (error)
		system_free(system);
	return error;
}

/*
 * A routing daemon's fault must not turn the world into a slice, whose sources are then spoofed:
 * nothing that holds an address of a WAN is taken on, the default route least of all.
 */
static bool holds_wan(const struct config *config, const struct system *system,
		      const struct prefix *prefix)
{
	for (size_t i = 0; i < system->address_count; i++) {
		const struct interface_config *interface =
			interface_of(config, system->addresses[i].ifindex);

		if (interface && interface->role == ROLE_WAN &&
		    prefix_contains(prefix, &system->addresses[i].address))
			return true;
	}
	return false;
}

static bool is_wanted(const struct import *import, const struct system_route *route,
		      const struct reader *reader, const struct config *config)
{
	const struct interface_config *interface = interface_of(config, route->ifindex);

	return route->table == import->table && route->protocol != XFW_ROUTE_PROTOCOL &&
	       interface && interface->role != ROLE_WAN &&
	       route->prefix.length >= import->within.length &&
	       prefix_contains(&import->within, &route->prefix.address) &&
	       !prefix_is_default(&route->prefix) &&
	       !holds_wan(config, reader->system, &route->prefix);
}

int resolve_import(struct reader *reader, struct config *config, struct route_index *index)
{
	static const struct address none;
	struct import import;

	if (read_import(reader, &import))
		return -EINVAL;
	for (size_t i = 0; i < reader->system->route_count; i++) {
		const struct system_route *from = &reader->system->routes[i];
		struct route_config route = {
			.prefix = from->prefix,
			.kind = memcmp(&from->gateway, &none, sizeof(none)) ? ROUTE_GATEWAY
									    : ROUTE_ON_LINK,
			.gateway = from->gateway,
			.ifindex = from->ifindex,
			.index = reader->statement->id,
			.table = import.table,
		};

		if (!is_wanted(&import, from, reader, config))
			continue;
		memcpy(route.device, interface_of(config, from->ifindex)->name,
		       sizeof(route.device));
		/* What was typed stands, and of two daemons' routes the first. */
		route_index_add(index, config, &route, reader->statement);
	}
	return 0;
}
