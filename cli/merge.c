/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that people wrote, brought to what runs now: the least change that does it. Text in,
 * text out; touches no file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "lexer.h"

/* A logical line of the old file that holds a statement, by offsets; see struct line. */
struct piece {
	size_t start, behind, end;
	enum statement_kind kind;
	size_t place;  /* of the running statement that it carries, or NONE */
	bool replaced; /* that statement differs: the define, role or option has changed */
};

static const size_t NONE = -1;

struct merge {
	const struct document *document;
	const struct document *included; /* what other files say */
	const char *old;
	size_t length;
	struct piece *pieces;
	size_t count, room;
	bool *carried;		      /* by place: some piece carries it */
	size_t last[STATEMENT_KINDS]; /* the piece behind which new lines of a kind go, or NONE */
	FILE *to;
	char written; /* the last byte */
};

/* ---- reading the old file ---- */

static struct piece *add_piece(struct merge *merge)
{
	if (merge->count == merge->room) {
		size_t room = merge->room * 2 + 64;
		void *longer = reallocarray(merge->pieces, room, sizeof(*merge->pieces));

		if (!longer)
			return NULL;
		merge->pieces = longer;
		merge->room = room;
	}
	return &merge->pieces[merge->count++];
}

/* What has become of the statement on this line? */
static int place_line(struct merge *merge, const struct line *line, struct fault *fault)
{
	const struct statement *carried;
	struct statement statement;
	struct piece *piece;
	int error = statement_make(&statement, line->words, line->count, line->number, fault);

	if (error)
		return error;
	piece = add_piece(merge);
	if (piece) {
		*piece = (struct piece){.start = line->start,
					.behind = line->behind,
					.end = line->end,
					.kind = statement.kind,
					.place = NONE};
		carried = document_find(merge->document, statement.text);
		if (!carried) {
			carried = document_find_subject(merge->document, &statement);
			piece->replaced = carried;
		}
		if (carried)
			piece->place = carried - merge->document->statements;
	}
	statement_free(&statement);
	return piece ? 0 : -ENOMEM;
}

static int read_old(struct merge *merge, int *at_line, struct fault *fault)
{
	const char *message;
	struct lexer lexer;
	struct line line;
	int error = 0, more;

	if (lexer_open(&lexer, merge->old, merge->length))
		return -ENOMEM;
	while (!error && (more = lexer_next(&lexer, &line, &message))) {
		*at_line = line.number;
		if (more == 1)
			error = document_line_includes(&line) ? 0 : place_line(merge, &line, fault);
		else
			error = more == -EINVAL ? fault_set(fault, "%s", message) : more;
	}
	lexer_close(&lexer);
	return error;
}

/*
 * Settle who carries what. A changed line is carried once: by the line that says it already,
 * else by the first of its subject; the others go.
 */
static void settle(struct merge *merge)
{
	size_t last_of_group[STATEMENT_GROUPS];

	/* Every byte 0xff is NONE. */
	memset(merge->last, 0xff, sizeof(merge->last));
	memset(last_of_group, 0xff, sizeof(last_of_group));
	for (size_t i = 0; i < merge->included->count; i++) {
		const struct statement *there =
			document_find(merge->document, merge->included->statements[i].text);

		if (there)
			merge->carried[there - merge->document->statements] = true;
	}
	for (size_t i = 0; i < merge->count; i++)
		if (merge->pieces[i].place != NONE && !merge->pieces[i].replaced)
			merge->carried[merge->pieces[i].place] = true;
	for (size_t i = 0; i < merge->count; i++) {
		struct piece *piece = &merge->pieces[i];

		merge->last[piece->kind] = i;
		last_of_group[statement_groups[piece->kind]] = i;
		if (!piece->replaced)
			continue;
		if (merge->carried[piece->place])
			piece->place = NONE;
		else
			merge->carried[piece->place] = true;
	}
	for (int kind = 0; kind < STATEMENT_KINDS; kind++)
		if (merge->last[kind] == NONE)
			merge->last[kind] = last_of_group[statement_groups[kind]];
}

/* ---- writing the new one ---- */

static void put(struct merge *merge, const char *text, size_t length)
{
	if (!length)
		return;
	fwrite(text, 1, length, merge->to);
	merge->written = text[length - 1];
}

/* Lines end as the old file's first one does. */
static void end_line(struct merge *merge)
{
	const char *end = memchr(merge->old, '\n', merge->length);

	if (end && end > merge->old && end[-1] == '\r')
		put(merge, "\r\n", 2);
	else
		put(merge, "\n", 1);
}

static void put_statement(struct merge *merge, const struct statement *statement)
{
	if (merge->written && merge->written != '\n')
		end_line(merge);
	put(merge, statement->text, strlen(statement->text));
	end_line(merge);
}

static void put_piece(struct merge *merge, const struct piece *piece)
{
	const char *old = merge->old;
	const char *text;

	if (piece->place == NONE)
		return;
	if (!piece->replaced) {
		put(merge, old + piece->start, piece->end - piece->start);
		return;
	}
	/* Its indentation before it, its comment and line end behind it. */
	text = merge->document->statements[piece->place].text;
	put(merge, old + piece->start, strspn(old + piece->start, " \t"));
	put(merge, text, strlen(text));
	put(merge, old + piece->behind, piece->end - piece->behind);
}

static void put_new(struct merge *merge, enum statement_kind kind)
{
	for (size_t i = 0; i < merge->document->count; i++)
		if (merge->document->statements[i].kind == kind && !merge->carried[i])
			put_statement(merge, &merge->document->statements[i]);
}

static void put_all(struct merge *merge)
{
	size_t at = 0;

	for (size_t i = 0; i < merge->count; i++) {
		put(merge, merge->old + at, merge->pieces[i].start - at);
		put_piece(merge, &merge->pieces[i]);
		at = merge->pieces[i].end;
		for (int kind = 0; kind < STATEMENT_KINDS; kind++)
			if (merge->last[kind] == i)
				put_new(merge, kind);
	}
	put(merge, merge->old + at, merge->length - at);
	if (!merge->count && !merge->included->count) {
		if (merge->written && merge->written != '\n')
			end_line(merge);
		document_print(merge->document, merge->to);
		return;
	}
	for (int kind = 0; kind < STATEMENT_KINDS; kind++)
		if (merge->last[kind] == NONE)
			put_new(merge, kind);
}

int document_merge(const struct document *document, const struct document *included,
		   const char *old, size_t length, char **text, size_t *text_length, int *line,
		   struct fault *fault)
{
	struct merge merge = {
		.document = document, .included = included, .old = old, .length = length};
	int error;

	*text = NULL;
	merge.carried = calloc(document->count + 1, sizeof(bool));
	error = merge.carried ? read_old(&merge, line, fault) : -ENOMEM;
	if (!error) {
		settle(&merge);
		merge.to = open_memstream(text, text_length);
		if (merge.to)
			put_all(&merge);
		if (!merge.to || ferror(merge.to))
			error = -ENOMEM;
		if (merge.to && fclose(merge.to))
			error = -ENOMEM;
	}
	free(merge.carried);
	free(merge.pieces);
	if (error) {
		free(*text);
		*text = NULL;
	}
	return error;
}
