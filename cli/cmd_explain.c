/* SPDX-License-Identifier: GPL-2.0 */
/*
 * explain: what would happen to a packet now, and why. The loaded programs say it; this only
 * puts their notes into words.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "../loader/system.h"
#include "../maps/clock.h"
#include "../maps/explain.h"
#include "../maps/generation.h"
#include "../maps/stats.h"
#include "command.h"
#include "points.h"
#include "question.h"
#include "resolve.h"

/* Everything that was asked and found. */
struct answer {
	struct question question;
	struct explanation notes;
	const struct statement *rule; /* that decided, or NULL */
	struct route route;	      /* of the guest's end */
	bool has_route;
	double flow_idle_s;
	char source[PREFIX_TEXT], destination[PREFIX_TEXT];
	char interface[IF_NAMESIZE], port[IF_NAMESIZE], mac[18], gateway[PREFIX_TEXT];
};

/* ---- where it comes in ---- */

static bool find_route(const struct pins *pins, const struct address *address, struct route *route)
{
	struct prefix_key key = {128, *address};
	int table = generation_table_open(pins, TABLE_ROUTES);
	bool found = table >= 0 && !bpf_map_lookup_elem(table, &key, route);

	if (table >= 0)
		close(table);
	return found;
}

/* A guest's address comes in where its slice is, any other by the first WAN. */
static const struct settings_interface *interface_of_question(const struct pins *pins,
							      const struct settings *settings,
							      struct question *question)
{
	struct route route;
	bool from_guest = find_route(pins, &question->source, &route) && route.kind != ROUTE_HOST;

	for (__u32 i = 0; i < settings->interface_count; i++) {
		const struct settings_interface *interface = &settings->interfaces[i];
		bool wanted = question->interface ? interface->ifindex == question->interface
			      : from_guest	  ? interface->ifindex == route.ifindex
						  : interface->role == ROLE_WAN;

		if (wanted)
			return interface;
	}
	return NULL;
}

/* ---- words for it ---- */

static const struct statement *rule_by_id(const struct document *document, __u32 id)
{
	for (size_t i = 0; id && i < document->count; i++)
		if (statement_is_rule(&document->statements[i]) && document->statements[i].id == id)
			return &document->statements[i];
	return NULL;
}

/* The rule that would let it in, as one would type it; "" where none could. */
static void hint_of(const struct answer *answer, char *text, size_t size)
{
	const struct question *question = &answer->question;

	text[0] = '\0';
	if (answer->notes.verdict != VERDICT_DROP || answer->notes.reason != DROP_NOT_ALLOWED)
		return;
	if (protocol_has_ports(question->protocol))
		snprintf(text, size, "xfw allow %s %u %s", protocol_word(question->protocol),
			 question->destination_port, answer->destination);
	else if (protocol_has_types(question->protocol))
		snprintf(text, size, "xfw allow %s %u %s", protocol_word(question->protocol),
			 question->icmp_type, answer->destination);
	else
		snprintf(text, size, "xfw allow %s %s", protocol_word(question->protocol),
			 answer->destination);
}

static void name_things(const struct pins *pins, const struct document *document,
			unsigned int ifindex, struct answer *answer)
{
	const struct explanation *notes = &answer->notes;
	const __u8 *mac = notes->next_hop.destination;

	address_format(&answer->question.source, answer->source, sizeof(answer->source));
	address_format(&answer->question.destination, answer->destination,
		       sizeof(answer->destination));
	answer->rule = rule_by_id(document, notes->rule);
	answer->has_route = find_route(pins, &notes->key.inside, &answer->route) &&
			    answer->route.kind != ROUTE_HOST;
	if (answer->has_route && answer->route.kind == ROUTE_GATEWAY)
		address_format(&answer->route.gateway, answer->gateway, sizeof(answer->gateway));
	answer->flow_idle_s = clock_age(clock_tick(pins), notes->flow_last_seen);
	if (!if_indextoname(ifindex, answer->interface))
		strcpy(answer->interface, "?");
	if (!notes->next_hop.port || !if_indextoname(notes->next_hop.port, answer->port))
		answer->port[0] = '\0';
	snprintf(answer->mac, sizeof(answer->mac), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		 mac[2], mac[3], mac[4], mac[5]);
}

/* "drop" rather than "dropped": what would happen, not what has. */
static const char *verdict_word(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_PASS:
		return "pass";
	case VERDICT_FORWARD:
		return "forward";
	case VERDICT_ANSWER:
		return "answer";
	default:
		return "drop";
	}
}

/* ---- printing ---- */

static void print_packet(const struct answer *answer)
{
	const struct question *question = &answer->question;
	bool ports = protocol_has_ports(question->protocol);
	char source_port[8] = "", destination_port[8] = "";

	if (ports) {
		snprintf(source_port, sizeof(source_port), " %u", question->source_port);
		snprintf(destination_port, sizeof(destination_port), " %u",
			 question->destination_port);
	}
	printf("packet    %s %s%s > %s%s, %u bytes, in by %s (%s)\n",
	       protocol_word(question->protocol), answer->source, source_port, answer->destination,
	       destination_port, answer->notes.ip_length, answer->interface,
	       role_names[answer->notes.role]);
}

static void print_way(const struct answer *answer)
{
	const struct explanation *notes = &answer->notes;

	if (notes->flow_found)
		printf("flow      %s, idle for %.0f s\n", flow_state_names[notes->flow_state],
		       answer->flow_idle_s);
	else
		printf("flow      none\n");
	if (answer->rule)
		printf("rule      #%u %s\n", notes->rule, answer->rule->text);
	else
		printf("rule      none\n");
	if (!answer->has_route)
		printf("slice     none: the host's own, or nobody's\n");
	else
		printf("slice     %s%s%s\n", answer->route.device,
		       answer->gateway[0] ? " via " : "", answer->gateway);
	if (notes->next_hop_asked && answer->port[0])
		printf("next hop  %s by port %s, at most %u bytes\n", answer->mac, answer->port,
		       notes->next_hop.mtu);
	else if (notes->next_hop_asked)
		printf("next hop  not for the fast path: the kernel forwards\n");
}

static int print_answer(const struct answer *answer)
{
	const struct explanation *notes = &answer->notes;
	char hint[192];

	print_packet(answer);
	print_way(answer);
	printf("verdict   %s", verdict_word(notes->verdict));
	if (notes->verdict == VERDICT_DROP)
		printf(": %s (%s)", reason_names[notes->reason], reason_texts[notes->reason]);
	putchar('\n');
	hint_of(answer, hint, sizeof(hint));
	if (hint[0])
		printf("to let it in: %s\n", hint);
	return EXIT_DONE;
}

static json_t *rule_json(const struct answer *answer)
{
	return answer->rule ? json_pack("{s:i, s:s}", "id", (int)answer->notes.rule, "rule",
					answer->rule->text)
			    : json_null();
}

static json_t *flow_json(const struct answer *answer)
{
	return answer->notes.flow_found ? json_pack("{s:s, s:f}", "state",
						    flow_state_names[answer->notes.flow_state],
						    "idle_seconds", answer->flow_idle_s)
					: json_null();
}

static json_t *slice_json(const struct answer *answer)
{
	return answer->has_route ? json_pack("{s:s, s:s?}", "dev", answer->route.device, "via",
					     answer->gateway[0] ? answer->gateway : NULL)
				 : json_null();
}

static json_t *next_hop_json(const struct answer *answer)
{
	return answer->notes.next_hop_asked && answer->port[0]
		       ? json_pack("{s:s, s:s, s:i}", "mac", answer->mac, "port", answer->port,
				   "mtu", answer->notes.next_hop.mtu)
		       : json_null();
}

static int say_answer_json(const struct answer *answer)
{
	const struct explanation *notes = &answer->notes;
	bool dropped = notes->verdict == VERDICT_DROP;
	char hint[192];

	hint_of(answer, hint, sizeof(hint));
	return say_json(json_pack("{s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:s?, s:i}",
				  "interface", answer->interface, "role", role_names[notes->role],
				  "verdict", verdict_word(notes->verdict), "reason",
				  dropped ? reason_names[notes->reason] : NULL, "rule",
				  rule_json(answer), "flow", flow_json(answer), "slice",
				  slice_json(answer), "next_hop", next_hop_json(answer), "hint",
				  hint[0] ? hint : NULL, "generation", (int)notes->generation));
}

/* ---- the command ---- */

static int read_question(const struct invocation *invocation, const struct document *document,
			 const struct system *system, struct question *question)
{
	struct statement statement = {.words = invocation->words,
				      .word_count = invocation->word_count};
	struct names names = {};
	struct fault fault = {""};
	struct reader reader = {&statement, 1, &names, system, &fault, false};
	int error = collect_names(document, &names);

	if (!error)
		error = question_read(&reader, question);
	names_free(&names);
	if (!error)
		return EXIT_DONE;
	return say_error(invocation, "explain: %s",
			 error == -ENOMEM ? "out of memory" : fault.text);
}

static int explain(const struct invocation *invocation, const struct pins *pins,
		   const struct document *document, struct answer *answer)
{
	const struct settings_interface *interface;
	struct settings settings;
	__u8 frame[QUESTION_FRAME_MAX];
	size_t length;
	int error;

	stats_settings(pins, &settings);
	interface = interface_of_question(pins, &settings, &answer->question);
	if (!interface)
		return say_error(invocation, "explain: no interface of xfw's %s",
				 answer->question.interface ? "is named by 'in'" : "leads there");
	length = question_frame(&answer->question,
				interface->has_link_header ? interface->mac : NULL, frame);
	error = explain_frame(pins, frame, length, interface->ifindex, 0, &answer->notes);
	if (error)
		return say_error(invocation, "explain: the programs cannot be asked: %s",
				 strerror(-error));
	name_things(pins, document, interface->ifindex, answer);
	return invocation->json ? say_answer_json(answer) : print_answer(answer);
}

int command_explain(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	struct answer answer = {};
	struct document running;
	struct system system;
	int status;

	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &running);
	if (!status && system_read(&system)) {
		status = say_error(invocation, "explain: the system's links cannot be read");
		document_free(&running);
	} else if (!status) {
		status = read_question(invocation, &running, &system, &answer.question);
		if (!status)
			status = explain(invocation, &instance->pins, &running, &answer);
		system_free(&system);
		document_free(&running);
	}
	instance_close(instance);
	return status;
}
