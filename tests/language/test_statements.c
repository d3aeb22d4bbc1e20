/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every form of every statement: accepted, written down canonically, and what it means. A row
 * whose meaning begins with "not enforced" is read to its end and then refused.
 */
#include "machine.h"

struct row {
	const char *line;
	const char *canonical; /* NULL: as the line */
	const char *meaning;   /* see describe(); NULL: nothing of its own */
};

/* The host's IPv4 addresses, in machine.h. */
#define HOST4 "203.0.113.10,172.16.99.1"
#define LATER "not enforced by this version of xfw; leave the line out"

#define TEN "aaaaaaaaaa"

static const struct row rows[] = {
	/* ---- define ---- */
	{"define address 2001:db8::1", NULL, NULL},
	{"define net 2001:db8::/32", NULL, NULL},
	{"define v4 192.0.2.1", NULL, NULL},
	{"define v4net 192.0.2.0/24", NULL, NULL},
	{"define lead 2001", NULL, NULL},
	{"define seven 1:2:3:4:5:6:7", NULL, NULL},
	{"define other vm1", NULL, NULL},
	{"define other rangeB:8010::/77", NULL, NULL},
	{"define deep rangeB:8010", NULL, NULL},
	{"define with-dash_and_9 ::1", NULL, NULL},
	{"define face1 ::1", NULL, NULL},
	{"define forwards ::1", NULL, NULL},
	/* ---- roles ---- */
	{"lan vmbr1", NULL, "interface vmbr1 lan"},
	{"lan vmbr1 hook xdp", NULL, "interface vmbr1 lan"},
	{"lan vmbr1 hook tc", NULL, "interface vmbr1 lan hook tc"},
	{"wan vmbr1", NULL, "interface vmbr1 wan"},
	{"tun wg0", NULL, "interface wg0 tun"},
	/* ---- route ---- */
	{"route rangeB:8000::/77 dev vmbr0", NULL, "2001:db8:1:2:8000::/77 dev vmbr0"},
	{"route 2001:db8:1:2:8000::/77 dev vmbr0", NULL, "2001:db8:1:2:8000::/77 dev vmbr0"},
	{"route 192.0.2.64/26 dev vmbr0", NULL, "192.0.2.64/26 dev vmbr0"},
	{"route vm1 dev vmbr0", NULL, "2001:db8:1:2:8000:1:0:1 dev vmbr0"},
	{"route home dev vmbr0", NULL, "2001:db8:beef::/48 dev vmbr0"},
	{"route rangeB:8010::/77 via vm1 dev vmbr0", NULL,
	 "2001:db8:1:2:8010::/77 via 2001:db8:1:2:8000:1:0:1 dev vmbr0"},
	{"route rangeB:8010::/77 via rangeB:8000:1:0:1", NULL,
	 "2001:db8:1:2:8010::/77 via 2001:db8:1:2:8000:1:0:1 dev vmbr0"},
	{"route rangeB:8010::/77 via fe80::5 dev vmbr0", NULL,
	 "2001:db8:1:2:8010::/77 via fe80::5 dev vmbr0"},
	{"route 10.0.0.0/8 via 172.16.99.7", NULL, "10.0.0.0/8 via 172.16.99.7 dev vmbr0"},
	/* ---- rules: protocols ---- */
	{"allow tcp 443 vm1", NULL, "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow udp 53 vm1", NULL, "allow 17 53 to 2001:db8:1:2:8000:1:0:1"},
	{"allow sctp 5000 vm1", NULL, "allow 132 5000 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp vm1", NULL, "allow 6 to 2001:db8:1:2:8000:1:0:1"},
	{"allow icmp 192.0.2.1", NULL, "allow 1 to 192.0.2.1"},
	{"allow icmp6 vm1", NULL, "allow 58 to 2001:db8:1:2:8000:1:0:1"},
	{"allow esp vm1", NULL, "allow 50 to 2001:db8:1:2:8000:1:0:1"},
	{"allow gre vm1", NULL, "allow 47 to 2001:db8:1:2:8000:1:0:1"},
	{"allow any vm1", NULL, "allow any to 2001:db8:1:2:8000:1:0:1"},
	{"allow 89 vm1", NULL, "allow 89 to 2001:db8:1:2:8000:1:0:1"},
	{"allow 0 vm1", NULL, "allow 0 to 2001:db8:1:2:8000:1:0:1"},
	{"allow 255 vm1", NULL, "allow 255 to 2001:db8:1:2:8000:1:0:1"},
	{"allow 6 443 vm1", NULL, "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow 6 https vm1", NULL, "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	/* ---- rules: ports ---- */
	{"allow tcp 1 vm1", NULL, "allow 6 1 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 65535 vm1", NULL, "allow 6 65535 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 80,443 vm1", NULL, "allow 6 80,443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 443,80 vm1", NULL, "allow 6 80,443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 80,81,82 vm1", NULL, "allow 6 80-82 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 80,80 vm1", NULL, "allow 6 80 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 1-65535 vm1", NULL, "allow 6 1-65535 to 2001:db8:1:2:8000:1:0:1"},
	{"allow udp 60000-61000 vm1", NULL, "allow 17 60000-61000 to 2001:db8:1:2:8000:1:0:1"},
	{"allow udp 5-9,7-12,443 vm1", NULL, "allow 17 5-12,443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 7-7 vm1", NULL, "allow 6 7 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp ssh vm1", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp https,80 vm1", NULL, "allow 6 80,443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow udp domain vm1", NULL, "allow 17 53 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp ftp-data vm1", NULL, "allow 6 20 to 2001:db8:1:2:8000:1:0:1"},
	/* An alias of smtp. */
	{"allow tcp mail vm1", NULL, "allow 6 25 to 2001:db8:1:2:8000:1:0:1"},
	/* A define comes before a service of the same name. */
	{"define ssh 2001:db8::22\nallow tcp ssh", "allow tcp ssh", "allow 6 to 2001:db8::22"},
	/* ---- rules: types ---- */
	{"allow icmp echo-request 192.0.2.1", NULL, "allow 1 8 to 192.0.2.1"},
	{"allow icmp 8 192.0.2.1", NULL, "allow 1 8 to 192.0.2.1"},
	{"allow icmp 0 192.0.2.1", NULL, "allow 1 0 to 192.0.2.1"},
	{"allow icmp 255 192.0.2.1", NULL, "allow 1 255 to 192.0.2.1"},
	{"allow icmp echo-reply any", NULL, "allow 1 0 to any"},
	{"allow icmp destination-unreachable any", NULL, "allow 1 3 to any"},
	{"allow icmp redirect any", NULL, "allow 1 5 to any"},
	{"allow icmp router-advertisement any", NULL, "allow 1 9 to any"},
	{"allow icmp router-solicitation any", NULL, "allow 1 10 to any"},
	{"allow icmp time-exceeded any", NULL, "allow 1 11 to any"},
	{"allow icmp parameter-problem any", NULL, "allow 1 12 to any"},
	{"allow icmp timestamp-request any", NULL, "allow 1 13 to any"},
	{"allow icmp timestamp-reply any", NULL, "allow 1 14 to any"},
	{"allow icmp6 echo-request rangeB:8000::/65", NULL,
	 "allow 58 128 to 2001:db8:1:2:8000::/65"},
	{"allow icmp6 129 vm1", NULL, "allow 58 129 to 2001:db8:1:2:8000:1:0:1"},
	{"allow icmp6 destination-unreachable any", NULL, "allow 58 1 to any"},
	{"allow icmp6 packet-too-big any", NULL, "allow 58 2 to any"},
	{"allow icmp6 time-exceeded any", NULL, "allow 58 3 to any"},
	{"allow icmp6 parameter-problem any", NULL, "allow 58 4 to any"},
	{"allow icmp6 echo-reply any", NULL, "allow 58 129 to any"},
	{"allow icmp6 mld-listener-query any", NULL, "allow 58 130 to any"},
	{"allow icmp6 mld-listener-report any", NULL, "allow 58 131 to any"},
	{"allow icmp6 mld-listener-done any", NULL, "allow 58 132 to any"},
	{"allow icmp6 router-solicitation any", NULL, "allow 58 133 to any"},
	{"allow icmp6 router-advertisement any", NULL, "allow 58 134 to any"},
	{"allow icmp6 neighbour-solicitation any", NULL, "allow 58 135 to any"},
	{"allow icmp6 neighbor-solicitation any", NULL, "allow 58 135 to any"},
	{"allow icmp6 neighbour-advertisement any", NULL, "allow 58 136 to any"},
	{"allow icmp6 redirect any", NULL, "allow 58 137 to any"},
	{"allow icmp6 mld2-listener-report any", NULL, "allow 58 143 to any"},
	/* ---- rules: destinations ---- */
	{"allow tcp 22 2001:db8::1", NULL, "allow 6 22 to 2001:db8::1"},
	{"allow tcp 22 2001:db8::/32", NULL, "allow 6 22 to 2001:db8::/32"},
	{"allow tcp 22 2001:db8::1/128", NULL, "allow 6 22 to 2001:db8::1"},
	{"allow tcp 22 192.0.2.1", NULL, "allow 6 22 to 192.0.2.1"},
	{"allow tcp 22 192.0.2.0/24", NULL, "allow 6 22 to 192.0.2.0/24"},
	{"allow tcp 22 0.0.0.0/0", NULL, "allow 6 22 to 0.0.0.0/0"},
	{"allow tcp 22 2000::/3", NULL, "allow 6 22 to 2000::/3"},
	{"allow tcp 22 ::ffff:192.0.2.1", NULL, "allow 6 22 to 192.0.2.1"},
	{"allow tcp 22 home", NULL, "allow 6 22 to 2001:db8:beef::/48"},
	{"allow tcp 22 rangeB::/64", NULL, "allow 6 22 to 2001:db8:1:2::/64"},
	{"allow tcp 22 rangeB:1:2:3:4", NULL, "allow 6 22 to 2001:db8:1:2:1:2:3:4"},
	{"allow tcp 22 rangeB:8010::5", NULL, "allow 6 22 to 2001:db8:1:2:8010::5"},
	{"allow tcp 22 vm1/128", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 any", NULL, "allow 6 22 to any"},
	{"allow udp 51820 host", NULL,
	 "allow 17 51820 to 2001:db8:0:1::2,203.0.113.10,fe80::1,2001:db8:1:2:8000::1,"
	 "172.16.99.1,fe80::2,2001:db8:1:3::1,2001:db8:1:2::9,fda2:5d88:d5a3:1d4d::1"},
	/* Of whatever family the host's addresses are, the line is not at fault. */
	{"allow icmp echo-request host from 10.0.0.0/8", NULL,
	 "allow 1 8 to 2001:db8:0:1::2,203.0.113.10,fe80::1,2001:db8:1:2:8000::1,172.16.99.1,fe80::2,"
	 "2001:db8:1:3::1,2001:db8:1:2::9,fda2:5d88:d5a3:1d4d::1 from 10.0.0.0/8"},
	{"allow tcp host from home", NULL,
	 "allow 6 to 2001:db8:0:1::2,203.0.113.10,fe80::1,2001:db8:1:2:8000::1,"
	 "172.16.99.1,fe80::2,2001:db8:1:3::1,2001:db8:1:2::9,fda2:5d88:d5a3:1d4d::1 from 2001:db8:beef::/48"},
	{"allow tcp 22 8000::/1", NULL, "allow 6 22 to 8000::/1"},
	{"allow tcp 22 2001:db8::fe/127", NULL, "allow 6 22 to 2001:db8::fe/127"},
	{"allow tcp 22 2001:db8:1:2:8008::/77", NULL, "allow 6 22 to 2001:db8:1:2:8008::/77"},
	{"allow tcp 22 192.0.2.254/31", NULL, "allow 6 22 to 192.0.2.254/31"},
	/* ---- rules: sources ---- */
	{"allow tcp 22 vm1 from home", NULL,
	 "allow 6 22 to 2001:db8:1:2:8000:1:0:1 from 2001:db8:beef::/48"},
	{"allow tcp 22 vm1 from any", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 any from 198.51.100.7", NULL, "allow 6 22 to any from 198.51.100.7"},
	{"deny any from 2001:db8:bad::/48", NULL, "deny any to any from 2001:db8:bad::/48"},
	{"deny any from rangeB::/64", NULL, "deny any to any from 2001:db8:1:2::/64"},
	{"deny tcp 25 any from vm1", NULL, "deny 6 25 to any from 2001:db8:1:2:8000:1:0:1"},
	{"deny tcp 25", NULL, "deny 6 25 to any"},
	{"deny udp", NULL, "deny 17 to any"},
	{"deny any", NULL, "deny any to any"},
	{"deny any any", NULL, "deny any to any"},
	{"deny icmp6 redirect", NULL, "deny 58 137 to any"},
	{"deny tcp 22 from home", NULL, "deny 6 22 to any from 2001:db8:beef::/48"},
	{"deny tcp 22 vm1", NULL, "deny 6 22 to 2001:db8:1:2:8000:1:0:1"},
	/* ---- rules: the tail ---- */
	{"allow tcp 22 vm1 comment ssh", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment \"a b # c\"", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment \"one\"", "allow tcp 22 vm1 comment one",
	 "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment \"\"", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment \"#1\"", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment a#1", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment \"back\\slash\"", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment \"grüße 日本 🔥\"", NULL,
	 "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 comment from", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 from home comment \"my home\"", NULL,
	 "allow 6 22 to 2001:db8:1:2:8000:1:0:1 from 2001:db8:beef::/48"},
	/* As long as a rule can be: 207 bytes. */
	{"allow tcp 22 vm1 comment " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
		 TEN TEN "12",
	 NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 22 vm1 limit 10/s", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1 limit 10"},
	{"allow tcp 22 vm1 log", NULL, "allow 6 22 to 2001:db8:1:2:8000:1:0:1 log"},
	{"deny tcp 22 log", NULL, "deny 6 22 to any log"},
	{"deny tcp limit 5/s", NULL, "deny 6 to any limit 5"},
	{"allow tcp 22 vm1 from home limit 1000000/s log comment x", NULL,
	 "allow 6 22 to 2001:db8:1:2:8000:1:0:1 from 2001:db8:beef::/48 limit 1000000 log"},
	/* ---- what this version only reads ---- */
	{"masquerade 172.16.0.0/16", NULL, "masquerade 172.16.0.0/16"},
	{"masquerade 192.0.2.1", NULL, "masquerade 192.0.2.1"},
	{"forward tcp 8443 to 172.16.99.10:443", NULL,
	 "allow 6 8443 to " HOST4 ", to 172.16.99.10:443"},
	{"forward udp 60000-61000 to 172.16.99.10", NULL,
	 "allow 17 60000-61000 to " HOST4 ", to 172.16.99.10"},
	{"forward tcp 80,443 to 172.16.99.10 from 198.51.100.0/24", NULL,
	 "allow 6 80,443 to " HOST4 " from 198.51.100.0/24, to 172.16.99.10"},
	{"forward tcp 80 to 172.16.99.10 from any", NULL,
	 "allow 6 80 to " HOST4 ", to 172.16.99.10"},
	{"ndp proxy rangeB:8000::/65", NULL, "ndp 2001:db8:1:2:8000::/65"},
	{"ndp proxy rangeB:8000::/65 on eth0", NULL, "ndp 2001:db8:1:2:8000::/65 on 2"},
	/* ---- option ---- */
	{"option bogons on", NULL, NULL},
	{"option bogons off", NULL, "bogons off"},
	{"option fast-path on", NULL, NULL},
	{"option fast-path off", NULL, "fast-path off"},
	{"option dispatcher off", NULL, "dispatcher off"},
	{"option require native", NULL, "require native"},
	{"option flows 1024", NULL, "flows 1024"},
	{"option flows 16777216", NULL, "flows 16777216"},
	{"option drop-log rate 10/s", NULL, NULL},
	{"option rescue tcp 2222", NULL, NULL},
	{"option rescue tcp 22,2222 from home", NULL, NULL},
	{"option rescue udp 51820 limit 10/s", NULL, NULL},
	/* ---- how it is written ---- */
	{"  allow\ttcp   443\tvm1  ", "allow tcp 443 vm1",
	 "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 443 vm1 # a comment", "allow tcp 443 vm1",
	 "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp \\\n\t443 \\\n vm1", "allow tcp 443 vm1",
	 "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 443\\\nvm1", "allow tcp 443 vm1", "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp \"443\" vm1", "allow tcp 443 vm1", "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 443 vm1\r\n\r\n", "allow tcp 443 vm1",
	 "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp \\\r\n443 vm1\r\n", "allow tcp 443 vm1",
	 "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 0443 vm1", NULL, "allow 6 443 to 2001:db8:1:2:8000:1:0:1"},
	{"allow tcp 443 2001:DB8::A", NULL, "allow 6 443 to 2001:db8::a"},
};

/* ---- what a configuration says, in one line ---- */

static void describe_prefix(FILE *to, const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	prefix_format(prefix, text, sizeof(text));
	fputs(prefix->length ? text : "any", to);
}

static void describe_rule(FILE *to, const struct rule *rule)
{
	fputs(rule->action == RULE_DENY ? "deny " : "allow ", to);
	if (rule->protocol == PROTOCOL_ANY)
		fputs("any", to);
	else
		fprintf(to, "%d", rule->protocol);
	for (size_t i = 0; i < rule->range_count; i++) {
		fprintf(to, "%c%u", i ? ',' : ' ', rule->ranges[i].first);
		if (rule->ranges[i].last != rule->ranges[i].first)
			fprintf(to, "-%u", rule->ranges[i].last);
	}
	for (size_t i = 0; i < rule->destination_count; i++) {
		fputs(i ? "," : " to ", to);
		describe_prefix(to, &rule->destinations[i]);
	}
	if (rule->source.length) {
		fputs(" from ", to);
		describe_prefix(to, &rule->source);
	}
	if (rule->rate_pps)
		fprintf(to, " limit %u", rule->rate_pps);
	if (rule->log)
		fputs(" log", to);
}

static void describe_route(FILE *to, const struct route_config *route)
{
	char gateway[PREFIX_TEXT];

	describe_prefix(to, &route->prefix);
	address_format(&route->gateway, gateway, sizeof(gateway));
	if (route->kind == ROUTE_GATEWAY)
		fprintf(to, " via %s", gateway);
	fprintf(to, " dev %s", route->device);
}

static void describe_forward(FILE *to, const struct forward_config *forward)
{
	struct prefix target = {forward->target, 128};

	fputs(", to ", to);
	describe_prefix(to, &target);
	if (forward->target_port)
		fprintf(to, ":%u", forward->target_port);
}

/* All that the preamble has not already said. */
static char *describe(const struct config *config)
{
	static const char *const roles[] = {"wan", "lan", "tun"};
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	for (size_t i = 2; i < config->interface_count; i++)
		fprintf(to, "interface %s %s%s", config->interfaces[i].name,
			roles[config->interfaces[i].role],
			config->interfaces[i].enforce_in_tc ? " hook tc" : "");
	for (size_t i = 0; i < config->route_count; i++)
		describe_route(to, &config->routes[i]);
	for (size_t i = 0; i < config->rule_count; i++)
		describe_rule(to, &config->rules[i]);
	for (size_t i = 0; i < config->masquerade_count; i++) {
		fputs("masquerade ", to);
		describe_prefix(to, &config->masquerades[i]);
	}
	for (size_t i = 0; i < config->ndp_proxy_count; i++) {
		fputs("ndp ", to);
		describe_prefix(to, &config->ndp_proxies[i].prefix);
		if (config->ndp_proxies[i].ifindex)
			fprintf(to, " on %u", config->ndp_proxies[i].ifindex);
	}
	for (size_t i = 0; i < config->forward_count; i++)
		describe_forward(to, &config->forwards[i]);
	if (!config->options.drop_bogons)
		fputs("bogons off", to);
	if (!config->options.fast_path)
		fputs("fast-path off", to);
	if (!config->options.dispatcher)
		fputs("dispatcher off", to);
	if (config->options.require_native)
		fputs("require native", to);
	if (config->options.flows != XFW_FLOWS_DEFAULT)
		fprintf(to, "flows %u", config->options.flows);
	fclose(to);
	return text;
}

/* ---- the tests ---- */

static void check_meaning(const struct row *row, const struct document *document)
{
	struct faults faults = {};
	struct config config;
	int error = resolve(document, machine(), &config, &faults);
	char *meaning = describe(&config);

	if (error) {
		assert_int_equal(faults.count, 1);
		assert_non_null(row->meaning);
		if (!strstr(row->meaning, "not enforced") || !strstr(faults.lines[0], row->meaning))
			fail_msg("%s", faults.lines[0]);
	} else {
		assert_string_equal(meaning, row->meaning ?: "");
	}
	free(meaning);
	config_free(&config);
}

static void is_accepted(void **state)
{
	const struct row *row = *state;
	struct document document, again;
	const struct statement *last;
	struct fault fault;
	char text[2048], *shown_text;

	snprintf(text, sizeof(text), PREAMBLE "%s", row->line);
	read_good(&document, text);
	last = &document.statements[document.count - 1];
	assert_string_equal(last->text, row->canonical ?: row->line);
	assert_int_equal(document_take_ids(&document, NULL, &fault), 0);
	check_meaning(row, &document);

	/* What is shown can be fed back, and shows itself. */
	shown_text = shown(&document);
	read_good(&again, shown_text);
	for (size_t i = 0; i < document.count; i++)
		assert_non_null(document_find(&again, document.statements[i].text));
	assert_int_equal(again.count, document.count);
	free(shown_text);
	document_free(&again);
	document_free(&document);
}

int main(void)
{
	return run_rows("statements", is_accepted, rows, sizeof(rows[0]), ENTRIES(rows));
}
