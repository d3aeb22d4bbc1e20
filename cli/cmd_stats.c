// SPDX-License-Identifier: GPL-2.0
/*
 * stats: counters of every interface by verdict, and of every reason.
 */
#include <net/if.h>

#include "../maps/stats.h"
#include "order.h"
#include "watch.h"

/* A reason in the role of an interface, that has dropped something. */
struct row {
	struct standing standing; /* first: see order.h */
	int role;
	int reason;
};

/* ---- interfaces ---- */

static const char *name_of(unsigned int ifindex, char *name)
{
	return if_indextoname(ifindex, name) ?: "(gone)";
}

static struct rate rate_of_verdict(const struct sheet *sheet, __u32 interface, int verdict,
				   const struct counter *counter)
{
	return rates_of_index(sheet->rates, COUNTED_VERDICT, interface, verdict, counter);
}

static json_t *counter_json(const struct sheet *sheet, const struct counter *counter,
			    const struct rate *rate)
{
	json_t *object = json_pack("{s:I, s:I}", "packets", (json_int_t)counter->packets, "bytes",
				   (json_int_t)counter->bytes);

	rates_to_json(sheet->rates, rate, "", object);
	return object;
}

static json_t *interface_json(const struct sheet *sheet, const struct pins *pins,
			      const struct settings *settings, __u32 index)
{
	struct counter verdicts[XFW_VERDICT_COUNT];
	char name[IF_NAMESIZE];
	json_t *object;

	stats_interface(pins, index, verdicts);
	object = json_pack("{s:s, s:s}", "interface",
			   name_of(settings->interfaces[index].ifindex, name), "role",
			   role_names[settings->interfaces[index].role]);
	for (int i = 0; i < XFW_VERDICT_COUNT; i++) {
		struct rate rate = rate_of_verdict(sheet, index, i, &verdicts[i]);

		json_object_set_new(object, verdict_names[i],
				    counter_json(sheet, &verdicts[i], &rate));
	}
	return object;
}

/* Packets and bytes by verdict; or, of what is watched, packets and bits a second. */
static void interface_cells(const struct sheet *sheet, struct listing *listing, __u32 index,
			    const struct counter *verdicts, bool rates)
{
	for (int i = 0; i < XFW_VERDICT_COUNT; i++) {
		if (rates) {
			struct rate rate = rate_of_verdict(sheet, index, i, &verdicts[i]);

			sheet_rate_cells(sheet, listing, &rate);
		} else {
			listing_count(listing, verdicts[i].packets);
			listing_count(listing, verdicts[i].bytes);
		}
	}
}

static int print_interfaces(const struct sheet *sheet, const struct pins *pins,
			    const struct settings *settings, bool rates)
{
	struct listing listing;

	listing_begin(&listing);
	listing_column(&listing, "INTERFACE", COLUMN_LEFT);
	listing_column(&listing, "ROLE", COLUMN_LEFT);
	for (int i = 0; i < XFW_VERDICT_COUNT; i++) {
		listing_column(&listing, verdict_names[i], COLUMN_RIGHT);
		listing_column(&listing, rates ? "bit/s" : "bytes", COLUMN_RIGHT);
	}
	for (__u32 i = 0; i < settings->interface_count; i++) {
		struct counter verdicts[XFW_VERDICT_COUNT];
		char name[IF_NAMESIZE];

		stats_interface(pins, i, verdicts);
		listing_cell(&listing, "%s", name_of(settings->interfaces[i].ifindex, name));
		listing_cell(&listing, "%s", role_names[settings->interfaces[i].role]);
		interface_cells(sheet, &listing, i, verdicts, rates);
	}
	return sheet_listing(sheet, &listing);
}

/* ---- drops ---- */

static struct rate rate_of_reason(const struct sheet *sheet, int role, int reason,
				  const struct counter *counter)
{
	return rates_of_index(sheet->rates, COUNTED_REASON, role, reason, counter);
}

static json_t *drops_json(const struct sheet *sheet, const struct pins *pins)
{
	json_t *roles = json_object();

	for (int role = 0; role < XFW_ROLE_COUNT; role++) {
		struct counter reasons[XFW_DROP_REASON_COUNT];
		json_t *object = json_object();

		stats_drops(pins, role, reasons);
		for (int i = 0; i < XFW_DROP_REASON_COUNT; i++) {
			struct rate rate = rate_of_reason(sheet, role, i, &reasons[i]);

			json_object_set_new(object, reason_names[i],
					    counter_json(sheet, &reasons[i], &rate));
		}
		json_object_set_new(roles, role_names[role], object);
	}
	return roles;
}

/* Reasons that never happened are left out. */
static size_t read_rows(const struct sheet *sheet, const struct pins *pins, struct row *rows)
{
	size_t count = 0;

	for (int role = 0; role < XFW_ROLE_COUNT; role++) {
		struct counter reasons[XFW_DROP_REASON_COUNT];

		stats_drops(pins, role, reasons);
		for (int i = 0; i < XFW_DROP_REASON_COUNT; i++) {
			struct rate rate = rate_of_reason(sheet, role, i, &reasons[i]);

			if (reasons[i].packets)
				rows[count++] = (struct row){.standing.counter = reasons[i],
							     .standing.rate = rate,
							     .role = role,
							     .reason = i};
		}
	}
	return count;
}

static int print_drops(const struct sheet *sheet, const struct pins *pins)
{
	struct row rows[XFW_ROLE_COUNT * XFW_DROP_REASON_COUNT];
	size_t count = read_rows(sheet, pins, rows);
	struct listing listing;

	order_rows(ORDER_PACKETS, rows, count, sizeof(*rows));
	listing_begin(&listing);
	listing_column(&listing, "DROPS", COLUMN_LEFT);
	listing_column(&listing, "REASON", COLUMN_LEFT);
	listing_column(&listing, "PACKETS", COLUMN_RIGHT);
	sheet_rate_columns(sheet, &listing);
	listing_column(&listing, "", COLUMN_TEXT);
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		listing_cell(&listing, "%s", role_names[row->role]);
		listing_cell(&listing, "%s", reason_names[row->reason]);
		listing_cell(&listing, "%llu", (unsigned long long)row->standing.counter.packets);
		sheet_rate_cells(sheet, &listing, &row->standing.rate);
		listing_cell(&listing, "%s", reason_texts[row->reason]);
	}
	fputc('\n', sheet->to);
	return sheet_listing(sheet, &listing);
}

/* ---- the view ---- */

static json_t *stats_json(const struct sheet *sheet, const struct pins *pins,
			  const struct settings *settings)
{
	json_t *interfaces = json_array();

	for (__u32 i = 0; i < settings->interface_count; i++)
		json_array_append_new(interfaces, interface_json(sheet, pins, settings, i));
	return json_pack("{s:o, s:o}", "interfaces", interfaces, "drops", drops_json(sheet, pins));
}

static int show_stats(struct sheet *sheet, struct instance *instance)
{
	const struct pins *pins = &instance->pins;
	struct settings settings;
	int status;

	stats_settings(pins, &settings);
	if (sheet->invocation->json) {
		sheet->json = stats_json(sheet, pins, &settings);
		return EXIT_DONE;
	}
	status = print_interfaces(sheet, pins, &settings, false);
	if (!status && sheet->rates) {
		fputc('\n', sheet->to);
		status = print_interfaces(sheet, pins, &settings, true);
	}
	return status ?: print_drops(sheet, pins);
}

int command_stats(const struct invocation *invocation)
{
	return watch_view(invocation, show_stats);
}
