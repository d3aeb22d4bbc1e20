/* SPDX-License-Identifier: GPL-2.0 */
/*
 * routes: the slices, where each leads, whether the kernel knows the way, and what went there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../maps/clock.h"
#include "../maps/generation.h"
#include "../maps/rules.h"
#include "../maps/walk.h"
#include "neighbours.h"
#include "order.h"
#include "prefix.h"
#include "watch.h"

struct row {
	struct standing standing; /* first: see order.h */
	struct prefix prefix;
	struct route route;
};

struct rows {
	const struct sheet *sheet;
	const struct pins *pins;
	__u32 now;
	struct row *rows;
	size_t count, room;
	bool failed; /* out of memory */
};

/* ---- reading ---- */

static struct row *new_row(struct rows *rows)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 64;
		struct row *more = reallocarray(rows->rows, room, sizeof(*more));

		if (!more) {
			rows->failed = true;
			return NULL;
		}
		rows->rows = more;
		rows->room = room;
	}
	return &rows->rows[rows->count++];
}

/*
 * The routes of an import share one counter: its rate is that of the first one, and the same for
 * each, as long as it is asked for by the slice.
 */
static struct standing standing_of(const struct rows *rows, const struct prefix_key *key,
				   const struct route *route)
{
	struct counter_key counted = {.what = COUNTED_ROUTE,
				      .index = route->index,
				      .flow = {.inside = key->address, .protocol = key->prefixlen}};
	struct standing standing = {};
	struct hits hits;

	hits_read(rows->pins, MAP_ROUTE_STATS, route->index, &hits);
	standing.counter = (struct counter){hits.packets, hits.bytes};
	standing.idle_s = clock_age(rows->now, hits.last_hit);
	standing.rate = rates_of(rows->sheet->rates, &counted, &standing.counter);
	return standing;
}

static void take_route(const void *key_bytes, const void *value, void *context)
{
	const struct prefix_key *key = key_bytes;
	const struct route *route = value;
	struct rows *rows = context;
	struct row *row;

	/* The host's addresses and masqueraded networks are no slices. */
	if (!route->index)
		return;
	row = new_row(rows);
	if (row)
		*row = (struct row){.standing = standing_of(rows, key, route),
				    .prefix = {key->address, key->prefixlen},
				    .route = *route};
}

static int by_prefix(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = memcmp(&a->prefix.address, &b->prefix.address, sizeof(a->prefix.address));

	return order ?: (int)a->prefix.length - (int)b->prefix.length;
}

static int read_rows(struct rows *rows, enum order order)
{
	const struct invocation *invocation = rows->sheet->invocation;
	int table = generation_table_open(rows->pins, TABLE_ROUTES), error = table;

	rows->now = clock_tick(rows->pins);
	if (table >= 0) {
		error = map_walk(table, take_route, rows);
		close(table);
	}
	if (error || rows->failed)
		return say_error(invocation, "routes: %s",
				 strerror(rows->failed ? ENOMEM : -error));
	if (rows->count)
		qsort(rows->rows, rows->count, sizeof(*rows->rows), by_prefix);
	order_rows(order, rows->rows, rows->count, sizeof(*rows->rows));
	return EXIT_DONE;
}

/* ---- showing ---- */

/* A slice on link has as many next hops as it has guests: each is looked up when it is met. */
static const char *next_hop_state(const struct neighbours *neighbours, const struct route *route)
{
	if (!route->ifindex)
		return "absent";
	if (route->kind != ROUTE_GATEWAY)
		return "on-link";
	return neighbour_state(neighbours_find(neighbours, route->ifindex, &route->gateway));
}

/* Empty where there is none. */
static void format_gateway(const struct route *route, char *text, size_t size)
{
	text[0] = '\0';
	if (route->kind == ROUTE_GATEWAY)
		address_format(&route->gateway, text, size);
}

static json_t *row_json(const struct sheet *sheet, const struct neighbours *neighbours,
			const struct row *row)
{
	const struct standing *standing = &row->standing;
	char prefix[PREFIX_TEXT], gateway[PREFIX_TEXT];
	json_t *object;

	prefix_format(&row->prefix, prefix, sizeof(prefix));
	format_gateway(&row->route, gateway, sizeof(gateway));
	/* The routes of an import share its counters. */
	object = json_pack("{s:s, s:s, s:s, s:s?, s:s, s:I, s:I, s:o, s:I}", "prefix", prefix,
			   "kind", gateway[0] ? "gateway" : "on-link", "dev", row->route.device,
			   "via", gateway[0] ? gateway : NULL, "state",
			   next_hop_state(neighbours, &row->route), "packets",
			   (json_int_t)standing->counter.packets, "bytes",
			   (json_int_t)standing->counter.bytes, "last_hit_seconds",
			   standing->counter.packets ? json_real(standing->idle_s) : json_null(),
			   "table", (json_int_t)row->route.table);
	rates_to_json(sheet->rates, &standing->rate, "", object);
	return object;
}

static void print_row(const struct sheet *sheet, const struct neighbours *neighbours,
		      const struct row *row, struct listing *listing)
{
	const struct standing *standing = &row->standing;
	char prefix[PREFIX_TEXT], gateway[PREFIX_TEXT], import[32] = "";

	prefix_format(&row->prefix, prefix, sizeof(prefix));
	format_gateway(&row->route, gateway, sizeof(gateway));
	/* The counters are of all routes of the table together. */
	if (row->route.table)
		snprintf(import, sizeof(import), "(table %u)", row->route.table);
	listing_cell(listing, "%s", prefix);
	listing_cell(listing, "%s", row->route.device);
	listing_count(listing, standing->counter.packets);
	listing_count(listing, standing->counter.bytes);
	sheet_rate_cells(sheet, listing, &standing->rate);
	listing_age(listing, standing->idle_s, standing->counter.packets);
	listing_cell(listing, "%s", next_hop_state(neighbours, &row->route));
	listing_cell(listing, "%s", gateway);
	listing_cell(listing, "%s", import);
}

static int print_rows(const struct rows *rows, const struct neighbours *neighbours)
{
	struct listing listing;

	listing_begin(&listing);
	listing_column(&listing, "PREFIX", COLUMN_LEFT);
	listing_column(&listing, "DEV", COLUMN_LEFT);
	listing_column(&listing, "PKTS", COLUMN_RIGHT);
	listing_column(&listing, "BYTES", COLUMN_RIGHT);
	sheet_rate_columns(rows->sheet, &listing);
	listing_column(&listing, "LAST", COLUMN_RIGHT);
	listing_column(&listing, "NEXT HOP", COLUMN_LEFT);
	listing_column(&listing, "VIA", COLUMN_WHOLE);
	listing_column(&listing, "", COLUMN_WHOLE);
	for (size_t i = 0; i < rows->count; i++)
		print_row(rows->sheet, neighbours, &rows->rows[i], &listing);
	return sheet_listing(rows->sheet, &listing);
}

static json_t *rows_json(const struct rows *rows, const struct neighbours *neighbours)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rows->count; i++)
		json_array_append_new(list, row_json(rows->sheet, neighbours, &rows->rows[i]));
	return list;
}

static int show_routes(struct sheet *sheet, struct instance *instance)
{
	struct rows rows = {.sheet = sheet, .pins = &instance->pins};
	struct neighbours neighbours;
	enum order order;
	int status = order_read(sheet->invocation, ORDER_NONE, &order);

	if (!status)
		status = read_rows(&rows, order);
	if (!status) {
		neighbours_read(&neighbours);
		if (sheet->invocation->json)
			sheet->json = rows_json(&rows, &neighbours);
		else
			status = print_rows(&rows, &neighbours);
		neighbours_free(&neighbours);
	}
	free(rows.rows);
	return status;
}

int command_routes(const struct invocation *invocation)
{
	return watch_view(invocation, show_routes);
}
