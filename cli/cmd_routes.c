/* SPDX-License-Identifier: GPL-2.0 */
/*
 * routes: the slices, where each leads, whether the kernel knows the way, and what went there.
 */
#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

#include "../maps/generation.h"
#include "../maps/rules.h"
#include "command.h"
#include "neighbours.h"
#include "prefix.h"

struct row {
	char prefix[PREFIX_TEXT], gateway[PREFIX_TEXT];
	const struct route *route;
	const char *state;
	struct hits hits;
};

/* A slice on link has as many next hops as it has guests: each is looked up when it is met. */
static const char *next_hop_state(const struct neighbours *neighbours, const struct route *route)
{
	if (!route->ifindex)
		return "absent";
	if (route->kind != ROUTE_GATEWAY)
		return "on-link";
	return neighbour_state(neighbours_find(neighbours, route->ifindex, &route->gateway));
}

static void row_make(const struct pins *pins, const struct neighbours *neighbours,
		     const struct prefix_key *key, const struct route *route, struct row *row)
{
	struct prefix prefix = {key->address, key->prefixlen};

	row->route = route;
	row->gateway[0] = '\0';
	prefix_format(&prefix, row->prefix, sizeof(row->prefix));
	if (route->kind == ROUTE_GATEWAY)
		address_format(&route->gateway, row->gateway, sizeof(row->gateway));
	row->state = next_hop_state(neighbours, route);
	hits_read(pins, MAP_ROUTE_STATS, route->index, &row->hits);
}

static json_t *row_json(const struct row *row)
{
	/* The routes of an import share its counters. */
	return json_pack("{s:s, s:s, s:s, s:s?, s:s, s:I, s:I, s:I}", "prefix", row->prefix, "kind",
			 row->gateway[0] ? "gateway" : "on-link", "dev", row->route->device, "via",
			 row->gateway[0] ? row->gateway : NULL, "state", row->state, "packets",
			 (json_int_t)row->hits.packets, "bytes", (json_int_t)row->hits.bytes,
			 "table", (json_int_t)row->route->table);
}

static void print_row(const struct row *row)
{
	char packets[16], bytes[16];

	format_count(row->hits.packets, packets, sizeof(packets));
	format_count(row->hits.bytes, bytes, sizeof(bytes));
	printf("%-24s %-6s %5s %5s %-10s %s", row->prefix, row->route->device, packets, bytes,
	       row->state, row->gateway);
	/* The counters are of all routes of the table together. */
	if (row->route->table)
		printf("%s(table %u)", row->gateway[0] ? " " : "", row->route->table);
	putchar('\n');
}

static void list_routes(const struct pins *pins, const struct neighbours *neighbours, json_t *list)
{
	int table = generation_table_open(pins, TABLE_ROUTES);
	struct prefix_key key, *previous = NULL;
	struct route route;
	struct row row;

	while (table >= 0 && !bpf_map_get_next_key(table, previous, &key)) {
		previous = &key;
		/* The host's addresses and masqueraded networks are no slices. */
		if (bpf_map_lookup_elem(table, &key, &route) || !route.index)
			continue;
		row_make(pins, neighbours, &key, &route, &row);
		if (list)
			json_array_append_new(list, row_json(&row));
		else
			print_row(&row);
	}
	if (table >= 0)
		close(table);
}

int command_routes(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	json_t *list = invocation->json ? json_array() : NULL;
	struct neighbours neighbours;

	if (!instance)
		return EXIT_REFUSED;
	neighbours_read(&neighbours);
	if (!list)
		printf("%-24s %-6s %5s %5s %-10s %s\n", "PREFIX", "DEV", "PKTS", "BYTES",
		       "NEXT HOP", "VIA");
	list_routes(&instance->pins, &neighbours, list);
	if (list)
		say_json(list);
	neighbours_free(&neighbours);
	instance_close(instance);
	return EXIT_DONE;
}
