// SPDX-License-Identifier: GPL-2.0
/*
 * status: how it stands: interfaces, modes, programs, how full the maps are, what waits.
 */
#include <net/if.h>
#include <string.h>

#include "../maps/generation.h"
#include "../maps/stats.h"
#include "attachment.h"
#include "watch.h"

/*
 * Of a role whose interface is not among those that are judged: "absent", or "none" when it came
 * (back) and nobody has looked since. NULL for all others.
 */
static const char *missing_mode(const struct settings *settings, const struct statement *statement)
{
	unsigned int ifindex;

	if (statement_groups[statement->kind] != GROUP_ROLES)
		return NULL;
	ifindex = if_nametoindex(statement->words[1]);
	for (__u32 i = 0; i < settings->interface_count; i++)
		if (settings->interfaces[i].ifindex == ifindex)
			return NULL;
	return ifindex ? "none" : "absent";
}

/* What comes in by the settings' interface @index, and what of it is dropped. */
static void read_rates(const struct sheet *sheet, const struct pins *pins, __u32 index,
		       struct rate *all, struct rate *dropped)
{
	struct counter verdicts[XFW_VERDICT_COUNT], sum = {};

	if (!sheet->rates)
		return;
	stats_interface(pins, index, verdicts);
	for (int i = 0; i < XFW_VERDICT_COUNT; i++) {
		sum.packets += verdicts[i].packets;
		sum.bytes += verdicts[i].bytes;
	}
	*all = rates_of_index(sheet->rates, COUNTED_VERDICT, index, XFW_VERDICT_COUNT, &sum);
	*dropped = rates_of_index(sheet->rates, COUNTED_VERDICT, index, VERDICT_DROP,
				  &verdicts[VERDICT_DROP]);
}

static json_t *attachment_json(const struct sheet *sheet, const struct pins *pins, __u32 index,
			       const struct attachment *attachment)
{
	struct rate all = {}, dropped = {};
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "interface", attachment->name,
				   "role", attachment->role, "mode", attachment->mode, "held",
				   attachment->held, "program", attachment->program, "program_id",
				   (int)attachment->program_id);

	read_rates(sheet, pins, index, &all, &dropped);
	rates_to_json(sheet->rates, &all, "", object);
	rates_to_json(sheet->rates, &dropped, "_dropped", object);
	return object;
}

/* The maps that can fill up. */
static const enum lasting_map filling[] = {MAP_FLOWS, MAP_FLOWS_OPENING, MAP_FRAGMENTS, MAP_PORTS,
					   MAP_PORT_DEVICES};

static json_t *fills_json(const struct pins *pins)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(filling) / sizeof(filling[0]); i++) {
		struct map_fill fill;

		stats_fill(pins->maps[filling[i]], &fill);
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:i}", "name", map_names[filling[i]],
						"used", fill.used, "capacity", fill.capacity));
	}
	return list;
}

/* Does the file say what runs? -1: it cannot be read. */
static int is_saved(const struct invocation *invocation, const struct document *running)
{
	struct document file;
	struct faults faults = {};
	FILE *nowhere;
	int saved = -1;

	document_init(&file, invocation->config);
	nowhere = fopen("/dev/null", "we");
	if (nowhere && !document_read_file(&file, invocation->config, &faults))
		saved = !document_diff(running, &file, nowhere);
	if (nowhere)
		fclose(nowhere);
	document_free(&file);
	return saved;
}

static void print_attachment(const struct sheet *sheet, const struct pins *pins, __u32 index,
			     const struct attachment *attachment, struct listing *listing)
{
	struct rate all = {}, dropped = {};

	read_rates(sheet, pins, index, &all, &dropped);
	listing_cell(listing, "%s", attachment->name);
	listing_cell(listing, "%s", attachment->role);
	listing_cell(listing, "%s", attachment->mode);
	listing_cell(listing, "%s", attachment->held);
	listing_cell(listing, "%s", attachment->program);
	listing_cell(listing, "%u", attachment->program_id);
	sheet_rate_cells(sheet, listing, &all);
	if (sheet->rates)
		listing_count(listing, dropped.packets + 0.5);
}

static void print_missing(const struct sheet *sheet, const struct statement *statement,
			  const char *mode, struct listing *listing)
{
	listing_cell(listing, "%s", statement->words[1]);
	listing_cell(listing, "%s", statement->words[0]);
	listing_cell(listing, "%s", mode);
	for (int i = 0; i < (sheet->rates ? 6 : 3); i++)
		listing_cell(listing, "%s", "");
}

static int print_attachments(const struct sheet *sheet, const struct pins *pins,
			     const struct settings *settings, const struct document *running)
{
	struct attachment attachment;
	struct listing listing;

	listing_begin(&listing);
	listing_column(&listing, "INTERFACE", COLUMN_LEFT);
	listing_column(&listing, "ROLE", COLUMN_LEFT);
	listing_column(&listing, "MODE", COLUMN_LEFT);
	listing_column(&listing, "HELD BY", COLUMN_LEFT);
	listing_column(&listing, "PROGRAM", COLUMN_LEFT);
	listing_column(&listing, "ID", COLUMN_LEFT);
	sheet_rate_columns(sheet, &listing);
	if (sheet->rates)
		listing_column(&listing, "DROP/S", COLUMN_RIGHT);
	for (__u32 i = 0; i < settings->interface_count; i++)
		if (attachment_of(pins, &settings->interfaces[i], &attachment))
			print_attachment(sheet, pins, i, &attachment, &listing);
	for (size_t i = 0; i < running->count; i++) {
		const struct statement *statement = &running->statements[i];
		const char *mode = missing_mode(settings, statement);

		if (mode)
			print_missing(sheet, statement, mode, &listing);
	}
	return sheet_listing(sheet, &listing);
}

static json_t *attachments_json(const struct sheet *sheet, const struct pins *pins,
				const struct settings *settings, const struct document *running)
{
	json_t *interfaces = json_array();
	struct attachment attachment;

	for (__u32 i = 0; i < settings->interface_count; i++)
		if (attachment_of(pins, &settings->interfaces[i], &attachment))
			json_array_append_new(interfaces,
					      attachment_json(sheet, pins, i, &attachment));
	for (size_t i = 0; i < running->count; i++) {
		const struct statement *statement = &running->statements[i];
		const char *mode = missing_mode(settings, statement);

		if (mode)
			json_array_append_new(interfaces,
					      json_pack("{s:s, s:s, s:s}", "interface",
							statement->words[1], "role",
							statement->words[0], "mode", mode));
	}
	return interfaces;
}

static void say_unfiltered(const struct sheet *sheet, const struct settings *settings,
			   const struct document *running)
{
	for (size_t i = 0; i < running->count; i++) {
		const char *mode = missing_mode(settings, &running->statements[i]);

		if (mode && !strcmp(mode, "none"))
			fprintf(sheet->to, "%s is NOT FILTERED; 'xfw sync' attaches it\n",
				running->statements[i].words[1]);
	}
}

static int print_status(const struct sheet *sheet, const struct pins *pins,
			const struct settings *settings, const struct document *running, int saved)
{
	static const char *const words[] = {"the file cannot be read",
					    "running differs from the file", "running is saved"};
	int status = print_attachments(sheet, pins, settings, running);
	double left;

	say_unfiltered(sheet, settings, running);
	fprintf(sheet->to, "\n%-16s %10s %10s\n", "MAP", "USED", "CAPACITY");
	for (size_t i = 0; i < sizeof(filling) / sizeof(filling[0]); i++) {
		struct map_fill fill;

		stats_fill(pins->maps[filling[i]], &fill);
		fprintf(sheet->to, "%-16s %10u %10u\n", map_names[filling[i]], fill.used,
			fill.capacity);
	}
	fprintf(sheet->to, "\ngeneration %u, ", generation_current(pins));
	if (generation_on_trial(pins, &left))
		fprintf(sheet->to, "waits for confirmation for %.0f s more, ", left);
	else
		fprintf(sheet->to, "nothing waits for confirmation, ");
	fprintf(sheet->to, "%s\n", words[saved + 1]);
	return status;
}

static json_t *status_json(const struct sheet *sheet, const struct pins *pins,
			   const struct settings *settings, const struct document *running,
			   int saved)
{
	double left;
	bool on_trial = generation_on_trial(pins, &left);

	return json_pack("{s:i, s:o, s:o, s:o, s:o}", "generation", (int)generation_current(pins),
			 "interfaces", attachments_json(sheet, pins, settings, running), "maps",
			 fills_json(pins), "pending_confirm",
			 on_trial ? json_pack("{s:f}", "seconds_left", left) : json_null(), "saved",
			 saved < 0 ? json_null() : json_boolean(saved));
}

static int show_status(struct sheet *sheet, struct instance *instance)
{
	const struct invocation *invocation = sheet->invocation;
	const struct pins *pins = &instance->pins;
	struct settings settings;
	struct document running;
	int status = read_running(invocation, instance, &running), saved;

	if (status)
		return status;
	saved = is_saved(invocation, &running);
	stats_settings(pins, &settings);
	if (invocation->json)
		sheet->json = status_json(sheet, pins, &settings, &running, saved);
	else
		status = print_status(sheet, pins, &settings, &running, saved);
	document_free(&running);
	return status;
}

int command_status(const struct invocation *invocation)
{
	return watch_view(invocation, show_status);
}
