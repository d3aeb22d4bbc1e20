/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From rules, slices and neighbours to a packet of each class. The programs say what becomes of a
 * candidate; this only proposes.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "bench_packets.h"
#include "prefix.h"

enum {
	CANDIDATES_MAX = 2000, /* rules looked at for one class */
	HOP_LIMIT = 64,
	FLOW_PORT = 50000,
	STRANGER_PORT = 4000,
	SERVICE_PORT = 443, /* where a rule names none */
};

/* A packet to @destination that a stranger could send. */
static struct question from_stranger(const struct address *destination, __u16 port, __u8 tcp_flags)
{
	return (struct question){
		.protocol = IPPROTO_TCP,
		.source = bench_stranger(destination),
		.destination = *destination,
		.source_port = STRANGER_PORT,
		.destination_port = port,
		.tcp_flags = tcp_flags,
	};
}

/* ---- packets that rules are about ---- */

/* A source that the rule is about, and how many there are beside it. */
static __u32 choose_source(const struct rule *rule, struct question *question)
{
	if (prefix_is_default(&rule->source)) {
		question->source = bench_stranger(&question->destination);
		return BENCH_SOURCES;
	}
	question->source = rule->source.address;
	return rule->source.length <= 112 ? BENCH_SOURCES : 0;
}

/* How well does what became of a packet suit? 0: not at all. */
static int suits(const struct rule *rule, const struct explanation *notes)
{
	if (rule->action == RULE_DENY)
		return notes->verdict == VERDICT_DROP && notes->reason == DROP_DENIED ? 2 : 0;
	if (notes->verdict == VERDICT_FORWARD)
		return 2;
	return notes->verdict == VERDICT_PASS && notes->rule ? 1 : 0;
}

/* A packet about @rule to @address. Returns how well it suits. */
static int try_address(const struct bench *bench, const struct rule *rule,
		       const struct settings_interface *wan, const struct address *address,
		       struct bench_class *class)
{
	__u16 port = rule->range_count ? rule->ranges[0].first : SERVICE_PORT;
	struct explanation notes;
	__u32 sources;

	/* Most of a service's packets are of its connections; who is denied never gets so far. */
	*class = (struct bench_class){
		.question =
			from_stranger(address, port, rule->action == RULE_ALLOW ? TH_ACK : TH_SYN)};
	if (rule->protocol == IPPROTO_UDP)
		class->question.protocol = IPPROTO_UDP;
	sources = choose_source(rule, &class->question);
	if (bench_is_ipv4(&class->question.source) != bench_is_ipv4(address))
		return 0;
	bench_packet(class, wan, HOP_LIMIT);
	class->measured.run.sources = sources;
	bench_ask(bench, class, &notes);
	return suits(rule, &notes);
}

/* The best packet about @rule, into @best if it suits better than @least. Returns how well. */
static int try_rule(const struct bench *bench, const struct rule *rule,
		    const struct settings_interface *wan, int least, struct bench_class *best)
{
	struct address addresses[BENCH_ADDRESSES];
	struct bench_class class;

	for (size_t i = 0; i < rule->destination_count && i < BENCH_ADDRESSES; i++) {
		size_t count = bench_addresses(bench, &rule->destinations[i], addresses);

		for (size_t j = 0; j < count && least < 2; j++) {
			int found = try_address(bench, rule, wan, &addresses[j], &class);

			if (found <= least)
				continue;
			least = found;
			*best = class;
		}
	}
	return least;
}

/* With ports, and nothing that is meant to slow its packets down. */
static bool is_measurable(const struct rule *rule)
{
	return !rule->rate_pps && !rule->log &&
	       (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP ||
		rule->protocol == PROTOCOL_ANY);
}

static bool find_by_rule(const struct bench *bench, enum rule_action action,
			 const struct settings_interface *wan, struct bench_class *class)
{
	size_t tried = 0;
	int found = 0;

	for (size_t i = 0; i < bench->config->rule_count && found < 2; i++) {
		const struct rule *rule = &bench->config->rules[i];

		if (rule->action != action || !is_measurable(rule))
			continue;
		if (++tried > CANDIDATES_MAX)
			break;
		found = try_rule(bench, rule, wan, found, class);
	}
	/* Its frame has moved. */
	class->measured.frame = class->frame;
	return found;
}

/* ---- packets that no rule is about ---- */

static bool find_closed_of(const struct bench *bench, const struct settings_interface *wan,
			   const struct address *address, struct bench_class *class)
{
	static const __u16 rare_ports[] = {1, 9, 11, 19, 4, 77, 1023, 49151};
	struct explanation notes;

	for (size_t i = 0; i < sizeof(rare_ports) / sizeof(rare_ports[0]); i++) {
		class->question = from_stranger(address, rare_ports[i], TH_SYN);
		bench_packet(class, wan, HOP_LIMIT);
		if (bench_ask(bench, class, &notes) == VERDICT_DROP &&
		    notes.reason == DROP_NOT_ALLOWED)
			return true;
	}
	return false;
}

static bool find_closed(const struct bench *bench, const struct settings_interface *wan,
			struct bench_class *class)
{
	static const struct prefix everywhere;
	struct address addresses[BENCH_ADDRESSES];
	size_t count = bench_addresses(bench, &everywhere, addresses);

	for (size_t i = 0; i < count; i++)
		if (find_closed_of(bench, wan, &addresses[i], class))
			return true;
	return false;
}

static bool find_established(const struct bench *bench, const struct settings_interface *wan,
			     struct bench_class *class)
{
	static const struct prefix everywhere;
	struct address addresses[BENCH_ADDRESSES];
	size_t count = bench_addresses(bench, &everywhere, addresses);
	struct bench_class passed = {};

	for (size_t i = 0; i < count; i++) {
		struct explanation notes;

		class->question = from_stranger(&addresses[i], FLOW_PORT, TH_ACK);
		bench_packet(class, wan, HOP_LIMIT);
		if (bench_put_flows(bench, &class->question, 1, 0))
			return false;
		if (bench_ask(bench, class, &notes) == VERDICT_FORWARD)
			return true;
		if (notes.verdict == VERDICT_PASS && !passed.measured.length)
			passed = *class;
	}
	*class = passed;
	class->measured.frame = class->frame;
	return passed.measured.length;
}

static const struct settings_interface *lan_of(const struct bench *bench, const struct route *route)
{
	for (__u32 i = 0; i < bench->settings.interface_count; i++) {
		const struct settings_interface *lan = &bench->settings.interfaces[i];

		if (lan->role == ROLE_LAN && lan->has_link_header && lan->ifindex == route->ifindex)
			return lan;
	}
	return NULL;
}

/* A packet of a flow that @guest began. */
static bool try_guest(const struct bench *bench, const struct settings_interface *lan,
		      const struct address *guest, struct bench_class *class)
{
	const struct question answer = from_stranger(guest, FLOW_PORT, TH_ACK);
	struct explanation notes;

	class->question = (struct question){
		.protocol = answer.protocol,
		.source = answer.destination,
		.destination = answer.source,
		.source_port = answer.destination_port,
		.destination_port = answer.source_port,
		.tcp_flags = TH_ACK,
	};
	bench_packet(class, lan, HOP_LIMIT);
	class->measured.tc = lan->enforce_in_tc;
	return !bench_put_flows(bench, &answer, 1, lan->ifindex) &&
	       bench_ask(bench, class, &notes) == VERDICT_PASS;
}

static bool find_outbound(const struct bench *bench, struct bench_class *class)
{
	for (size_t i = 0; i < bench->slices.count; i++) {
		const struct route_row *row = &bench->slices.rows[i];
		const struct settings_interface *lan = lan_of(bench, &row->route);
		struct address guest = row->key.address;

		guest.bytes[15] |= 5;
		if (lan && row->route.kind == ROUTE_ON_LINK && try_guest(bench, lan, &guest, class))
			return true;
	}
	return false;
}

static bool find_essential(const struct bench *bench, const struct settings_interface *wan,
			   struct bench_class *class)
{
	struct explanation notes;
	bool ipv4;

	class->question =
		(struct question){.protocol = IPPROTO_ICMPV6, .icmp_type = ND_NEIGHBOR_SOLICIT};
	address_read("fe80::1", &class->question.source, &ipv4);
	address_read("fe80::2", &class->question.destination, &ipv4);
	/* Anything but 255 came from beyond the link. */
	bench_packet(class, wan, 255);
	return bench_ask(bench, class, &notes) == VERDICT_PASS;
}

/* ---- all of them ---- */

/* The class's own packet again, as another class sends it. */
static void derive(struct bench *bench, enum bench_class_id from, enum bench_class_id to,
		   __u32 sources)
{
	bench->classes[to] = bench->classes[from];
	bench->classes[to].measured.frame = bench->classes[to].frame;
	bench->classes[to].measured.run.sources = sources;
}

static void choose_program(struct bench *bench, enum bench_class_id id)
{
	struct bench_class *class = &bench->classes[id];

	class->program = id != BENCH_OUTBOUND ? PROGRAM_WAN
			 : class->measured.tc ? PROGRAM_IN
					      : PROGRAM_LAN;
	class->measured.program = bench->copy->programs[class->program];
}

/* A table that is smaller than that would lose flows. */
static void choose_many_flows(struct bench *bench)
{
	struct bench_class *class = &bench->classes[BENCH_ESTABLISHED_MANY];

	derive(bench, BENCH_ESTABLISHED, BENCH_ESTABLISHED_MANY, BENCH_SOURCES);
	if (class->absent)
		return;
	if (bench->config->options.flows < 2 * BENCH_SOURCES)
		class->absent = "'option flows' is too small for so many";
	else if (bench_put_flows(bench, &class->question, BENCH_SOURCES, 0))
		class->absent = "the flow table does not take so many";
}

static void choose_established(struct bench *bench, const struct settings_interface *wan)
{
	struct bench_class *class = &bench->classes[BENCH_ESTABLISHED];

	if (!find_established(bench, wan, class))
		class->absent = "there is neither a slice nor an address";
	choose_many_flows(bench);
}

/* What opens a connection to the service, under a generation of its own each time. */
static void choose_first(struct bench *bench, const struct settings_interface *wan)
{
	struct bench_class *class = &bench->classes[BENCH_FIRST];

	*class = bench->classes[BENCH_SERVICE];
	if (class->absent)
		return;
	class->question.tcp_flags = TH_SYN;
	bench_packet(class, wan, HOP_LIMIT);
	class->measured.run.fresh = 1;
}

static void choose_service(struct bench *bench, const struct settings_interface *wan)
{
	struct bench_class *class = &bench->classes[BENCH_SERVICE];
	__u32 sources;

	if (!find_by_rule(bench, RULE_ALLOW, wan, class))
		class->absent = "no allow of tcp, udp or any without limit and log lets one in";
	sources = class->measured.run.sources;
	class->measured.run.sources = 0;
	derive(bench, BENCH_SERVICE, BENCH_SERVICE_MANY, sources);
	choose_first(bench, wan);
	if (!class->absent && !sources)
		bench->classes[BENCH_SERVICE_MANY].absent = "the rule has too few sources";
}

static void choose_dropped(struct bench *bench, const struct settings_interface *wan)
{
	struct bench_class *closed = &bench->classes[BENCH_CLOSED];
	struct bench_class *denied = &bench->classes[BENCH_DENIED];

	if (!find_closed(bench, wan, closed))
		closed->absent = "no port was found that is not open";
	derive(bench, BENCH_CLOSED, BENCH_CLOSED_MANY, BENCH_SOURCES);
	if (!find_by_rule(bench, RULE_DENY, wan, denied))
		denied->absent = "no deny of tcp, udp or any without limit and log keeps one out";
	denied->measured.run.sources = 0;
}

int bench_choose(struct bench *bench)
{
	const struct settings_interface *wan = bench_interface(bench, ROLE_WAN);

	if (!wan)
		return -ENODEV;
	choose_established(bench, wan);
	choose_service(bench, wan);
	choose_dropped(bench, wan);
	if (!find_outbound(bench, &bench->classes[BENCH_OUTBOUND]))
		bench->classes[BENCH_OUTBOUND].absent = "no lan has a slice on its link";
	if (!find_essential(bench, wan, &bench->classes[BENCH_ESSENTIAL]))
		bench->classes[BENCH_ESSENTIAL].absent = "the programs do not pass it";
	for (enum bench_class_id id = 0; id < BENCH_CLASSES; id++)
		choose_program(bench, id);
	return 0;
}
