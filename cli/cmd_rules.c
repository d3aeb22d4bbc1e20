// SPDX-License-Identifier: GPL-2.0
/*
 * rules: as they were typed, in their order, with what each has met.
 */
#include <stdlib.h>

#include "../maps/clock.h"
#include "../maps/rules.h"
#include "order.h"
#include "watch.h"

struct row {
	struct standing standing; /* first: see order.h */
	const struct statement *statement;
};

static struct row row_make(const struct sheet *sheet, const struct pins *pins, __u32 now,
			   const struct statement *statement)
{
	struct row row = {.statement = statement};
	struct hits hits;

	hits_read(pins, MAP_RULE_STATS, statement->id, &hits);
	row.standing.counter = (struct counter){hits.packets, hits.bytes};
	row.standing.idle_s = clock_age(now, hits.last_hit);
	row.standing.rate =
		rates_of_index(sheet->rates, COUNTED_RULE, statement->id, 0, &row.standing.counter);
	return row;
}

static size_t read_rows(const struct sheet *sheet, const struct pins *pins,
			const struct document *document, struct row *rows)
{
	__u32 now = clock_tick(pins);
	size_t count = 0;

	for (size_t i = 0; i < document->count; i++)
		if (statement_is_rule(&document->statements[i]))
			rows[count++] = row_make(sheet, pins, now, &document->statements[i]);
	return count;
}

static json_t *rows_json(const struct sheet *sheet, const struct row *rows, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct statement *statement = rows[i].statement;
		const struct standing *standing = &rows[i].standing;
		bool ever = standing->counter.packets;
		json_t *object = json_pack("{s:i, s:s, s:s, s:I, s:I, s:o}", "id",
					   (int)statement->id, "rule", statement->text, "action",
					   statement_keywords[statement->kind], "packets",
					   (json_int_t)standing->counter.packets, "bytes",
					   (json_int_t)standing->counter.bytes, "last_hit_seconds",
					   ever ? json_real(standing->idle_s) : json_null());

		rates_to_json(sheet->rates, &standing->rate, "", object);
		json_array_append_new(list, object);
	}
	return list;
}

static int print_rows(const struct sheet *sheet, const struct row *rows, size_t count)
{
	struct listing listing;

	listing_begin(&listing);
	listing_column(&listing, "ID", COLUMN_RIGHT);
	listing_column(&listing, "PKTS", COLUMN_RIGHT);
	listing_column(&listing, "BYTES", COLUMN_RIGHT);
	sheet_rate_columns(sheet, &listing);
	listing_column(&listing, "LAST", COLUMN_RIGHT);
	listing_column(&listing, "RULE", COLUMN_TEXT);
	for (size_t i = 0; i < count; i++) {
		const struct standing *standing = &rows[i].standing;

		listing_cell(&listing, "#%u", rows[i].statement->id);
		listing_count(&listing, standing->counter.packets);
		listing_count(&listing, standing->counter.bytes);
		sheet_rate_cells(sheet, &listing, &standing->rate);
		listing_age(&listing, standing->idle_s, standing->counter.packets);
		listing_cell(&listing, "%s", rows[i].statement->text);
	}
	return sheet_listing(sheet, &listing);
}

static int show_rules(struct sheet *sheet, struct instance *instance)
{
	const struct invocation *invocation = sheet->invocation;
	struct document document;
	struct row *rows = NULL;
	enum order order;
	size_t count;
	int status;

	status = order_read(invocation, ORDER_NONE, &order);
	if (!status)
		status = read_running(invocation, instance, &document);
	if (status)
		return status;
	rows = calloc(document.count + 1, sizeof(*rows));
	if (!rows) {
		document_free(&document);
		return say_error(invocation, "rules: out of memory");
	}
	count = read_rows(sheet, &instance->pins, &document, rows);
	order_rows(order, rows, count, sizeof(*rows));
	if (invocation->json)
		sheet->json = rows_json(sheet, rows, count);
	else
		status = print_rows(sheet, rows, count);
	free(rows);
	document_free(&document);
	return status;
}

int command_rules(const struct invocation *invocation)
{
	return watch_view(invocation, show_rules);
}
