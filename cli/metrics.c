/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names and units follow Prometheus' conventions: base units, _total on counters. Cardinality is
 * bounded by what is configured: interfaces, reasons, rules, slices; never by traffic.
 */
#include "metrics.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../loader/instance.h"
#include "../maps/clock.h"
#include "../maps/generation.h"
#include "../maps/rules.h"
#include "../maps/stats.h"
#include "../maps/walk.h"
#include "attachment.h"
#include "document.h"
#include "prefix.h"

static void family(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Label values escape what would end them. */
static void put_label(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', to);
		if (*text == '\n')
			fputs("\\n", to);
		else
			fputc(*text, to);
	}
}

/* ---- interfaces and drops ---- */

/* Who it is about; the series' further labels and its value are the caller's. */
static void begin_interface(FILE *to, const char *name, const struct attachment *attachment)
{
	fprintf(to, "%s{interface=\"", name);
	put_label(to, attachment->name);
	fprintf(to, "\",role=\"%s\"", attachment->role);
}

static void put_interfaces(FILE *to, const struct pins *pins, const struct settings *settings,
			   bool bytes)
{
	const char *name = bytes ? "xfw_interface_bytes_total" : "xfw_interface_packets_total";

	family(to, name, "counter",
	       bytes ? "Bytes that came in, by what became of them."
		     : "Packets that came in, by what became of them.");
	for (__u32 i = 0; i < settings->interface_count; i++) {
		struct counter verdicts[XFW_VERDICT_COUNT];
		struct attachment attachment;

		if (!attachment_of(pins, &settings->interfaces[i], &attachment))
			continue;
		stats_interface(pins, i, verdicts);
		for (int j = 0; j < XFW_VERDICT_COUNT; j++) {
			begin_interface(to, name, &attachment);
			fprintf(to, ",verdict=\"%s\"} %llu\n", verdict_names[j],
				(unsigned long long)(bytes ? verdicts[j].bytes
							   : verdicts[j].packets));
		}
	}
}

static void put_modes(FILE *to, const struct pins *pins, const struct settings *settings)
{
	family(to, "xfw_interface_info", "gauge", "How an interface is filtered, always 1.");
	for (__u32 i = 0; i < settings->interface_count; i++) {
		struct attachment attachment;

		if (!attachment_of(pins, &settings->interfaces[i], &attachment))
			continue;
		begin_interface(to, "xfw_interface_info", &attachment);
		fprintf(to, ",mode=\"%s\",program=\"%s\"} 1\n", attachment.mode,
			attachment.program);
	}
}

static void put_drops(FILE *to, const struct pins *pins, bool bytes)
{
	const char *name = bytes ? "xfw_drop_bytes_total" : "xfw_drop_packets_total";

	family(to, name, "counter",
	       bytes ? "Bytes dropped, by reason." : "Packets dropped, by reason.");
	for (int role = 0; role < XFW_ROLE_COUNT; role++) {
		struct counter reasons[XFW_DROP_REASON_COUNT];

		stats_drops(pins, role, reasons);
		for (int i = 0; i < XFW_DROP_REASON_COUNT; i++)
			fprintf(to, "%s{role=\"%s\",reason=\"%s\"} %llu\n", name, role_names[role],
				reason_names[i],
				(unsigned long long)(bytes ? reasons[i].bytes
							   : reasons[i].packets));
	}
}

/* ---- rules and slices ---- */

/* Both counters of a rule from one reading, so that they belong together. */
static struct hits *read_rules(const struct pins *pins, const struct document *running)
{
	struct hits *hits = calloc(running->count + 1, sizeof(*hits));

	for (size_t i = 0; hits && i < running->count; i++)
		if (statement_is_rule(&running->statements[i]))
			hits_read(pins, MAP_RULE_STATS, running->statements[i].id, &hits[i]);
	return hits;
}

static void put_rules(FILE *to, const struct document *running, const struct hits *hits, bool bytes)
{
	const char *name = bytes ? "xfw_rule_bytes_total" : "xfw_rule_packets_total";

	family(to, name, "counter",
	       bytes ? "Bytes that a rule let in or kept out."
		     : "Packets that a rule let in or kept out.");
	for (size_t i = 0; hits && i < running->count; i++) {
		const struct statement *statement = &running->statements[i];

		if (!statement_is_rule(statement))
			continue;
		fprintf(to, "%s{id=\"%u\",rule=\"", name, statement->id);
		put_label(to, statement->text);
		fprintf(to, "\"} %llu\n",
			(unsigned long long)(bytes ? hits[i].bytes : hits[i].packets));
	}
}

static void put_slices(FILE *to, const struct pins *pins, bool bytes)
{
	const char *name = bytes ? "xfw_route_bytes_total" : "xfw_route_packets_total";
	int table = generation_table_open(pins, TABLE_ROUTES);
	struct prefix_key key, *previous = NULL;
	struct route route;

	family(to, name, "counter", bytes ? "Bytes towards a slice." : "Packets towards a slice.");
	while (table >= 0 && !bpf_map_get_next_key(table, previous, &key)) {
		struct prefix prefix = {key.address, key.prefixlen};
		char text[PREFIX_TEXT];
		struct hits hits;

		previous = &key;
		if (bpf_map_lookup_elem(table, &key, &route) || !route.index)
			continue;
		hits_read(pins, MAP_ROUTE_STATS, route.index, &hits);
		prefix_format(&prefix, text, sizeof(text));
		fprintf(to, "%s{prefix=\"%s\",device=\"", name, text);
		put_label(to, route.device);
		fprintf(to, "\"} %llu\n", (unsigned long long)(bytes ? hits.bytes : hits.packets));
	}
	if (table >= 0)
		close(table);
}

/* ---- flows and maps ---- */

struct flow_count {
	__u32 now;
	unsigned long long states[XFW_FLOW_STATE_COUNT];
};

/* Expired entries linger until their place is needed: they are no flows any more. */
static void count_flow(const void *key, const void *value, void *context)
{
	const struct flow *flow = value;
	struct flow_count *count = context;

	(void)key;
	if (flow->state < XFW_FLOW_STATE_COUNT &&
	    clock_age(count->now, flow->last_seen) <= flow_state_timeouts_s[flow->state])
		count->states[flow->state]++;
}

static void put_flows(FILE *to, const struct pins *pins)
{
	struct flow_count count = {.now = clock_tick(pins)};

	map_walk(pins->maps[MAP_FLOWS], count_flow, &count);
	map_walk(pins->maps[MAP_FLOWS_OPENING], count_flow, &count);
	family(to, "xfw_flows", "gauge", "Tracked flows, by state.");
	for (int i = 0; i < XFW_FLOW_STATE_COUNT; i++)
		fprintf(to, "xfw_flows{state=\"%s\"} %llu\n", flow_state_names[i], count.states[i]);
}

static const enum lasting_map bounded[] = {MAP_FLOWS, MAP_FLOWS_OPENING, MAP_FRAGMENTS, MAP_PORTS};

static void put_maps(FILE *to, const struct pins *pins)
{
	struct map_fill fills[sizeof(bounded) / sizeof(bounded[0])];

	for (size_t i = 0; i < sizeof(bounded) / sizeof(bounded[0]); i++)
		stats_fill(pins->maps[bounded[i]], &fills[i]);
	family(to, "xfw_map_entries", "gauge",
	       "Entries in a table; those of the flows include what expired and was not reused.");
	for (size_t i = 0; i < sizeof(bounded) / sizeof(bounded[0]); i++)
		fprintf(to, "xfw_map_entries{map=\"%s\"} %u\n", map_names[bounded[i]],
			fills[i].used);
	family(to, "xfw_map_capacity_entries", "gauge", "Entries a table has room for.");
	for (size_t i = 0; i < sizeof(bounded) / sizeof(bounded[0]); i++)
		fprintf(to, "xfw_map_capacity_entries{map=\"%s\"} %u\n", map_names[bounded[i]],
			fills[i].capacity);
}

/* ---- programs, generation ---- */

/* Counted by the kernel only while kernel.bpf_stats_enabled says so. */
static void put_programs(FILE *to, const struct pins *pins, bool seconds)
{
	const char *name = seconds ? "xfw_program_run_seconds_total" : "xfw_program_runs_total";

	family(to, name, "counter",
	       seconds ? "Time a program ran (0 unless kernel.bpf_stats_enabled is 1)."
		       : "Times a program ran (0 unless kernel.bpf_stats_enabled is 1).");
	for (int i = 0; i < PROGRAM_COUNT; i++) {
		struct bpf_prog_info info = {};
		__u32 length = sizeof(info);

		if (bpf_obj_get_info_by_fd(pins->programs[i], &info, &length))
			continue;
		if (seconds)
			fprintf(to, "%s{program=\"%s\"} %.9f\n", name, program_names[i],
				info.run_time_ns / 1e9);
		else
			fprintf(to, "%s{program=\"%s\"} %llu\n", name, program_names[i],
				(unsigned long long)info.run_cnt);
	}
}

static void put_generation(FILE *to, const struct pins *pins)
{
	double left;
	bool on_trial = generation_on_trial(pins, &left);

	family(to, "xfw_generation", "gauge", "Number of the policy that judges.");
	fprintf(to, "xfw_generation %u\n", generation_current(pins));
	family(to, "xfw_pending_confirm_seconds", "gauge",
	       "Time a change on trial has left, 0 when none is.");
	fprintf(to, "xfw_pending_confirm_seconds %.3f\n", on_trial ? left : 0);
}

static void put_all(FILE *to, const struct pins *pins, const struct document *running)
{
	struct hits *hits = read_rules(pins, running);
	struct settings settings;

	stats_settings(pins, &settings);
	put_interfaces(to, pins, &settings, false);
	put_interfaces(to, pins, &settings, true);
	put_modes(to, pins, &settings);
	put_drops(to, pins, false);
	put_drops(to, pins, true);
	put_rules(to, running, hits, false);
	put_rules(to, running, hits, true);
	free(hits);
	put_slices(to, pins, false);
	put_slices(to, pins, true);
	put_flows(to, pins);
	put_maps(to, pins);
	put_programs(to, pins, false);
	put_programs(to, pins, true);
	put_generation(to, pins);
}

static int open_document(struct instance *instance, struct document *running)
{
	struct report report = {};
	struct faults faults = {};
	char *text = NULL;
	int error = instance_config_text(instance, &text, &report);

	document_init(running, NULL);
	if (!error && text)
		error = document_read_running(running, text, &faults);
	free(text);
	return error;
}

char *metrics_text(const char *pin_directory, size_t *length)
{
	struct instance *instance = NULL;
	struct document running;
	struct report report = {};
	char *text = NULL;
	FILE *to = open_memstream(&text, length);
	bool up;

	if (!to)
		return NULL;
	up = !instance_open(pin_directory, INSTANCE_READ, &instance, &report);
	family(to, "xfw_up", "gauge", "1 while xfw is up and its maps can be read.");
	if (up && !open_document(instance, &running)) {
		fputs("xfw_up 1\n", to);
		put_all(to, &instance->pins, &running);
		document_free(&running);
	} else {
		fputs("xfw_up 0\n", to);
	}
	if (up)
		instance_close(instance);
	return fclose(to) ? NULL : text;
}
