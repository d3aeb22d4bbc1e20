/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists with counters: rules, flows.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../maps/clock.h"
#include "../maps/rules.h"
#include "../maps/stats.h"
#include "command.h"
#include "prefix.h"

/* ---- rules ---- */

static json_t *rule_json(const struct statement *statement, const struct hits *hits, double age)
{
	json_t *last = hits->packets ? json_real(age) : json_null();

	return json_pack("{s:i, s:s, s:s, s:I, s:I, s:o}", "id", (int)statement->id, "rule",
			 statement->text, "action", statement_keywords[statement->kind], "packets",
			 (json_int_t)hits->packets, "bytes", (json_int_t)hits->bytes,
			 "last_hit_seconds", last);
}

static void print_rule(const struct statement *statement, const struct hits *hits, double age)
{
	char id[16], packets[16], bytes[16], last[16];

	snprintf(id, sizeof(id), "#%u", statement->id);
	format_count(hits->packets, packets, sizeof(packets));
	format_count(hits->bytes, bytes, sizeof(bytes));
	format_age(age, hits->packets, last, sizeof(last));
	printf("%7s %8s %8s %6s  %s\n", id, packets, bytes, last, statement->text);
}

static void list_rules(const struct pins *pins, const struct document *document, json_t *list)
{
	__u32 now = clock_tick(pins);

	if (!list)
		printf("%7s %8s %8s %6s  %s\n", "ID", "PACKETS", "BYTES", "LAST", "RULE");
	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];
		struct hits hits;
		double age;

		if (!statement_is_rule(statement))
			continue;
		hits_read(pins, MAP_RULE_STATS, statement->id, &hits);
		age = clock_age(now, hits.last_hit);
		if (list)
			json_array_append_new(list, rule_json(statement, &hits, age));
		else
			print_rule(statement, &hits, age);
	}
}

int command_rules(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	json_t *list = invocation->json ? json_array() : NULL;
	struct document document;
	int status;

	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &document);
	if (!status) {
		list_rules(&instance->pins, &document, list);
		if (list)
			say_json(list);
		document_free(&document);
	}
	instance_close(instance);
	return status;
}

/* ---- flows ---- */

static const char *protocol_text(__u8 protocol, char *text, size_t size)
{
	const struct protoent *entry = getprotobynumber(protocol);

	if (protocol == 58)
		snprintf(text, size, "icmp6");
	else if (entry)
		snprintf(text, size, "%s", entry->p_name);
	else
		snprintf(text, size, "%u", protocol);
	return text;
}

static void list_flow(const struct flow_key *key, const struct flow *flow, __u32 now, json_t *list)
{
	char inside[PREFIX_TEXT], outside[PREFIX_TEXT], protocol[16], idle[16];
	const char *state =
		flow->state < XFW_FLOW_STATE_COUNT ? flow_state_names[flow->state] : "?";
	double idle_s = clock_age(now, flow->last_seen);

	/* Expired entries linger until their place is needed: they are no flows any more. */
	if (flow->state >= XFW_FLOW_STATE_COUNT || idle_s > flow_state_timeouts_s[flow->state])
		return;
	address_format(&key->inside, inside, sizeof(inside));
	address_format(&key->outside, outside, sizeof(outside));
	protocol_text(key->protocol, protocol, sizeof(protocol));
	if (list) {
		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:f, s:f, s:I, s:I, s:I, s:I}",
				  "protocol", protocol, "inside", inside, "inside_port",
				  key->inside_port, "outside", outside, "outside_port",
				  key->outside_port, "state", state, "age_seconds",
				  clock_age(now, flow->created), "idle_seconds", idle_s,
				  "packets_in", (json_int_t)flow->in.packets, "bytes_in",
				  (json_int_t)flow->in.bytes, "packets_out",
				  (json_int_t)flow->out.packets, "bytes_out",
				  (json_int_t)flow->out.bytes));
		return;
	}
	format_age(idle_s, true, idle, sizeof(idle));
	printf("%-5s %-11s %5s  %s %u > %s %u\n", protocol, state, idle, inside, key->inside_port,
	       outside, key->outside_port);
}

static void list_flows(const struct pins *pins, enum lasting_map map, __u32 now, json_t *list)
{
	struct flow_key key, *previous = NULL;
	struct flow flow;

	while (!bpf_map_get_next_key(pins->maps[map], previous, &key)) {
		if (!bpf_map_lookup_elem(pins->maps[map], &key, &flow))
			list_flow(&key, &flow, now, list);
		previous = &key;
	}
}

int command_flows(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	json_t *list = invocation->json ? json_array() : NULL;
	__u32 now;

	if (!instance)
		return EXIT_REFUSED;
	now = clock_tick(&instance->pins);
	if (!list)
		printf("%-5s %-11s %5s  %s\n", "PROTO", "STATE", "IDLE", "INSIDE > OUTSIDE");
	list_flows(&instance->pins, MAP_FLOWS, now, list);
	list_flows(&instance->pins, MAP_FLOWS_OPENING, now, list);
	if (list)
		say_json(list);
	instance_close(instance);
	return EXIT_DONE;
}
