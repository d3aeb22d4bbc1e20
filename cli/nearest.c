/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The distance between words.
 */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 31 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Letters to insert, delete, change, or swap with their neighbour to make @b of @a (optimal
 * string alignment). Words too long or too unlike to compare are LONGEST apart.
 */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1], length = strlen(b);
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *oldest;

	if (length > LONGEST || strlen(a) > LONGEST)
		return LONGEST;
	if (length > strlen(a) + 2 || strlen(a) > length + 2)
		return LONGEST; /* further than anybody wants to know */
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		oldest = before;
		before = above;
		above = row;
		row = oldest;
		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	/* One slip in a short word, two in a longer one; of one letter nothing would be left. */
	size_t most = strlen(word) < 2 ? 0 : strlen(word) < 5 ? 1 : 2, best = most * 2 + 2;

	for (size_t i = 0; i < count; i++) {
		/* Of two as near, people get the first letter right more often. */
		size_t steps = distance(word, words[i]) * 2 + (word[0] != words[i][0]);

		if (most && steps < best) {
			best = steps;
			nearest = words[i];
		}
	}
	return nearest;
}

const char *nearest_hint(const char *word, const char *const *words, size_t count, char *text,
			 size_t size)
{
	const char *nearest = nearest_word(word, words, count);

	text[0] = '\0';
	if (nearest)
		snprintf(text, size, "; did you mean '%s'?", nearest);
	return text;
}
