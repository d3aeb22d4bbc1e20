/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One statement of the language: made of words, and back to text.
 */
#include "statement.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/content_hash.h"

#define KEYWORD_OF(id, keyword, group, form) #keyword,
#define GROUP_OF(id, keyword, group, form)   GROUP_##group,
#define FORM_OF(id, keyword, group, form)    form,
const char *const statement_keywords[STATEMENT_KINDS] = {XFW_STATEMENTS(KEYWORD_OF)};
const char *const statement_forms[STATEMENT_KINDS] = {XFW_STATEMENTS(FORM_OF)};
const enum statement_group statement_groups[STATEMENT_KINDS] = {XFW_STATEMENTS(GROUP_OF)};

static int find_kind(const char *word, enum statement_kind *kind, struct fault *fault)
{
	char hint[64];

	for (*kind = 0; *kind < STATEMENT_KINDS; (*kind)++)
		if (!strcmp(word, statement_keywords[*kind]))
			return 0;
	nearest_hint(word, statement_keywords, STATEMENT_KINDS, hint, sizeof(hint));
	if (hint[0])
		return fault_set(fault, "unknown statement '%s'%s", word, hint);
	return fault_set(fault,
			 "unknown statement '%s' (known: define, wan, lan, tun, route, allow, "
			 "deny, masquerade, forward, ndp, option)",
			 word);
}

/* ---- words that can be written down and read back ---- */

/* Bytes of the character at @at if it is a printable one of UTF-8 (RFC 3629), else 0. */
static size_t character(const unsigned char *at)
{
	size_t length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;

	if (at[0] < 0x80)
		return at[0] >= ' ' && at[0] != 0x7f;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* C1 controls, overlong forms, surrogates, past U+10FFFF. */
	if ((at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xe0 && at[1] < 0xa0) ||
	    (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf0 && at[1] < 0x90) ||
	    (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	return length;
}

/* Nothing of such a word is shown: it might be meant for the terminal. */
static int check_word(const char *word, size_t place, struct fault *fault)
{
	const unsigned char *at = (const unsigned char *)word;

	while (*at) {
		size_t length = character(at);

		if (*at == '"')
			return fault_set(fault, "word %zu holds a quote, which cannot be saved",
					 place);
		if (!length)
			return fault_set(
				fault, "word %zu holds a control character or is not UTF-8", place);
		at += length;
	}
	return 0;
}

static bool needs_quotes(const char *word)
{
	return !*word || *word == '#' || strpbrk(word, " \\");
}

/* Write the canonical text of @words at @at. */
static void join(char *at, char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool quoted = needs_quotes(words[i]);

		if (i)
			*at++ = ' ';
		if (quoted)
			*at++ = '"';
		at = stpcpy(at, words[i]);
		if (quoted)
			*at++ = '"';
	}
	*at = '\0';
}

/* The pointers to the words, the words, and the text, in one block. */
static int copy_words(struct statement *statement, char *const *words, size_t count)
{
	size_t length = 0;
	char *at;

	assert(count);
	for (size_t i = 0; i < count; i++)
		length += strlen(words[i]) + 1;
	/* In the text, each word may have two quotes more. */
	statement->words = malloc(count * sizeof(char *) + length + length + 2 * count);
	if (!statement->words)
		return -ENOMEM;
	at = (char *)(statement->words + count);
	for (size_t i = 0; i < count; i++) {
		statement->words[i] = at;
		at = stpcpy(at, words[i]) + 1;
	}
	statement->text = at;
	join(at, words, count);
	return 0;
}

struct statement_where statement_where(const struct statement *statement)
{
	struct statement_where where = {""};

	if (statement->line > 0 && statement->included)
		snprintf(where.text, sizeof(where.text), ", in %.255s:%d", statement->included,
			 statement->line);
	else if (statement->line > 0)
		snprintf(where.text, sizeof(where.text), ", in line %d", statement->line);
	return where;
}

__u32 statement_hash(const char *text)
{
	return content_hash(text, strlen(text), 0);
}

int statement_make(struct statement *statement, char *const *words, size_t count, int line,
		   struct fault *fault)
{
	enum statement_kind kind;

	for (size_t i = 0; i < count; i++)
		if (check_word(words[i], i + 1, fault))
			return -EINVAL;
	if (find_kind(words[0], &kind, fault))
		return -EINVAL;
	*statement = (struct statement){.kind = kind, .line = line, .word_count = count};
	if (copy_words(statement, words, count))
		return -ENOMEM;
	statement->hash = statement_hash(statement->text);
	return 0;
}

void statement_free(struct statement *statement)
{
	free(statement->words);
	memset(statement, 0, sizeof(*statement));
}

const char *statement_subject(const struct statement *statement)
{
	switch (statement_groups[statement->kind]) {
	case GROUP_NAMES:
	case GROUP_ROLES:
	case GROUP_OPTIONS:
		return statement->word_count > 1 ? statement->words[1] : NULL;
	case GROUP_ROUTES:
	case GROUP_RULES:
	case GROUP_TRANSLATION:
	case STATEMENT_GROUPS:
		break;
	}
	return NULL;
}

bool statement_same_subject(const struct statement *a, const struct statement *b)
{
	const char *subject = statement_subject(a), *other = statement_subject(b);

	return subject && other && statement_groups[a->kind] == statement_groups[b->kind] &&
	       !strcmp(subject, other);
}
