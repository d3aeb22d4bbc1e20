/* SPDX-License-Identifier: GPL-2.0 */
/*
 * delete: the line that the words name, however they are written, or the rule of an id.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "resolve.h"

static struct statement *find_by_id(const struct document *document, const char *word)
{
	char *end;
	unsigned long id = strtoul(word + 1, &end, 10);

	for (size_t i = 0; i < document->count && !*end && isdigit((unsigned char)word[1]); i++)
		if (statement_is_rule(&document->statements[i]) && document->statements[i].id == id)
			return &document->statements[i];
	return NULL;
}

/* A define, role or option may be named without the rest of its line. */
static struct statement *find_by_subject(const struct document *document,
					 const struct statement *wanted)
{
	struct statement *found = document_find_subject(document, wanted);

	return found && wanted->word_count == 2 && found->kind == wanted->kind ? found : NULL;
}

static struct statement *find_otherwise_written(const struct document *document,
						const struct statement *wanted)
{
	struct statement *found;
	struct system system;

	if (system_read(&system))
		return NULL;
	found = find_by_meaning(document, wanted, &system);
	system_free(&system);
	return found;
}

static const char *nearest_line(const struct document *document, const char *text)
{
	const char *nearest = NULL;
	size_t best = 0;

	for (size_t i = 0; i < document->count; i++) {
		size_t same = 0;

		while (text[same] && text[same] == document->statements[i].text[same])
			same++;
		if (same > best) {
			best = same;
			nearest = document->statements[i].text;
		}
	}
	return nearest;
}

static int find_line(const struct invocation *invocation, struct document *document,
		     struct statement **found)
{
	char **words = invocation->words + 1;
	size_t count = invocation->word_count - 1;
	struct fault fault = {""};
	struct statement wanted;
	const char *nearest;
	int error;

	if (count == 1 && words[0][0] == '#') {
		*found = find_by_id(document, words[0]);
		return *found ? EXIT_DONE
			      : say_error(invocation,
					  "delete: no rule %s ('xfw rules' lists "
					  "them); nothing was changed",
					  words[0]);
	}
	error = statement_make(&wanted, words, count, 0, &fault);
	if (error)
		return say_error(invocation, "delete: %s; nothing was changed", fault.text);
	*found = document_find(document, wanted.text);
	if (!*found)
		*found = find_by_subject(document, &wanted);
	if (!*found)
		*found = find_otherwise_written(document, &wanted);
	if (!*found) {
		nearest = nearest_line(document, wanted.text);
		say_error(invocation, "delete: no line '%s'%s%s%s; nothing was changed",
			  wanted.text, nearest ? "; the nearest is '" : "", nearest ?: "",
			  nearest ? "'" : "");
	}
	statement_free(&wanted);
	return *found ? EXIT_DONE : EXIT_REFUSED;
}

/* A define that lines stand on cannot go before them. Returns an exit status. */
static int check_unused(const struct invocation *invocation, const struct document *document,
			const struct statement *statement)
{
	const struct statement *user = NULL;

	assert(statement);
	if (statement->kind == STATEMENT_DEFINE && statement->word_count > 1)
		user = document_user_of(document, statement->words[1]);
	if (!user)
		return EXIT_DONE;
	return say_error(invocation, "delete: '%s' is used by '%s'; nothing was changed",
			 statement->words[1], user->text);
}

int command_delete(const struct invocation *invocation)
{
	struct statement *statement = NULL;
	struct instance *instance;
	struct document document;
	int status;

	if (invocation->word_count < 2)
		return say_usage(invocation);
	instance = open_running(invocation, INSTANCE_CHANGE);
	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &document);
	if (!status) {
		status = find_line(invocation, &document, &statement);
		if (!status)
			status = check_unused(invocation, &document, statement);
		if (!status) {
			document_remove(&document, statement);
			status = finish_edit(invocation, instance, &document, true);
		}
		document_free(&document);
	}
	instance_close(instance);
	return status;
}
