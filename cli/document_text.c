/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The forms of a whole configuration: the running form with ids, the one people read, and the
 * difference of two. Files are read in document_read.c.
 */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/layout.h"
#include "lexer.h"
#include "number.h"

/* ---- the running form: "LAST-RULE-ID LAST-ROUTE-ID", then "ID LINE" each ---- */

char *document_running_text(const struct document *document, size_t *length)
{
	enum { ID_TEXT = sizeof("4294967295 ") };
	size_t room = 2 * ID_TEXT;
	char *text, *at;

	for (size_t i = 0; i < document->count; i++)
		room += ID_TEXT + strlen(document->statements[i].text) + 1;
	text = malloc(room);
	if (!text)
		return NULL;
	at = text + sprintf(text, "%u %u\n", document->last_rule_id, document->last_route_id);
	for (size_t i = 0; i < document->count; i++) {
		at += sprintf(at, "%u ", document->statements[i].id);
		at = stpcpy(at, document->statements[i].text);
		*at++ = '\n';
	}
	*at = '\0';
	*length = at - text;
	return text;
}

static bool read_id(const char *word, __u32 capacity, __u32 *id)
{
	unsigned long number;

	if (!number_read(word, capacity - 1, &number))
		return false;
	*id = number;
	return true;
}

static int read_running_line(struct document *document, const struct line *line,
			     struct fault *fault)
{
	struct statement *statement;
	__u32 capacity;
	int error;

	fault_set(fault, "line %d is not of the form xfw keeps", line->number);
	if (line->number == 1)
		return line->count == 2 &&
				       read_id(line->words[0], XFW_RULES_CAPACITY,
					       &document->last_rule_id) &&
				       read_id(line->words[1], XFW_ROUTES_CAPACITY,
					       &document->last_route_id)
			       ? 0
			       : -EINVAL;
	if (line->count < 2)
		return -EINVAL;
	error = document_add(document, line->words + 1, line->count - 1, LINE_RUNNING, false,
			     fault);
	if (error)
		return error < 0 ? error : -EINVAL;
	statement = &document->statements[document->count - 1];
	capacity = statement_is_rule(statement)	 ? XFW_RULES_CAPACITY
		   : statement_has_id(statement) ? XFW_ROUTES_CAPACITY
						 : 1;
	return read_id(line->words[0], capacity, &statement->id) ? 0 : -EINVAL;
}

int document_read_running(struct document *document, const char *text, struct faults *faults)
{
	const char *message;
	struct lexer lexer;
	struct line line;
	int error = 0, more;

	if (lexer_open(&lexer, text, strlen(text)))
		return -ENOMEM;
	while (!error && (more = lexer_next(&lexer, &line, &message))) {
		struct fault fault;

		error = more;
		if (more == 1)
			error = read_running_line(document, &line, &fault);
		else if (more == -EINVAL)
			fault_set(&fault, "line %d: %s", line.number, message);
		if (error == -EINVAL)
			faults_add(faults, line.number, "xfw: the running configuration: %s",
				   fault.text);
	}
	lexer_close(&lexer);
	return error;
}

/* ---- for people ---- */

void document_print(const struct document *document, FILE *to)
{
	bool any = false;

	for (enum statement_group group = 0; group < STATEMENT_GROUPS; group++) {
		bool first = true;

		for (size_t i = 0; i < document->count; i++) {
			if (statement_groups[document->statements[i].kind] != group)
				continue;
			if (first && any)
				fputc('\n', to);
			first = false;
			any = true;
			fprintf(to, "%s\n", document->statements[i].text);
		}
	}
}

/* The lines of @from that @to does not have. */
static size_t print_missing(const struct document *from, const struct document *to, char sign,
			    FILE *out)
{
	size_t count = 0;

	for (size_t i = 0; i < from->count; i++) {
		if (document_find(to, from->statements[i].text))
			continue;
		fprintf(out, "%c%s\n", sign, from->statements[i].text);
		count++;
	}
	return count;
}

size_t document_diff(const struct document *from, const struct document *to, FILE *out)
{
	size_t removed = print_missing(from, to, '-', out);

	return removed + print_missing(to, from, '+', out);
}
