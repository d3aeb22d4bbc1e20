/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One statement of the language.
 */
#include "statement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYWORD_OF(id, keyword, form) #keyword,
#define FORM_OF(id, keyword, form)    form,
const char *const statement_keywords[STATEMENT_KINDS] = {XFW_STATEMENTS(KEYWORD_OF)};
const char *const statement_forms[STATEMENT_KINDS] = {XFW_STATEMENTS(FORM_OF)};

/* Letters to insert, delete or change to make @b of @a (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	enum { LONGEST = 24 };
	size_t row[LONGEST + 1], length = strlen(b);

	if (length > LONGEST || strlen(a) > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[length];
}

const char *nearest_word(const char *word, const char *const *words, size_t count)
{
	const char *nearest = NULL;
	size_t best = 3;

	for (size_t i = 0; i < count; i++) {
		size_t steps = distance(word, words[i]);

		if (steps < best) {
			best = steps;
			nearest = words[i];
		}
	}
	return nearest;
}

static int find_kind(const char *word, enum statement_kind *kind, struct fault *fault)
{
	const char *nearest;

	for (*kind = 0; *kind < STATEMENT_KINDS; (*kind)++)
		if (!strcmp(word, statement_keywords[*kind]))
			return 0;
	nearest = nearest_word(word, statement_keywords, STATEMENT_KINDS);
	if (nearest)
		return fault_set(fault, "unknown statement '%s'; did you mean '%s'?", word,
				 nearest);
	return fault_set(fault,
			 "unknown statement '%s' (known: define, wan, lan, tun, route, "
			 "allow, deny, masquerade, forward, ndp, option)",
			 word);
}

static bool needs_quotes(const char *word)
{
	return !*word || strpbrk(word, " \t#\\");
}

static int check_words(char *const *words, size_t count, struct fault *fault)
{
	for (size_t i = 0; i < count; i++)
		for (const char *at = words[i]; *at; at++)
			if ((unsigned char)*at < ' ' || *at == '"' || *at == 0x7f)
				return fault_set(fault,
						 "word %zu holds a quote or control "
						 "character, which cannot be saved",
						 i + 1);
	return 0;
}

static char *join(char *const *words, size_t count)
{
	size_t length = 1;
	char *text, *at;

	for (size_t i = 0; i < count; i++)
		length += strlen(words[i]) + 3;
	text = at = malloc(length);
	for (size_t i = 0; text && i < count; i++) {
		const char *quote = needs_quotes(words[i]) ? "\"" : "";

		at += sprintf(at, "%s%s%s%s", i ? " " : "", quote, words[i], quote);
	}
	return text;
}

/* The words and their pointers in one block. */
static char **copy_words(char *const *words, size_t count)
{
	size_t length = 0;
	char **copy, *at;

	for (size_t i = 0; i < count; i++)
		length += strlen(words[i]) + 1;
	copy = malloc(count * sizeof(*copy) + length);
	if (!copy)
		return NULL;
	at = (char *)(copy + count);
	for (size_t i = 0; i < count; i++) {
		copy[i] = at;
		at = stpcpy(at, words[i]) + 1;
	}
	return copy;
}

int statement_make(struct statement *statement, char *const *words, size_t count, int line,
		   struct fault *fault)
{
	enum statement_kind kind;

	if (find_kind(words[0], &kind, fault) || check_words(words, count, fault))
		return -EINVAL;
	*statement = (struct statement){.kind = kind, .line = line, .word_count = count};
	statement->words = copy_words(words, count);
	statement->text = join(words, count);
	if (statement->words && statement->text)
		return 0;
	statement_free(statement);
	return -ENOMEM;
}

void statement_free(struct statement *statement)
{
	free(statement->words);
	free(statement->text);
	memset(statement, 0, sizeof(*statement));
}

bool statement_same_subject(const struct statement *a, const struct statement *b)
{
	if (a->word_count < 2 || b->word_count < 2 || strcmp(a->words[1], b->words[1]))
		return false;
	switch (a->kind) {
	case STATEMENT_DEFINE:
	case STATEMENT_OPTION:
		return a->kind == b->kind;
	case STATEMENT_WAN:
	case STATEMENT_LAN:
	case STATEMENT_TUN:
		return b->kind == STATEMENT_WAN || b->kind == STATEMENT_LAN ||
		       b->kind == STATEMENT_TUN;
	default:
		return false;
	}
}
