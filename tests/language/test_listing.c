// SPDX-License-Identifier: GPL-2.0
/*
 * Tables: in 80 columns whatever is in them, and nothing cut off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "cli/listing.h"

static char *printed(struct listing *listing)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	assert_non_null(to);
	assert_int_equal(listing_end(listing, to, LISTING_WIDTH), 0);
	fclose(to);
	return text;
}

static void three_columns(struct listing *listing, enum column_kind last)
{
	listing_begin(listing);
	listing_column(listing, "NAME", COLUMN_LEFT);
	listing_column(listing, "COUNT", COLUMN_RIGHT);
	listing_column(listing, "WHAT", last);
}

static void row(struct listing *listing, const char *name, __u64 count, const char *what)
{
	listing_cell(listing, "%s", name);
	listing_count(listing, count);
	listing_cell(listing, "%s", what);
}

static void expect(struct listing *listing, const char *expected)
{
	char *text = printed(listing);

	assert_string_equal(text, expected);
	free(text);
}

static void columns_are_as_wide_as_what_is_in_them(void **state)
{
	struct listing listing;

	(void)state;
	three_columns(&listing, COLUMN_TEXT);
	row(&listing, "a", 7, "one");
	row(&listing, "abcdef", 1234567, "");
	row(&listing, "", 0, "two words");
	expect(&listing, "NAME   COUNT WHAT\n"
			 "a          7 one\n"
			 "abcdef  1.2M\n"
			 "           0 two words\n");
}

static void text_goes_on_below_its_heading(void **state)
{
	struct listing listing;

	(void)state;
	three_columns(&listing, COLUMN_TEXT);
	row(&listing, "a", 7,
	    "this sentence is longer than there is room for on one line of eighty columns");
	expect(&listing,
	       "NAME COUNT WHAT\n"
	       "a        7 this sentence is longer than there is room for on one line of eighty\n"
	       "           columns\n");
}

static void a_long_name_has_its_line_to_itself(void **state)
{
	struct listing listing;

	(void)state;
	three_columns(&listing, COLUMN_WHOLE);
	row(&listing, "abcdefghijklmnopqrstuvwxyz", 7, "one");
	row(&listing, "a", 8, "two");
	expect(&listing, "NAME                     COUNT WHAT\n"
			 "abcdefghijklmnopqrstuvwxyz\n"
			 "                             7 one\n"
			 "a                            8 two\n");
}

static void what_has_no_room_below_its_heading_stands_further_left(void **state)
{
	static const char fifty[] = "12345678901234567890123456789012345678901234567890";
	struct listing listing;

	(void)state;
	listing_begin(&listing);
	listing_column(&listing, "NAME", COLUMN_LEFT);
	listing_column(&listing, "FROM", COLUMN_WHOLE);
	listing_column(&listing, "TO", COLUMN_WHOLE);
	listing_cell(&listing, "a");
	listing_cell(&listing, "%s", fifty);
	listing_cell(&listing, "%s", fifty);
	listing_cell(&listing, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
	listing_cell(&listing, "short");
	listing_cell(&listing, "%s%s", fifty, fifty);
	expect(&listing,
	       "NAME                     FROM TO\n"
	       "a                        "
	       "12345678901234567890123456789012345678901234567890\n"
	       "                         "
	       "12345678901234567890123456789012345678901234567890\n"
	       "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\n"
	       "                         short\n"
	       "        123456789012345678901234567890123456789012345678901234567890123456789012"
	       "\n        3456789012345678901234567890\n");
}

/* A word of up to @most characters, some of two bytes. */
static void random_words(char *text, int most)
{
	int length = rand() % (most + 1);

	*text = '\0';
	for (int i = 0; i < length; i++)
		strcat(text, rand() % 6 == 0 && i && i + 1 < length ? " " : rand() % 9 ? "x" : "é");
}

/* The characters of @text without blanks and ends of lines, in their order. */
static size_t squeeze(const char *text, char *out)
{
	size_t length = 0;

	for (; *text; text++)
		if (*text != ' ' && *text != '\n')
			out[length++] = *text;
	out[length] = '\0';
	return length;
}

/* No line ends in blanks, either, unless a piece is broken where it has one. */
static void assert_narrow(const char *text, enum column_kind kind)
{
	while (*text) {
		size_t length = strcspn(text, "\n"), columns = 0;

		for (size_t i = 0; i < length; i++)
			columns += (text[i] & 0xc0) != 0x80;
		assert_true(columns <= LISTING_WIDTH);
		assert_true(!length || kind == COLUMN_WHOLE || text[length - 1] != ' ');
		text += length + 1;
	}
}

static void whatever_is_in_it_fits_and_is_all_there(void **state)
{
	const char *given = getenv("XFW_TEST_SEED");
	unsigned int seed = given ? (unsigned int)atoi(given) : (unsigned int)time(NULL);
	static char expected[65536], all[65536], squeezed[65536];

	(void)state;
	print_message("XFW_TEST_SEED=%u\n", seed);
	srand(seed);
	for (int i = 0; i < 2000; i++) {
		enum column_kind kind = rand() % 2 ? COLUMN_TEXT : COLUMN_WHOLE;
		struct listing listing;
		char *text;

		three_columns(&listing, kind);
		strcpy(expected, "NAMECOUNTWHAT");
		for (int j = 0; j < 4; j++) {
			char name[256], what[1024];

			random_words(name, 60);
			random_words(what, 300);
			row(&listing, name, 5, what);
			snprintf(all, sizeof(all), "%s5%s", name, what);
			squeeze(all, squeezed);
			strcat(expected, squeezed);
		}
		text = printed(&listing);
		assert_narrow(text, kind);
		squeeze(text, squeezed);
		assert_string_equal(squeezed, expected);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_what_is_in_them),
		cmocka_unit_test(text_goes_on_below_its_heading),
		cmocka_unit_test(a_long_name_has_its_line_to_itself),
		cmocka_unit_test(what_has_no_room_below_its_heading_stands_further_left),
		cmocka_unit_test(whatever_is_in_it_fits_and_is_all_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
