// SPDX-License-Identifier: GPL-2.0
/*
 * What top shows, read at once: everything in every view, so that rates are known when one turns
 * to it. Prints nothing: the screen is not ours.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../loader/instance.h"
#include "../maps/clock.h"
#include "../maps/generation.h"
#include "../maps/rules.h"
#include "../maps/talkers.h"
#include "prefix.h"
#include "resolve.h"
#include "top.h"

enum {
	LOOK_SECONDS = 3, /* so long talkers are counted when nobody says it again */
	FILL_EVERY_S = 5, /* to count a map's entries holds up its buckets */
};

#define TITLE(id, title, heading, sort)	  [TOP_##id] = #title,
#define HEADING(id, title, heading, sort) [TOP_##id] = heading,
const char *const top_titles[TOP_VIEWS] = {XFW_TOP_VIEWS(TITLE)};
const char *const top_headings[TOP_VIEWS] = {XFW_TOP_VIEWS(HEADING)};

const struct top_column top_columns[TOP_VIEWS][TOP_COLUMNS] = {
	[TOP_RULES] = {{"PPS", UNIT_COUNT},
		       {"BIT/S", UNIT_COUNT},
		       {"PACKETS", UNIT_COUNT},
		       {"LAST", UNIT_AGE}},
	[TOP_GUESTS] = {{"IN PPS", UNIT_COUNT},
			{"BIT/S", UNIT_COUNT},
			{"OUT PPS", UNIT_COUNT},
			{"BIT/S", UNIT_COUNT},
			{"DROP/S", UNIT_COUNT}},
	[TOP_REASONS] = {{"PPS", UNIT_COUNT}, {"BIT/S", UNIT_COUNT}, {"PACKETS", UNIT_COUNT}},
	[TOP_SOURCES] = {{"PPS", UNIT_COUNT}, {"BIT/S", UNIT_COUNT}, {"DROP/S", UNIT_COUNT}},
};

struct source {
	const struct pins *pins;
	struct rates *rates;
	struct top_reading *reading;
};

void top_reading_init(struct top_reading *reading)
{
	memset(reading, 0, sizeof(*reading));
	document_init(&reading->running, NULL);
}

void top_reading_free(struct top_reading *reading)
{
	for (int i = 0; i < TOP_VIEWS; i++)
		free(reading->views[i].rows);
	free(reading->names);
	document_free(&reading->running);
	top_reading_init(reading);
}

/* Out of memory, a row is left out. */
static void add_row(struct top_rows *rows, const struct top_row *row)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 64;
		struct top_row *more = reallocarray(rows->rows, room, sizeof(*more));

		if (!more)
			return;
		rows->rows = more;
		rows->room = room;
	}
	rows->rows[rows->count++] = *row;
}

/* ---- the views ---- */

static void read_rules(const struct source *source)
{
	const struct document *running = &source->reading->running;
	__u32 now = clock_tick(source->pins);

	for (size_t i = 0; i < running->count; i++) {
		const struct statement *statement = &running->statements[i];
		struct counter counter;
		struct rate rate;
		struct hits hits;

		if (!statement_is_rule(statement))
			continue;
		hits_read(source->pins, MAP_RULE_STATS, statement->id, &hits);
		counter = (struct counter){hits.packets, hits.bytes};
		rate = rates_of_index(source->rates, COUNTED_RULE, statement->id, 0, &counter);
		add_row(&source->reading->views[TOP_RULES],
			&(struct top_row){.values = {rate.packets, rate.bits, hits.packets,
						     hits.packets ? clock_age(now, hits.last_hit)
								  : -1},
					  .number = statement->id,
					  .text = statement->text});
	}
}

/* Reasons that never happened are left out. */
static void read_reasons(const struct source *source)
{
	for (int role = 0; role < XFW_ROLE_COUNT; role++) {
		struct counter reasons[XFW_DROP_REASON_COUNT];

		stats_drops(source->pins, role, reasons);
		for (int i = 0; i < XFW_DROP_REASON_COUNT; i++) {
			struct rate rate =
				rates_of_index(source->rates, COUNTED_REASON, role, i, &reasons[i]);

			if (reasons[i].packets)
				add_row(&source->reading->views[TOP_REASONS],
					&(struct top_row){.values = {rate.packets, rate.bits,
								     reasons[i].packets},
							  .number = role * XFW_DROP_REASON_COUNT +
								    i});
		}
	}
}

enum { TALKER_IN, TALKER_OUT, TALKER_DROPPED };

static struct rate rate_of_talker(const struct source *source, const struct talker_key *key,
				  __u32 way, struct counter counter)
{
	struct counter_key counted = {
		.what = COUNTED_TALKER,
		.index = way,
		.flow = {.inside = key->address, .protocol = key->kind},
	};

	return rates_of(source->rates, &counted, &counter);
}

static void take_talker(const struct talker_key *key, const struct talker *talker, void *context)
{
	const struct source *source = context;
	struct rate in = rate_of_talker(source, key, TALKER_IN, talker->in);
	struct rate out = rate_of_talker(source, key, TALKER_OUT, talker->out);
	struct rate dropped = rate_of_talker(source, key, TALKER_DROPPED,
					     (struct counter){.packets = talker->dropped});
	struct top_row guest = {.values = {in.packets, in.bits, out.packets, out.bits,
					   dropped.packets},
				.address = key->address};
	struct top_row stranger = {.values = {in.packets, in.bits, dropped.packets},
				   .address = key->address};

	/* The map is never emptied: who is silent now talked some time ago. */
	if (in.packets + out.packets == 0)
		return;
	if (key->kind == TALKER_GUEST)
		add_row(&source->reading->views[TOP_GUESTS], &guest);
	else
		add_row(&source->reading->views[TOP_SOURCES], &stranger);
}

/* ---- the summary ---- */

static void read_interfaces(const struct source *source)
{
	struct top_reading *reading = source->reading;
	struct settings settings;

	stats_settings(source->pins, &settings);
	for (__u32 i = 0; i < settings.interface_count; i++) {
		struct top_interface *interface = &reading->interfaces[i];
		struct counter verdicts[XFW_VERDICT_COUNT], sum = {};

		stats_interface(source->pins, i, verdicts);
		for (int j = 0; j < XFW_VERDICT_COUNT; j++) {
			sum.packets += verdicts[j].packets;
			sum.bytes += verdicts[j].bytes;
		}
		if (!if_indextoname(settings.interfaces[i].ifindex, interface->name))
			strcpy(interface->name, "(gone)");
		interface->role = settings.interfaces[i].role;
		interface->in =
			rates_of_index(source->rates, COUNTED_VERDICT, i, XFW_VERDICT_COUNT, &sum);
		interface->dropped = rates_of_index(source->rates, COUNTED_VERDICT, i, VERDICT_DROP,
						    &verdicts[VERDICT_DROP]);
	}
	reading->interface_count = settings.interface_count;
}

static void read_names(struct top_reading *reading)
{
	struct names names = {};
	struct fault fault;

	reading->names = calloc(reading->running.count + 1, sizeof(*reading->names));
	if (!reading->names || collect_names(&reading->running, &names)) {
		names_free(&names);
		return;
	}
	for (size_t i = 0; i < reading->running.count; i++) {
		const struct statement *statement = &reading->running.statements[i];
		struct top_name *name = &reading->names[reading->name_count];

		if (statement->kind != STATEMENT_DEFINE ||
		    names_address(&names, statement->words[1], &name->address, &fault))
			continue;
		name->name = statement->words[1];
		reading->name_count++;
	}
	names_free(&names);
}

static int read_running_document(struct instance *instance, struct document *running,
				 struct report *report)
{
	struct faults faults = {};
	char *text = NULL;
	int error = instance_config_text(instance, &text, report);

	if (!error && text)
		error = document_read_running(running, text, &faults);
	free(text);
	if (error && faults.count)
		snprintf(report->error, sizeof(report->error), "%.500s", faults.lines[0]);
	return error;
}

/* ---- one reading ---- */

static void read_maps(struct source *source, const struct map_fill *flows,
		      const struct map_fill *opening)
{
	static unsigned int readings;
	struct top_reading *reading = source->reading;

	reading->flows = *flows;
	reading->opening = *opening;
	if (readings++ % FILL_EVERY_S && flows->capacity)
		return;
	stats_fill(source->pins->maps[MAP_FLOWS], &reading->flows);
	stats_fill(source->pins->maps[MAP_FLOWS_OPENING], &reading->opening);
}

static int read_all(struct instance *instance, struct top_reading *reading, struct rates *rates,
		    struct report *report)
{
	struct source source = {&instance->pins, rates, reading};
	struct map_fill flows = reading->flows, opening = reading->opening;
	int error;

	top_reading_free(reading);
	error = read_running_document(instance, &reading->running, report);
	/* The rest is counters: others may change what runs meanwhile. */
	instance_unlock(instance);
	if (error)
		return error;
	rates_turn(rates);
	reading->rates_known = rates_known(rates);
	reading->generation = generation_current(source.pins);
	reading->on_trial = generation_on_trial(source.pins, &reading->seconds_left);
	read_interfaces(&source);
	read_names(reading);
	read_maps(&source, &flows, &opening);
	read_rules(&source);
	read_reasons(&source);
	return talkers_walk(source.pins, take_talker, &source);
}

int top_read(const char *pin_directory, struct top_reading *reading, struct rates **rates)
{
	struct report report = {};
	struct instance *instance;
	int error = instance_open(pin_directory, INSTANCE_READ, &instance, &report);

	if (!error) {
		error = pins_map_control(&instance->pins);
		if (!error)
			talkers_watch(&instance->pins, LOOK_SECONDS);
		if (!error && reading && !*rates)
			*rates = rates_new();
		if (!error && reading)
			error = *rates ? read_all(instance, reading, *rates, &report) : -ENOMEM;
		instance_close(instance);
	}
	if (!error || !reading)
		return error;
	/* What comes up again begins at 0. */
	rates_free(*rates);
	*rates = NULL;
	top_reading_free(reading);
	snprintf(reading->fault, sizeof(reading->fault), "%s",
		 report.error[0] ? report.error : strerror(-error));
	return error;
}

/* ---- rows ---- */

struct sorting {
	enum top_unit unit;
	int column;
};

static int compare_rows(const void *left, const void *right, void *context)
{
	const struct sorting *sorting = context;
	const struct top_row *a = left, *b = right;
	double x = a->values[sorting->column], y = b->values[sorting->column];
	int order = (x < y) - (x > y);

	/* Never is later than any age. */
	if (sorting->unit == UNIT_AGE && x >= 0 && y >= 0)
		order = -order;
	/* What is alike stays where it is, reading by reading. */
	return order ?: (a->number > b->number) - (a->number < b->number)
			       ?: memcmp(&a->address, &b->address, sizeof(a->address));
}

void top_sort(struct top_rows *rows, enum top_view view, int column)
{
	struct sorting sorting = {top_columns[view][column].unit, column};

	if (rows->count)
		qsort_r(rows->rows, rows->count, sizeof(*rows->rows), compare_rows, &sorting);
}

static void address_text(const struct top_reading *reading, const struct address *address,
			 char *text, size_t size)
{
	char number[PREFIX_TEXT];

	address_format(address, number, sizeof(number));
	for (size_t i = 0; i < reading->name_count; i++) {
		if (!memcmp(&reading->names[i].address, address, sizeof(*address))) {
			snprintf(text, size, "%s %s", number, reading->names[i].name);
			return;
		}
	}
	snprintf(text, size, "%s", number);
}

void top_row_text(const struct top_reading *reading, enum top_view view, const struct top_row *row,
		  char *text, size_t size)
{
	__u32 reason = row->number % XFW_DROP_REASON_COUNT;

	switch (view) {
	case TOP_RULES:
		snprintf(text, size, "#%u %s", row->number, row->text);
		return;
	case TOP_GUESTS:
	case TOP_SOURCES:
		address_text(reading, &row->address, text, size);
		return;
	case TOP_REASONS:
		snprintf(text, size, "%s %-18s %s", role_names[row->number / XFW_DROP_REASON_COUNT],
			 reason_names[reason], reason_texts[reason]);
		return;
	case TOP_VIEWS:
		break;
	}
	*text = '\0';
}
