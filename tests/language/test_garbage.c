/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hostile input: whatever the bytes, reading ends, says what is wrong in clean text, and what it
 * accepts can be shown, read again and merged. The seed is printed; XFW_TEST_SEED repeats a run.
 */
#include <time.h>

#include "machine.h"

enum { INPUTS = 4000, SIZE = 600 };

static __u64 seed;

/* xorshift64*: the same everywhere. */
static __u32 next_random(__u32 below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (seed * 0x2545f4914f6cdd1dULL >> 32) % below;
}

static const char *const scraps[] = {
	"define ",
	"wan ",
	"lan ",
	"route ",
	"allow ",
	"deny ",
	"forward ",
	"ndp proxy ",
	"option ",
	"masquerade ",
	"eth0 ",
	"vmbr0 ",
	"vm1 ",
	"rangeB:",
	"rangeB",
	"tcp ",
	"udp ",
	"icmp6 ",
	"any ",
	"host ",
	"from ",
	"limit ",
	"10/s ",
	"log ",
	"comment ",
	"\"",
	"#",
	"\\\n",
	"\\",
	"\n",
	"\r\n",
	"\t",
	" ",
	"443 ",
	"80,",
	"60000-",
	"1",
	"65536",
	"::",
	":",
	"/",
	"/77 ",
	"2001:db8::",
	"10.0.0.0/8 ",
	"via ",
	"dev ",
	"hook tc ",
	"bogons off ",
	"flows 4096 ",
	"self ",
	"define self other\n",
	"define other self\n",
	"-",
	",",
	"[",
	"]",
	"\xc3\xbc",
	"\xff",
};

/* Words of the language for the most part, or nothing would get far; @text holds SIZE bytes. */
static size_t make_input(char *text)
{
	size_t length = next_random(10) ? 0 : strlen(PREAMBLE), wanted = next_random(SIZE);

	memcpy(text, PREAMBLE, length);
	while (length < wanted) {
		const char *scrap = scraps[next_random(ENTRIES(scraps))];

		if (!next_random(40)) {
			text[length++] = next_random(256);
			continue;
		}
		if (length + strlen(scrap) > SIZE)
			break;
		memcpy(text + length, scrap, strlen(scrap));
		length += strlen(scrap);
	}
	return length;
}

static void assert_clean(const char *said)
{
	for (; *said; said++)
		assert_true((unsigned char)*said >= ' ' || *said == '\n');
}

static const struct document none;

/* What got through is as good as what people write. */
static void assert_lives(const struct document *document)
{
	struct document again;
	struct fault fault;
	char *text = shown(document), *running, *merged;
	struct faults faults = {};
	size_t length, merged_length;
	int line;

	read_good(&again, text);
	assert_int_equal(document_diff(document, &again, stderr), 0);
	assert_int_equal(document_merge(document, &none, text, strlen(text), &merged,
					&merged_length, &line, &fault),
			 0);
	assert_string_equal(merged, text);
	free(merged);
	free(text);
	document_free(&again);

	running = document_running_text(document, &length);
	document_init(&again, NULL);
	assert_int_equal(document_read_running(&again, running, &faults), 0);
	assert_int_equal(again.count, document->count);
	free(running);
	document_free(&again);
}

static void garbage_is_told_of_and_survived(void **state)
{
	size_t accepted = 0;

	(void)state;
	for (int i = 0; i < INPUTS; i++) {
		struct document document;
		struct faults faults = {};
		char text[SIZE], said[FAULTS_MAX * 800];
		size_t length = make_input(text);

		faults_of(text, length, said, sizeof(said));
		assert_clean(said);
		document_init(&document, "garbage");
		document_read(&document, text, length, &faults);
		accepted += document.count;
		assert_lives(&document);
		document_free(&document);
	}
	/* Else the scraps no longer make statements, and nothing is tested. */
	assert_true(accepted > INPUTS);
}

/* ---- big and odd, by hand ---- */

static void assert_said(const char *text, size_t length, const char *wanted)
{
	char said[FAULTS_MAX * 800];

	faults_of(text, length, said, sizeof(said));
	assert_clean(said);
	assert_memory_equal(said, wanted, strlen(wanted));
}

static void a_megabyte_of_one_byte_is_one_fault(void **state)
{
	enum { MEGABYTE = 1 << 20 };
	static const struct {
		char byte;
		const char *message;
	} rows[] = {
		{'\0', "xfw.conf:1: a control character; is this a text file?"},
		{'a', "xfw.conf:1: unknown statement 'aaaa"},
		{'"', "xfw.conf:1: a quote ends in the middle of a word"},
		{'\\', "xfw.conf:1: unknown statement '\\\\"},
		{'\xff', "xfw.conf:1: word 1 holds a control character or is not UTF-8"},
		{' ', "xfw.conf: no 'wan IF' line"},
		{'\n', "xfw.conf: no 'wan IF' line"},
		{'\r', "xfw.conf: no 'wan IF' line"},
		{'#', "xfw.conf: no 'wan IF' line"},
	};
	char *text = malloc(MEGABYTE);

	(void)state;
	for (size_t i = 0; i < ENTRIES(rows); i++) {
		memset(text, rows[i].byte, MEGABYTE);
		assert_said(text, MEGABYTE, rows[i].message);
	}
	free(text);
}

static void a_line_of_a_megabyte_is_told_in_a_line(void **state)
{
	static const char *const starts[] = {"define x",    "wan ",	  "route ",
					     "allow tcp ",  "deny any ",  "masquerade ",
					     "option ",	    "ndp proxy ", "forward tcp 80 to ",
					     "forward tcp "};
	enum { MEGABYTE = 1 << 20 };
	char *text = malloc(MEGABYTE);

	(void)state;
	for (size_t i = 0; i < ENTRIES(starts); i++) {
		memset(text, 'z', MEGABYTE);
		memcpy(text, starts[i], strlen(starts[i]));
		assert_said(text, MEGABYTE, "xfw.conf:1: ");
	}
	/* A hundred thousand words. */
	for (int i = 0; i < MEGABYTE; i++)
		text[i] = i % 2 ? ' ' : 'z';
	memcpy(text, "allow tcp ", 10);
	assert_said(text, MEGABYTE, "xfw.conf:1: allow: the rule is ");
	free(text);
}

static void a_nul_in_the_middle_hides_nothing(void **state)
{
	(void)state;
	assert_said("wan eth0\nallow tcp 1 any\0 from ::1\n", 34,
		    "xfw.conf:2: allow: a control character; is this a text file?");
	assert_said("wan eth0\ndeny any comment \"a\0b\"\n", 32,
		    "xfw.conf:2: deny: a control character; is this a text file?");
}

static void defines_that_grow_without_end_are_stopped(void **state)
{
	char text[4096] = "wan eth0\ndefine n0x 1\n", line[64];

	(void)state;
	for (int i = 1; i < 60; i++) {
		snprintf(line, sizeof(line), "define n%dx n%dx%s\n", i, i - 1, i % 2 ? ":1" : "");
		strcat(text, line);
	}
	assert_said(text, strlen(text), "xfw.conf:17: define: ");
	assert_said("define loop loop:1\nwan eth0\n", 28,
		    "xfw.conf:1: define: 'loop' is defined by itself");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_is_told_of_and_survived),
		cmocka_unit_test(a_megabyte_of_one_byte_is_one_fault),
		cmocka_unit_test(a_line_of_a_megabyte_is_told_in_a_line),
		cmocka_unit_test(a_nul_in_the_middle_hides_nothing),
		cmocka_unit_test(defines_that_grow_without_end_are_stopped),
	};
	const char *given = getenv("XFW_TEST_SEED");

	seed = given ? strtoull(given, NULL, 0) : (__u64)time(NULL);
	printf("# XFW_TEST_SEED=%llu\n", (unsigned long long)seed);
	seed = seed * 2 + 1; /* never 0 */
	return cmocka_run_group_tests_name("garbage", tests, NULL, NULL);
}
