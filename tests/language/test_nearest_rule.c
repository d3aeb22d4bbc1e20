/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which rule came nearest to a packet that none let in.
 */
#include "machine.h"

#include <netinet/in.h>

#include "../../cli/nearest_rule.h"

#define RULES                                         \
	"allow tcp 443 rangeB:8010::5\n"              \
	"allow tcp 22 vm1 from home\n"                \
	"allow tcp 8000-8010,9000 rangeB:8000::/77\n" \
	"allow udp 53 vm1\n"                          \
	"allow icmp6 echo-request vm1\n"              \
	"deny tcp 25 vm1\n"                           \
	"allow tcp 3000 vm1 from 2001:db8:beef::1 limit 1/s\n"

static const struct row {
	const char *name;
	int protocol;
	const char *from, *to;
	__u16 point;
	const char *rule, *difference;
} rows[] = {
	{"the port of a host that has one", IPPROTO_TCP, "2001:db8:f::1", "2001:db8:1:2:8010::5",
	 444, "allow tcp 443 rangeB:8010::5", "another port"},
	{"a source goes before a port", IPPROTO_TCP, "2001:db8:f::1", "2001:db8:1:2:8000:1:0:1", 22,
	 "allow tcp 22 vm1 from home", "another source"},
	{"a host goes before a prefix", IPPROTO_TCP, "2001:db8:beef::7", "2001:db8:1:2:8000:1:0:1",
	 24, "allow tcp 22 vm1 from home", "another port"},
	{"of two ports the nearer", IPPROTO_TCP, "2001:db8:beef::1", "2001:db8:1:2:8000:1:0:1",
	 2900, "allow tcp 3000 vm1 from 2001:db8:beef::1 limit 1/s", "another port"},
	{"a range", IPPROTO_TCP, "2001:db8:f::1", "2001:db8:1:2:8000:2:0:1", 8011,
	 "allow tcp 8000-8010,9000 rangeB:8000::/77", "another port"},
	{"another protocol", IPPROTO_UDP, "2001:db8:f::1", "2001:db8:1:2:8010::5", 443,
	 "allow tcp 443 rangeB:8010::5", "another protocol"},
	{"neither protocol nor port is shared", IPPROTO_UDP, "2001:db8:f::1",
	 "2001:db8:1:2:8010::5", 444, NULL, NULL},
	{"echo is no port", IPPROTO_UDP, "2001:db8:f::1", "2001:db8:1:2:8000:1:0:1", 128,
	 "allow udp 53 vm1", "another port"},
	{"one difference goes before two", IPPROTO_TCP, "2001:db8:f::1", "2001:db8:1:2:8000:1:0:1",
	 2999, "allow tcp 8000-8010,9000 rangeB:8000::/77", "another port"},
	{"a type is no port", IPPROTO_ICMPV6, "2001:db8:f::1", "2001:db8:1:2:8000:1:0:1", 129,
	 "allow icmp6 echo-request vm1", "another type"},
	{"another host where all else is right", IPPROTO_TCP, "2001:db8:f::1",
	 "2001:db8:1:2:8010::6", 443, "allow tcp 443 rangeB:8010::5", "another destination"},
	{"nothing comes near", IPPROTO_TCP, "2001:db8:f::1", "2001:db8:1:2:8010::6", 444, NULL,
	 NULL},
	{"over its limit", IPPROTO_TCP, "2001:db8:beef::1", "2001:db8:1:2:8000:1:0:1", 3000,
	 "allow tcp 3000 vm1 from 2001:db8:beef::1 limit 1/s", "matches"},
};

static void row_names_its_rule(void **state)
{
	const struct row *row = *state;
	char text[DIFFERENCE_TEXT];
	struct address from, to;
	struct ends ends = {.protocol = row->protocol,
			    .from = &from,
			    .to = &to,
			    .to_port = row->point,
			    .point = row->point};
	struct nearest_rule nearest;
	struct document document;
	struct faults faults = {};
	struct fault fault = {""};
	struct config config;
	bool ipv4;

	assert_true(address_read(row->from, &from, &ipv4) && address_read(row->to, &to, &ipv4));
	read_good(&document, PREAMBLE RULES);
	assert_int_equal(document_take_ids(&document, NULL, &fault), 0);
	assert_int_equal(resolve(&document, machine(), &config, &faults), 0);
	nearest = nearest_rule(&config, &ends);
	if (!row->rule) {
		assert_null(nearest.rule);
	} else {
		assert_non_null(nearest.rule);
		assert_string_equal(nearest.text, row->rule);
		nearest_rule_difference(&nearest, text);
		assert_string_equal(text, row->difference);
	}
	config_free(&config);
	document_free(&document);
}

int main(void)
{
	return run_rows("nearest rule", row_names_its_rule, rows, sizeof(rows[0]), ENTRIES(rows));
}
