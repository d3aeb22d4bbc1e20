// SPDX-License-Identifier: GPL-2.0
/*
 * flows: what is tracked, the busiest first; which of it is asked for; and an end to that.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/clock.h"
#include "../maps/stats.h"
#include "../maps/walk.h"
#include "filter.h"
#include "order.h"
#include "points.h"
#include "watch.h"

enum { WAYS = 2 };
static const char *const way_names[WAYS] = {"_in", "_out"};

struct row {
	struct standing standing; /* first: see order.h */
	struct flow_key key;
	struct flow flow;
	struct rate rates[WAYS];
};

struct rows {
	const struct sheet *sheet;
	struct filter filter;
	bool states[XFW_FLOW_STATE_COUNT]; /* that are asked for */
	__u32 now;
	struct row *rows;
	size_t count, room;
	bool failed; /* out of memory */
};

/* ---- what is asked for ---- */

static bool find_state(const char *word, int *state)
{
	for (*state = 0; *state < XFW_FLOW_STATE_COUNT; (*state)++)
		if (!strcmp(word, flow_state_names[*state]))
			return true;
	return false;
}

static int unknown_state(const struct invocation *invocation, const char *word)
{
	char list[128] = "";

	for (int i = 0; i < XFW_FLOW_STATE_COUNT; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s",
			 flow_state_names[i]);
	return say_error(invocation, "flows: '%s' is no state (those are:%s)", word, list);
}

/* Words are states; without any, all of them are asked for. */
static int read_states(const struct invocation *invocation, struct rows *rows)
{
	bool all = invocation->word_count == 1;
	int state;

	for (int i = 0; i < XFW_FLOW_STATE_COUNT; i++)
		rows->states[i] = all;
	for (size_t i = 1; i < invocation->word_count; i++) {
		if (!find_state(invocation->words[i], &state))
			return unknown_state(invocation, invocation->words[i]);
		rows->states[state] = true;
	}
	return EXIT_DONE;
}

static int read_question(const struct invocation *invocation, struct instance *instance,
			 struct rows *rows)
{
	struct document running;
	int status;

	if (invocation->filter.rule)
		return say_error(invocation, "flows: --rule: a flow knows no rule, it started "
					     "inside (--from, --to, --port, --proto, a state)");
	status = read_states(invocation, rows);
	if (!status)
		status = read_running(invocation, instance, &running);
	if (status)
		return status;
	status = filter_read(invocation, &running, &rows->filter);
	document_free(&running);
	return status;
}

/* ---- reading ---- */

/* Expired entries linger until their place is needed: they are no flows any more. */
static bool is_asked_for(const struct rows *rows, const struct flow_key *key,
			 const struct flow *flow)
{
	/* A flow's first packet came from inside. */
	struct ends ends = ends_of(key, 0, false);

	return flow->state < XFW_FLOW_STATE_COUNT && rows->states[flow->state] &&
	       clock_age(rows->now, flow->last_seen) <= flow_state_timeouts_s[flow->state] &&
	       filter_matches(&rows->filter, &ends);
}

static struct row *new_row(struct rows *rows)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 256;
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

static struct rate rate_of(const struct rows *rows, const struct flow_key *key, __u32 way,
			   const struct counter *counter)
{
	struct counter_key counted = {.what = COUNTED_FLOW, .index = way, .flow = *key};

	return rates_of(rows->sheet->rates, &counted, counter);
}

static void take_flow(const void *key_bytes, const void *value, void *context)
{
	const struct flow *flow = value;
	struct rows *rows = context;
	struct row row = {.flow = *flow}, *place;

	memcpy(&row.key, key_bytes, sizeof(row.key));
	if (!is_asked_for(rows, &row.key, flow))
		return;
	row.rates[0] = rate_of(rows, &row.key, 0, &flow->in);
	row.rates[1] = rate_of(rows, &row.key, 1, &flow->out);
	row.standing = (struct standing){
		.counter = {flow->in.packets + flow->out.packets, flow->in.bytes + flow->out.bytes},
		.rate = {row.rates[0].packets + row.rates[1].packets,
			 row.rates[0].bits + row.rates[1].bits},
		.idle_s = clock_age(rows->now, flow->last_seen),
	};
	place = new_row(rows);
	if (place)
		*place = row;
}

/* Half-open ones first: a flow that is answered meanwhile goes the same way. */
static int read_rows(const struct invocation *invocation, const struct pins *pins,
		     struct rows *rows)
{
	int error;

	rows->now = clock_tick(pins);
	error = map_walk(pins->maps[MAP_FLOWS_OPENING], take_flow, rows)
			?: map_walk(pins->maps[MAP_FLOWS], take_flow, rows);
	if (rows->failed)
		error = -ENOMEM;
	return error ? say_error(invocation, "flows: %s", strerror(-error)) : EXIT_DONE;
}

/* ---- showing ---- */

/* The language's word, or what /etc/protocols has for a protocol that it has none for. */
static const char *protocol_name(int protocol)
{
	const char *word = protocol_word(protocol);
	const struct protoent *entry = NULL;

	if (*word >= '0' && *word <= '9')
		entry = getprotobynumber(protocol);
	return entry ? entry->p_name : word;
}

static json_t *row_json(const struct rows *rows, const struct row *row)
{
	const struct flow_key *key = &row->key;
	const struct flow *flow = &row->flow;
	char inside[PREFIX_TEXT], outside[PREFIX_TEXT];
	json_t *object;

	address_format(&key->inside, inside, sizeof(inside));
	address_format(&key->outside, outside, sizeof(outside));
	object = json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:f, s:f, s:I, s:I, s:I, s:I}",
			   "protocol", protocol_name(key->protocol), "inside", inside,
			   "inside_port", key->inside_port, "outside", outside, "outside_port",
			   key->outside_port, "state", flow_state_names[flow->state], "age_seconds",
			   clock_age(rows->now, flow->created), "idle_seconds",
			   row->standing.idle_s, "packets_in", (json_int_t)flow->in.packets,
			   "bytes_in", (json_int_t)flow->in.bytes, "packets_out",
			   (json_int_t)flow->out.packets, "bytes_out", (json_int_t)flow->out.bytes);
	for (int way = 0; way < WAYS; way++)
		rates_to_json(rows->sheet->rates, &row->rates[way], way_names[way], object);
	return object;
}

static json_t *rows_json(const struct rows *rows)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rows->count; i++)
		json_array_append_new(list, row_json(rows, &rows->rows[i]));
	return list;
}

/* "2001:db8::5 40000"; an ICMP echo has an identifier inside, and nothing outside. */
static void end_cell(struct listing *listing, const char *before, const struct address *address,
		     __u16 port)
{
	char text[PREFIX_TEXT];

	address_format(address, text, sizeof(text));
	if (port)
		listing_cell(listing, "%s%s %u", before, text, port);
	else
		listing_cell(listing, "%s%s", before, text);
}

static void rate_cell(const struct rows *rows, struct listing *listing, const struct rate *rate)
{
	if (!rows->sheet->rates)
		return;
	if (rates_known(rows->sheet->rates))
		listing_count(listing, rate->bits + 0.5);
	else
		listing_cell(listing, "-");
}

static void print_row(const struct rows *rows, const struct row *row, struct listing *listing)
{
	listing_cell(listing, "%s", protocol_name(row->key.protocol));
	listing_cell(listing, "%s", flow_state_names[row->flow.state]);
	listing_age(listing, clock_age(rows->now, row->flow.created), true);
	listing_age(listing, row->standing.idle_s, true);
	listing_count(listing, row->flow.in.bytes);
	rate_cell(rows, listing, &row->rates[0]);
	listing_count(listing, row->flow.out.bytes);
	rate_cell(rows, listing, &row->rates[1]);
	end_cell(listing, "", &row->key.inside, row->key.inside_port);
	end_cell(listing, "> ", &row->key.outside, row->key.outside_port);
}

static int print_rows(const struct rows *rows)
{
	struct listing listing;

	listing_begin(&listing);
	listing_column(&listing, "PROTO", COLUMN_LEFT);
	listing_column(&listing, "STATE", COLUMN_LEFT);
	listing_column(&listing, "AGE", COLUMN_RIGHT);
	listing_column(&listing, "IDLE", COLUMN_RIGHT);
	listing_column(&listing, "IN", COLUMN_RIGHT);
	if (rows->sheet->rates)
		listing_column(&listing, "BIT/S", COLUMN_RIGHT);
	listing_column(&listing, "OUT", COLUMN_RIGHT);
	if (rows->sheet->rates)
		listing_column(&listing, "BIT/S", COLUMN_RIGHT);
	listing_column(&listing, "INSIDE", COLUMN_WHOLE);
	listing_column(&listing, "> OUTSIDE", COLUMN_WHOLE);
	for (size_t i = 0; i < rows->count; i++)
		print_row(rows, &rows->rows[i], &listing);
	return sheet_listing(rows->sheet, &listing);
}

static int show_flows(struct sheet *sheet, struct instance *instance)
{
	const struct invocation *invocation = sheet->invocation;
	struct rows rows = {.sheet = sheet};
	enum order order;
	int status = order_read(invocation, ORDER_BYTES, &order);

	if (!status)
		status = read_question(invocation, instance, &rows);
	if (!status)
		status = read_rows(invocation, &instance->pins, &rows);
	order_rows(order, rows.rows, rows.count, sizeof(*rows.rows));
	if (!status && invocation->json)
		sheet->json = rows_json(&rows);
	else if (!status)
		status = print_rows(&rows);
	free(rows.rows);
	return status;
}

/* ---- ending ---- */

static int kill_flows(const struct invocation *invocation, struct instance *instance)
{
	static const enum lasting_map maps[] = {MAP_FLOWS_OPENING, MAP_FLOWS};
	const struct sheet sheet = {.invocation = invocation};
	struct rows rows = {.sheet = &sheet};
	size_t killed = 0;
	int status = read_question(invocation, instance, &rows);

	if (!status && !rows.filter.is_set && invocation->word_count == 1)
		status = say_error(invocation, "flows: --kill ends what the filters say, and there "
					       "is none: add --from, --to, --port, --proto or a "
					       "state; nothing was changed");
	if (!status)
		status = read_rows(invocation, &instance->pins, &rows);
	for (size_t i = 0; !status && i < rows.count; i++) {
		bool there = false;

		/* It may have been answered, and moved, since it was seen. */
		for (size_t j = 0; j < sizeof(maps) / sizeof(maps[0]); j++)
			there |= !bpf_map_delete_elem(instance->pins.maps[maps[j]],
						      &rows.rows[i].key);
		killed += there;
	}
	free(rows.rows);
	if (status)
		return status;
	if (invocation->json)
		return say_json(json_pack("{s:I}", "killed", (json_int_t)killed));
	printf("killed %zu flow%s\n", killed, killed == 1 ? "" : "s");
	return EXIT_DONE;
}

int command_flows(const struct invocation *invocation)
{
	struct instance *instance;
	int status;

	if (!invocation->kill)
		return watch_view(invocation, show_flows);
	if (invocation->watch)
		return say_error(invocation, "flows: --kill happens once: leave --watch out");
	instance = open_running(invocation, INSTANCE_READ);
	if (!instance)
		return EXIT_REFUSED;
	status = kill_flows(invocation, instance);
	instance_close(instance);
	return status;
}
