// SPDX-License-Identifier: GPL-2.0
/*
 * Notes into words.
 */
#include "explanation.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../maps/clock.h"
#include "../maps/generation.h"
#include "../maps/stats.h"
#include "points.h"

/* ---- finding what notes stand for ---- */

bool explanation_route(const struct pins *pins, const struct address *address, struct route *route)
{
	struct prefix_key key = {128, *address};
	int table = generation_table_open(pins, TABLE_ROUTES);
	bool found = table >= 0 && !bpf_map_lookup_elem(table, &key, route);

	if (table >= 0)
		close(table);
	return found;
}

static const struct statement *rule_by_id(const struct document *document, __u32 id)
{
	for (size_t i = 0; id && i < document->count; i++)
		if (statement_is_rule(&document->statements[i]) && document->statements[i].id == id)
			return &document->statements[i];
	return NULL;
}

static int line_in_file(const struct document *file, const struct statement *rule)
{
	const struct statement *there = rule ? document_find(file, rule->text) : NULL;

	return there && there->line > 0 && !there->included ? there->line : 0;
}

static bool is_dropped_for(const struct answer *answer, enum drop_reason reason)
{
	return answer->notes.verdict == VERDICT_DROP && answer->notes.reason == reason;
}

void explanation_name(const struct explanation_context *context, unsigned int ifindex,
		      struct answer *answer)
{
	const struct explanation *notes = &answer->notes;
	__u32 now = clock_tick(context->pins);

	answer->ends = ends_of(&notes->key, notes->point, notes->role == ROLE_WAN);
	answer->rule = rule_by_id(context->running, notes->rule);
	answer->rule_line = line_in_file(context->file, answer->rule);
	if (is_dropped_for(answer, DROP_NOT_ALLOWED) || is_dropped_for(answer, DROP_RATE_LIMITED) ||
	    is_dropped_for(answer, DROP_DENIED))
		answer->nearest = nearest_rule(context->config, &answer->ends);
	answer->has_route = notes->ip_length &&
			    explanation_route(context->pins, &notes->key.inside, &answer->route) &&
			    answer->route.kind != ROUTE_HOST;
	if (answer->has_route && answer->route.kind == ROUTE_GATEWAY)
		address_format(&answer->route.gateway, answer->gateway, sizeof(answer->gateway));
	answer->flow_idle_s = clock_age(now, notes->flow_last_seen);
	answer->flow_age_s = clock_age(now, notes->flow_created);
	if (!if_indextoname(ifindex, answer->interface))
		strcpy(answer->interface, "?");
	if (!notes->next_hop.port || !if_indextoname(notes->next_hop.port, answer->port))
		answer->port[0] = '\0';
}

/* ---- words ---- */

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

enum { MAC_TEXT = 18, HINT_TEXT = 512 };

static const char *mac_format(const __u8 *mac, char text[MAC_TEXT])
{
	snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return text;
}

/* The rule that would let it in, as one would type it. */
static void allow_format(const struct ends *ends, char *text, size_t size)
{
	const char *protocol = protocol_word(ends->protocol);
	char to[PREFIX_TEXT];

	address_format(ends->to, to, sizeof(to));
	if (protocol_has_ports(ends->protocol) || protocol_has_types(ends->protocol))
		snprintf(text, size, "xfw allow %s %u %s", protocol, ends->point, to);
	else
		snprintf(text, size, "xfw allow %s %s", protocol, to);
}

/*
 * The command that would let it in; "" where no rule could. A deny beats every allow, so it goes
 * first.
 */
static void hint_format(const struct answer *answer, char text[HINT_TEXT])
{
	char allow[256];

	text[0] = '\0';
	allow_format(&answer->ends, allow, sizeof(allow));
	if (is_dropped_for(answer, DROP_NOT_ALLOWED))
		snprintf(text, HINT_TEXT, "%s", allow);
	else if (!is_dropped_for(answer, DROP_DENIED) || !answer->rule)
		return;
	else if (answer->notes.role != ROLE_WAN ||
		 (answer->nearest.rule && !answer->nearest.differs))
		snprintf(text, HINT_TEXT, "xfw delete #%u", answer->notes.rule);
	else
		snprintf(text, HINT_TEXT, "xfw delete #%u && %s", answer->notes.rule, allow);
}

static const char *fragment_text(const struct explanation *notes)
{
	static const char *const texts[] = {"", ", the first fragment", ", a later fragment"};

	return notes->fragment < 3 ? texts[notes->fragment] : "";
}

/* ---- for people ---- */

static void print_packet(const struct answer *answer)
{
	const struct explanation *notes = &answer->notes;
	char ends[ENDS_TEXT];

	if (answer->number)
		printf("number    %u\n", answer->number);
	if (answer->without_link)
		printf("frame     to a MAC address that is none of ours: asked about the packet in "
		       "it\n");
	ends_format(&answer->ends, ends, sizeof(ends));
	if (notes->ip_length)
		printf("packet    %s, %u bytes%s", ends, notes->ip_length, fragment_text(notes));
	else
		printf("packet    a frame of %zu bytes, no IP packet in it was read",
		       answer->length);
	printf(", in by %s (%s)\n", answer->interface, role_names[notes->role]);
}

static void print_flow(const struct answer *answer)
{
	if (!answer->notes.flow_found)
		printf("flow      none\n");
	else
		printf("flow      %s, %.0f s old, idle for %.0f s\n",
		       flow_state_names[answer->notes.flow_state], answer->flow_age_s,
		       answer->flow_idle_s);
}

/* Denies are asked before flows, and allows after them. */
static void print_rules(const struct explanation_context *context, const struct answer *answer)
{
	char place[300] = "";
	bool denied = is_dropped_for(answer, DROP_DENIED);

	if (answer->rule_line)
		snprintf(place, sizeof(place), " (%s:%d)", context->file->source,
			 answer->rule_line);
	if (denied && answer->rule)
		printf("deny      #%u %s%s\n", answer->notes.rule, answer->rule->text, place);
	print_flow(answer);
	if (!denied && answer->rule)
		printf("rule      #%u %s%s\n", answer->notes.rule, answer->rule->text, place);
	else if (!denied)
		printf("rule      none\n");
}

static void print_nearest(const struct answer *answer)
{
	char difference[DIFFERENCE_TEXT];

	if (!answer->nearest.rule || is_dropped_for(answer, DROP_DENIED))
		return;
	nearest_rule_difference(&answer->nearest, difference);
	printf("nearest   #%u %s: %s\n", answer->nearest.rule->id, answer->nearest.text,
	       difference);
}

static void print_way(const struct answer *answer)
{
	const struct next_hop *next_hop = &answer->notes.next_hop;
	char source[MAC_TEXT], destination[MAC_TEXT];

	if (!answer->has_route)
		printf("slice     none: the host's own, or nobody's\n");
	else
		printf("slice     %s%s%s\n", answer->route.device,
		       answer->gateway[0] ? " via " : "", answer->gateway);
	if (!answer->notes.next_hop_asked)
		return;
	if (!answer->port[0]) {
		printf("next hop  not for the fast path: the kernel forwards\n");
		return;
	}
	mac_format(next_hop->source, source);
	mac_format(next_hop->destination, destination);
	printf("next hop  %s by port %s, at most %u bytes\n", destination, answer->port,
	       next_hop->mtu);
	if (answer->notes.verdict == VERDICT_FORWARD)
		printf("rewritten MAC addresses %s > %s, hop limit %u to %u\n", source, destination,
		       answer->notes.hop_limit, answer->notes.hop_limit - 1);
}

void explanation_print(const struct explanation_context *context, const struct answer *answer)
{
	const struct explanation *notes = &answer->notes;
	char hint[HINT_TEXT];

	print_packet(answer);
	if (notes->ip_length) {
		print_rules(context, answer);
		print_nearest(answer);
		print_way(answer);
	}
	printf("verdict   %s", verdict_word(notes->verdict));
	if (notes->verdict == VERDICT_DROP)
		printf(": %s (%s)", reason_names[notes->reason], reason_texts[notes->reason]);
	putchar('\n');
	hint_format(answer, hint);
	if (hint[0])
		printf("to let it in: %s\n", hint);
}

/* ---- JSON ---- */

static json_t *rule_json(const struct answer *answer)
{
	if (!answer->rule)
		return json_null();
	return json_pack("{s:i, s:s, s:o}", "id", (int)answer->notes.rule, "rule",
			 answer->rule->text, "line",
			 answer->rule_line ? json_integer(answer->rule_line) : json_null());
}

static json_t *nearest_json(const struct answer *answer)
{
	char difference[DIFFERENCE_TEXT];

	if (!answer->nearest.rule)
		return json_null();
	nearest_rule_difference(&answer->nearest, difference);
	return json_pack("{s:i, s:s, s:s}", "id", (int)answer->nearest.rule->id, "rule",
			 answer->nearest.text, "difference", difference);
}

static json_t *flow_json(const struct answer *answer)
{
	if (!answer->notes.flow_found)
		return json_null();
	return json_pack("{s:s, s:f, s:f}", "state", flow_state_names[answer->notes.flow_state],
			 "age_seconds", answer->flow_age_s, "idle_seconds", answer->flow_idle_s);
}

static json_t *slice_json(const struct answer *answer)
{
	return answer->has_route ? json_pack("{s:s, s:s?}", "dev", answer->route.device, "via",
					     answer->gateway[0] ? answer->gateway : NULL)
				 : json_null();
}

static json_t *next_hop_json(const struct answer *answer)
{
	const struct next_hop *next_hop = &answer->notes.next_hop;
	char mac[MAC_TEXT];

	if (!answer->notes.next_hop_asked || !answer->port[0])
		return json_null();
	return json_pack("{s:s, s:s, s:i}", "mac", mac_format(next_hop->destination, mac), "port",
			 answer->port, "mtu", next_hop->mtu);
}

json_t *explanation_json(const struct explanation_context *context, const struct answer *answer)
{
	const struct explanation *notes = &answer->notes;
	bool dropped = notes->verdict == VERDICT_DROP;
	char hint[HINT_TEXT], ends[ENDS_TEXT];
	json_t *object;

	(void)context;
	hint_format(answer, hint);
	ends_format(&answer->ends, ends, sizeof(ends));
	object = json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:s?, s:i}",
			   "interface", answer->interface, "role", role_names[notes->role],
			   "packet", notes->ip_length ? ends : NULL, "verdict",
			   verdict_word(notes->verdict), "reason",
			   dropped ? reason_names[notes->reason] : NULL, "rule", rule_json(answer),
			   "nearest", nearest_json(answer), "flow", flow_json(answer), "slice",
			   slice_json(answer), "next_hop", next_hop_json(answer), "hint",
			   hint[0] ? hint : NULL, "generation", (int)notes->generation);
	if (answer->number)
		json_object_set_new(object, "number", json_integer(answer->number));
	return object;
}
