/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A configuration and its forms.
 */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/content_hash.h"
#include "lexer.h"

void document_init(struct document *document, const char *source)
{
	memset(document, 0, sizeof(*document));
	snprintf(document->source, sizeof(document->source), "%s", source ?: "");
}

void document_free(struct document *document)
{
	for (size_t i = 0; i < document->count; i++)
		statement_free(&document->statements[i]);
	free(document->statements);
	free(document->index);
	memset(document, 0, sizeof(*document));
}

void document_fault(const struct document *document, const struct statement *statement,
		    struct faults *faults, const char *text)
{
	const char *keyword = statement ? statement_keywords[statement->kind] : NULL;
	char *line;

	if (faults->count++ >= FAULTS_MAX)
		return;
	line = faults->lines[faults->count - 1];
	if (document->source[0] && statement && statement->line)
		snprintf(line, sizeof(faults->lines[0]), "%s:%d: %s: %s", document->source,
			 statement->line, keyword, text);
	else
		snprintf(line, sizeof(faults->lines[0]), "%s: %s%s%s",
			 document->source[0] ? document->source : "xfw", keyword ?: "",
			 keyword ? ": " : "", text);
}

/* A fault before there is a statement. */
static void fault_at_line(const struct document *document, int line, struct faults *faults,
			  const char *text)
{
	if (faults->count++ < FAULTS_MAX)
		snprintf(faults->lines[faults->count - 1], sizeof(faults->lines[0]), "%s:%d: %s",
			 document->source, line, text);
}

/* ---- the index by text ---- */

static size_t index_slot(const struct document *document, const char *text)
{
	size_t slot = content_hash(text, strlen(text), 0) & (document->index_size - 1);

	while (document->index[slot]) {
		if (!strcmp(document->statements[document->index[slot] - 1].text, text))
			break;
		slot = (slot + 1) & (document->index_size - 1);
	}
	return slot;
}

static int reindex(struct document *document)
{
	size_t size = 64;
	__u32 *index;

	while (size < document->room * 2)
		size *= 2;
	index = calloc(size, sizeof(*index));
	if (!index)
		return -ENOMEM;
	free(document->index);
	document->index = index;
	document->index_size = size;
	for (size_t i = 0; i < document->count; i++)
		index[index_slot(document, document->statements[i].text)] = i + 1;
	return 0;
}

static int reserve(struct document *document)
{
	size_t room = document->room ? document->room * 2 : 64;
	void *longer;

	if (document->count < document->room)
		return 0;
	longer = reallocarray(document->statements, room, sizeof(*document->statements));
	if (!longer)
		return -ENOMEM;
	document->statements = longer;
	document->room = room;
	return reindex(document);
}

struct statement *document_find(const struct document *document, const char *text)
{
	__u32 place = document->index ? document->index[index_slot(document, text)] : 0;

	return place ? &document->statements[place - 1] : NULL;
}

void document_remove(struct document *document, struct statement *statement)
{
	size_t place = statement - document->statements;

	statement_free(statement);
	document->count--;
	memmove(statement, statement + 1, (document->count - place) * sizeof(*statement));
	/* Memory is there: the index only shrinks. A failure would leave stale places. */
	if (reindex(document))
		abort();
}

/* ---- adding ---- */

static struct statement *same_subject(const struct document *document,
				      const struct statement *statement)
{
	/* Rules and routes, of which there are many, have no single subject. */
	if (statement->kind == STATEMENT_ROUTE || statement_is_rule(statement))
		return NULL;
	for (size_t i = 0; i < document->count; i++)
		if (statement_same_subject(statement, &document->statements[i]))
			return &document->statements[i];
	return NULL;
}

static int fault_twice(const struct statement *before, struct fault *fault)
{
	if (before->line)
		return fault_set(fault, "'%s' is given already, in line %d: %s", before->words[1],
				 before->line, before->text);
	return fault_set(fault, "'%s' is given already: %s", before->words[1], before->text);
}

int document_add(struct document *document, char *const *words, size_t count, int line,
		 bool replace, struct fault *fault)
{
	struct statement statement, *before;
	int error;

	if (reserve(document))
		return -ENOMEM;
	error = statement_make(&statement, words, count, line, fault);
	if (error)
		return error;
	if (document_find(document, statement.text)) {
		statement_free(&statement);
		return 1;
	}
	before = same_subject(document, &statement);
	if (before && !replace) {
		error = fault_twice(before, fault);
		statement_free(&statement);
		return error;
	}
	if (before) {
		statement_free(before);
		*before = statement;
		return reindex(document);
	}
	document->statements[document->count++] = statement;
	document->index[index_slot(document, statement.text)] = document->count;
	return 0;
}

/* ---- files ---- */

int document_read(struct document *document, const char *text, size_t length, struct faults *faults)
{
	const char *message;
	struct lexer lexer;
	struct line line;
	int more;

	if (lexer_open(&lexer, text, length))
		return -ENOMEM;
	while ((more = lexer_next(&lexer, &line, &message))) {
		struct fault fault;
		int error;

		if (more == -ENOMEM)
			break;
		if (more < 0) {
			fault_at_line(document, line.number, faults, message);
			continue;
		}
		error = document_add(document, line.words, line.count, line.number, false, &fault);
		if (error == -EINVAL)
			fault_at_line(document, line.number, faults, fault.text);
		if (error == -ENOMEM) {
			more = error;
			break;
		}
	}
	lexer_close(&lexer);
	if (more == -ENOMEM)
		return more;
	return faults->count ? -EINVAL : 0;
}

/* Everything a stream gives, NUL-terminated. */
static char *slurp(FILE *file, size_t *length)
{
	size_t room = 65536;
	char *text = malloc(room);

	*length = 0;
	while (text && !feof(file) && !ferror(file)) {
		char *longer;

		*length += fread(text + *length, 1, room - *length - 1, file);
		if (*length + 1 < room)
			continue;
		longer = realloc(text, room *= 2);
		if (!longer)
			free(text);
		text = longer;
	}
	if (text)
		text[*length] = '\0';
	return text;
}

int document_read_file(struct document *document, const char *path, struct faults *faults)
{
	bool standard_input = !strcmp(path, "-");
	FILE *file = standard_input ? stdin : fopen(path, "re");
	size_t length;
	char *text;
	int error = 0;

	if (!file) {
		error = -errno;
		document_fault(document, NULL, faults, strerror(-error));
		return error;
	}
	text = slurp(file, &length);
	if (!text || ferror(file))
		error = text ? -EIO : -ENOMEM;
	if (!standard_input)
		fclose(file);
	if (error)
		document_fault(document, NULL, faults, strerror(-error));
	else
		error = document_read(document, text, length, faults);
	free(text);
	return error;
}

/* ---- ids ---- */

static int next_id(__u32 *last, const bool *taken, __u32 capacity, __u32 *id)
{
	for (__u32 tries = 1; tries < capacity; tries++) {
		*last = *last + 1 < capacity ? *last + 1 : 1;
		if (!taken[*last]) {
			*id = *last;
			return 0;
		}
	}
	return -ENOSPC;
}

static int give_ids(struct document *document, bool *rules, bool *routes, struct fault *fault)
{
	for (size_t i = 0; i < document->count; i++) {
		struct statement *statement = &document->statements[i];

		if (statement->id)
			(statement_is_rule(statement) ? rules : routes)[statement->id] = true;
	}
	for (size_t i = 0; i < document->count; i++) {
		struct statement *statement = &document->statements[i];
		bool rule = statement_is_rule(statement);

		if (statement->id || (!rule && statement->kind != STATEMENT_ROUTE))
			continue;
		if (rule ? next_id(&document->last_rule_id, rules, XFW_RULES_CAPACITY,
				   &statement->id)
			 : next_id(&document->last_route_id, routes, XFW_ROUTES_CAPACITY,
				   &statement->id))
			return fault_set(fault, "more %s than xfw has room for (%d)",
					 rule ? "rules" : "routes",
					 rule ? XFW_RULES_CAPACITY - 1 : XFW_ROUTES_CAPACITY - 1);
		(rule ? rules : routes)[statement->id] = true;
	}
	return 0;
}

int document_take_ids(struct document *document, const struct document *running,
		      struct fault *fault)
{
	bool *rules = calloc(XFW_RULES_CAPACITY, 1), *routes = calloc(XFW_ROUTES_CAPACITY, 1);
	int error = -ENOMEM;

	if (running) {
		document->last_rule_id = running->last_rule_id;
		document->last_route_id = running->last_route_id;
	}
	for (size_t i = 0; running && i < document->count; i++) {
		const struct statement *same = document_find(running, document->statements[i].text);

		if (same)
			document->statements[i].id = same->id;
	}
	if (rules && routes)
		error = give_ids(document, rules, routes, fault);
	free(rules);
	free(routes);
	return error;
}

/* ---- forms ---- */

char *document_running_text(const struct document *document, size_t *length)
{
	char *text = NULL;
	FILE *memory = open_memstream(&text, length);

	if (!memory)
		return NULL;
	fprintf(memory, "%u %u\n", document->last_rule_id, document->last_route_id);
	for (size_t i = 0; i < document->count; i++)
		fprintf(memory, "%u %s\n", document->statements[i].id,
			document->statements[i].text);
	return fclose(memory) ? NULL : text;
}

int document_read_running(struct document *document, const char *text, struct faults *faults)
{
	const char *message;
	struct lexer lexer;
	struct line line;
	int error = 0, more;

	if (lexer_open(&lexer, text, strlen(text)))
		return -ENOMEM;
	while (!error && (more = lexer_next(&lexer, &line, &message)) > 0) {
		struct fault fault = {"not the form xfw keeps"};
		__u32 id = strtoul(line.words[0], NULL, 10);

		if (line.number == 1 && line.count == 2) {
			document->last_rule_id = id;
			document->last_route_id = strtoul(line.words[1], NULL, 10);
			continue;
		}
		error = line.count < 2 ? -EINVAL
				       : document_add(document, line.words + 1, line.count - 1, 0,
						      false, &fault);
		if (error < 0)
			document_fault(document, NULL, faults, fault.text);
		else
			document->statements[document->count - 1].id = id;
	}
	lexer_close(&lexer);
	return error < 0 ? error : 0;
}

void document_print(const struct document *document, FILE *to)
{
	bool any = false;

	for (enum statement_kind kind = 0; kind < STATEMENT_KINDS; kind++) {
		bool first = true;

		for (size_t i = 0; i < document->count; i++) {
			if (document->statements[i].kind != kind)
				continue;
			if (first && any && kind != STATEMENT_LAN && kind != STATEMENT_TUN)
				fputc('\n', to);
			first = false;
			any = true;
			fprintf(to, "%s\n", document->statements[i].text);
		}
	}
}

size_t document_diff(const struct document *from, const struct document *to, FILE *out)
{
	size_t count = 0;

	for (size_t i = 0; i < from->count; i++) {
		if (document_find(to, from->statements[i].text))
			continue;
		fprintf(out, "-%s\n", from->statements[i].text);
		count++;
	}
	for (size_t i = 0; i < to->count; i++) {
		if (document_find(from, to->statements[i].text))
			continue;
		fprintf(out, "+%s\n", to->statements[i].text);
		count++;
	}
	return count;
}
