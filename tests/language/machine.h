/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine made by hand for the tests of the language, and what they do with documents. No
 * test asks the machine it runs on, but for /etc/services.
 *
 *   eth0 (wan)  2001:db8:0:1::2/64  203.0.113.10/24  fe80::1/64
 *   vmbr0       2001:db8:1:2:8000::1/77  172.16.99.1/24  fe80::2/64
 *   vmbr1       2001:db8:1:3::1/64  2001:db8:1:2::9/64 (around vmbr0's)
 *   wg0         fda2:5d88:d5a3:1d4d::1/64
 */
#ifndef XFW_TEST_MACHINE_H
#define XFW_TEST_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/resolve.h"

#define ENTRIES(array) (sizeof(array) / sizeof((array)[0]))

static struct system_link machine_links[] = {
	{.name = "lo", .ifindex = 1},
	{.name = "eth0", .ifindex = 2, .has_link_header = true},
	{.name = "vmbr0", .ifindex = 3, .has_link_header = true, .is_bridge = true},
	{.name = "vmbr1", .ifindex = 4, .has_link_header = true, .is_bridge = true},
	{.name = "wg0", .ifindex = 5},
};

static const struct {
	const char *text;
	unsigned int ifindex;
	int length; /* as written */
} machine_networks[] = {
	{"127.0.0.1", 1, 8},
	{"::1", 1, 128},
	{"2001:db8:0:1::2", 2, 64},
	{"203.0.113.10", 2, 24},
	{"fe80::1", 2, 64},
	{"2001:db8:1:2:8000::1", 3, 77},
	{"172.16.99.1", 3, 24},
	{"fe80::2", 3, 64},
	{"2001:db8:1:3::1", 4, 64},
	{"2001:db8:1:2::9", 4, 64},
	{"fda2:5d88:d5a3:1d4d::1", 5, 64},
};

static struct system_address machine_addresses[ENTRIES(machine_networks)];

static const struct system *machine(void)
{
	static struct system system = {
		.links = machine_links,
		.link_count = ENTRIES(machine_links),
		.addresses = machine_addresses,
		.address_count = ENTRIES(machine_addresses),
	};

	for (size_t i = 0; i < ENTRIES(machine_networks); i++) {
		bool ipv4;

		assert_true(address_read(machine_networks[i].text, &machine_addresses[i].address,
					 &ipv4));
		machine_addresses[i].ifindex = machine_networks[i].ifindex;
		machine_addresses[i].prefix_length =
			machine_networks[i].length + (ipv4 ? IPV4_BITS_BEFORE : 0);
	}
	return &system;
}

/* What every row may use. Its five lines come before the row's own. */
#define PREAMBLE                           \
	"define rangeB 2001:db8:1:2\n"     \
	"define vm1 rangeB:8000:1:0:1\n"   \
	"define home 2001:db8:beef::/48\n" \
	"wan eth0\n"                       \
	"lan vmbr0\n"

/* A file's text into a document that must be without fault. */
static inline void read_good(struct document *document, const char *text)
{
	struct faults faults = {};

	document_init(document, "xfw.conf");
	if (document_read(document, text, strlen(text), &faults))
		fail_msg("%s", faults.lines[0]);
}

/* Read and resolve @text as the file xfw.conf; every fault into @said, a line each. */
static inline void faults_of(const char *text, size_t length, char *said, size_t size)
{
	struct document document;
	struct faults faults = {};
	struct fault fault = {""};
	struct config config;
	size_t at = 0;
	int error, second;

	document_init(&document, "xfw.conf");
	error = document_read(&document, text, length, &faults);
	assert_int_equal(document_take_ids(&document, NULL, &fault), 0);
	second = resolve(&document, machine(), &config, &faults);
	said[0] = '\0';
	for (size_t i = 0; i < faults.count && i < FAULTS_MAX && at < size; i++)
		at += snprintf(said + at, size - at, "%s%s", i ? "\n" : "", faults.lines[i]);
	/* Who says something must have failed, and the other way round. */
	assert_int_equal(error || second ? 1 : 0, faults.count ? 1 : 0);
	config_free(&config);
	document_free(&document);
}

/* Add one line as the command line would: the words of @text. */
static inline int type(struct document *document, const char *text, struct fault *fault)
{
	char copy[1024], *words[64], *word, *rest = copy;
	size_t count = 0;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	while ((word = strsep(&rest, " ")))
		words[count++] = word;
	return document_add(document, words, count, LINE_TYPED, true, fault);
}

/* What a function prints. To be freed. */
static inline char *shown(const struct document *document)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	document_print(document, memory);
	fclose(memory);
	return text;
}

/* Names stand on one line of the report, in plain characters: rows hold odd bytes on purpose. */
static inline char *name_of_row(const char *text)
{
	char *name = strdup(text);

	for (char *at = name; *at; at++)
		if ((signed char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	return name;
}

/* A test for every row of a table, named by the text that its first member points to. */
static inline int run_rows(const char *group, CMUnitTestFunction test, const void *rows,
			   size_t size, size_t count)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	int failed;

	for (size_t i = 0; i < count; i++) {
		const char *row = (const char *)rows + i * size;

		tests[i].name = name_of_row(*(const char *const *)row);
		tests[i].test_func = test;
		tests[i].initial_state = (void *)row;
	}
	failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
	for (size_t i = 0; i < count; i++)
		free((char *)tests[i].name);
	free(tests);
	return failed;
}

#endif
