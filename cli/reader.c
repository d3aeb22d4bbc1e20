/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words that every kind of statement is made of.
 */
#include "reader.h"

#include <stdio.h>
#include <string.h>

#include "number.h"

bool reader_take(struct reader *reader, const char *word)
{
	const char *next = reader_peek(reader);

	if (!next || strcmp(next, word))
		return false;
	reader->at++;
	return true;
}

int reader_end(struct reader *reader)
{
	const char *next = reader_peek(reader);

	if (!next)
		return 0;
	return fault_set(reader->fault, "does not take '%s'; its form: %s", next,
			 statement_forms[reader->statement->kind]);
}

int reader_wants(struct reader *reader, const char *what)
{
	const char *next = reader_peek(reader);

	if (next)
		return fault_set(reader->fault, "'%s' where %s is wanted", next, what);
	return fault_set(reader->fault, "needs %s after '%s'", what,
			 reader->statement->words[reader->at - 1]);
}

static void list_links(const struct system *system, char *list, size_t size)
{
	static const char more[] = ", …";
	size_t length = 0;

	list[0] = '\0';
	for (size_t i = 0; i < system->link_count; i++) {
		const char *name = system->links[i].name;

		if (!strcmp(name, "lo"))
			continue;
		if (length + strlen(name) + strlen(", ") + sizeof(more) > size) {
			strcpy(list + length, more);
			return;
		}
		length += sprintf(list + length, "%s%s", length ? ", " : "", name);
	}
}

const struct system_link *reader_link(struct reader *reader)
{
	const char *word = reader_peek(reader);
	const struct system_link *link;
	char have[224];

	if (!word) {
		reader_wants(reader, "an interface");
		return NULL;
	}
	link = system_link_by_name(reader->system, word);
	if (!link) {
		list_links(reader->system, have, sizeof(have));
		fault_set(reader->fault, "no interface '%s' (have: %s)", word, have);
		return NULL;
	}
	reader->at++;
	return link;
}

bool reader_waits(const struct reader *reader)
{
	const char *word = reader_peek(reader);

	return reader->patient && word && strlen(word) < IFNAMSIZ &&
	       !system_link_by_name(reader->system, word);
}

int reader_prefix(struct reader *reader, const char *what, struct prefix *prefix)
{
	const char *word = reader_peek(reader);

	if (!word)
		return reader_wants(reader, what);
	reader->at++;
	return names_prefix(reader->names, word, prefix, reader->fault);
}

int reader_rate(struct reader *reader, __u32 *rate_pps)
{
	enum { RATE_MAX = 1000000 };
	const char *word = reader_peek(reader);
	char digits[16];
	unsigned long number;
	size_t length;

	if (!word)
		return reader_wants(reader, "a rate (10/s)");
	length = strcspn(word, "/");
	if (length < sizeof(digits) && !strcmp(word + length, "/s")) {
		memcpy(digits, word, length);
		digits[length] = '\0';
		if (number_read(digits, RATE_MAX, &number) && number) {
			*rate_pps = number;
			reader->at++;
			return 0;
		}
	}
	return fault_set(reader->fault, "'%s' is no rate (1/s to %d/s)", word, RATE_MAX);
}
