/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing running into a file that people wrote: lines that still run stay byte for byte, with
 * their comments and order; lines that are gone go; new ones come after the last of their kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "lexer.h"

/* One logical line of the old file, its line ends included. */
struct piece {
	const char *text;
	size_t length;
	const struct statement *kept;	  /* the running statement it is, if it is one */
	const struct statement *replaced; /* the running statement that takes its place */
	int kind;			  /* of its statement, -1 without one */
};

struct pieces {
	struct piece *list;
	size_t count;
};

/* Up to and with the end of a logical line. */
static size_t piece_length(const char *text, size_t left)
{
	size_t length = 0;

	while (length < left) {
		if (text[length++] != '\n')
			continue;
		if (length >= 2 && text[length - 2] == '\\')
			continue;
		break;
	}
	return length;
}

static const struct statement *find_subject(const struct document *running,
					    const struct statement *old)
{
	for (size_t i = 0; i < running->count; i++)
		if (!statement_is_rule(old) && statement_same_subject(&running->statements[i], old))
			return &running->statements[i];
	return NULL;
}

/* What has become of the statement on this piece? */
static void place(struct piece *piece, const struct document *running)
{
	struct statement old;
	struct fault fault;
	struct lexer lexer;
	const char *message;
	struct line line;

	piece->kind = -1;
	if (lexer_open(&lexer, piece->text, piece->length))
		return;
	if (lexer_next(&lexer, &line, &message) == 1 &&
	    !statement_make(&old, line.words, line.count, 0, &fault)) {
		piece->kind = old.kind;
		piece->kept = document_find(running, old.text);
		if (!piece->kept)
			piece->replaced = find_subject(running, &old);
		statement_free(&old);
	}
	lexer_close(&lexer);
}

static int cut(const char *text, size_t length, const struct document *running,
	       struct pieces *pieces)
{
	size_t room = 0;

	for (size_t at = 0; at < length;) {
		struct piece *piece;

		if (pieces->count == room) {
			void *longer = reallocarray(pieces->list, room = room * 2 + 64,
						    sizeof(*pieces->list));

			if (!longer)
				return -ENOMEM;
			pieces->list = longer;
		}
		piece = &pieces->list[pieces->count++];
		*piece = (struct piece){.text = text + at};
		piece->length = piece_length(text + at, length - at);
		place(piece, running);
		at += piece->length;
	}
	return 0;
}

/* ---- writing ---- */

/* The comment behind a statement stays with the line that replaces it. */
static void write_replaced(FILE *to, const struct piece *piece)
{
	const char *comment = memchr(piece->text, '#', piece->length);

	if (comment)
		fprintf(to, "%s  %.*s", piece->replaced->text,
			(int)(piece->text + piece->length - comment), comment);
	else
		fprintf(to, "%s\n", piece->replaced->text);
}

static void write_piece(FILE *to, const struct piece *piece, bool *written,
			const struct document *running)
{
	const struct statement *statement = piece->kept ?: piece->replaced;

	if (statement) {
		size_t index = statement - running->statements;

		/* The same line twice in the file is one line that runs. */
		if (written[index] && piece->replaced)
			return;
		written[index] = true;
	}
	if (piece->replaced) {
		write_replaced(to, piece);
	} else if (piece->kept || piece->kind < 0) {
		fwrite(piece->text, 1, piece->length, to);
		if (piece->length && piece->text[piece->length - 1] != '\n')
			fputc('\n', to);
	}
}

/* Where the file already has lines of this kind, its new ones come behind the last of them. */
static void write_new(FILE *to, int kind, bool *written, const struct document *running)
{
	for (size_t i = 0; i < running->count; i++) {
		if (written[i] || (kind >= 0 && (int)running->statements[i].kind != kind))
			continue;
		fprintf(to, "%s\n", running->statements[i].text);
		written[i] = true;
	}
}

static size_t last_of_kind(const struct pieces *pieces, int kind)
{
	size_t last = pieces->count;

	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->list[i].kind == kind)
			last = i;
	return last;
}

/* Statements that some piece will carry must not count as new before that piece is reached. */
static void mark_carried(const struct pieces *pieces, bool *carried, const struct document *running)
{
	for (size_t i = 0; i < pieces->count; i++) {
		const struct statement *statement =
			pieces->list[i].kept ?: pieces->list[i].replaced;

		if (statement)
			carried[statement - running->statements] = true;
	}
}

static void write_all(FILE *to, const struct pieces *pieces, const struct document *running,
		      bool *written, bool *carried)
{
	mark_carried(pieces, carried, running);
	for (size_t i = 0; i < pieces->count; i++) {
		write_piece(to, &pieces->list[i], written, running);
		if (pieces->list[i].kind >= 0 && last_of_kind(pieces, pieces->list[i].kind) == i)
			write_new(to, pieces->list[i].kind, carried, running);
	}
	write_new(to, -1, carried, running);
}

static char *merged(const char *old, size_t length, const struct document *running,
		    size_t *merged_length)
{
	bool *written = calloc(running->count + 1, 1), *carried = calloc(running->count + 1, 1);
	struct pieces pieces = {};
	char *text = NULL;
	FILE *memory;

	if (written && carried && !cut(old, length, running, &pieces)) {
		memory = open_memstream(&text, merged_length);
		if (memory) {
			if (length)
				write_all(memory, &pieces, running, written, carried);
			else
				document_print(running, memory);
			if (fclose(memory))
				text = NULL;
		}
	}
	free(pieces.list);
	free(written);
	free(carried);
	return text;
}

/* A whole new file in the old one's place, or the old one untouched. */
static int replace_file(const char *path, const char *text, size_t length, mode_t mode)
{
	char temporary[4096];
	int fd, error = 0;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	for (size_t done = 0; !error && done < length;) {
		ssize_t some = write(fd, text + done, length - done);

		if (some < 0)
			error = -errno;
		else
			done += some;
	}
	if (!error && (fchmod(fd, mode) || fsync(fd)))
		error = -errno;
	close(fd);
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		unlink(temporary);
	return error;
}

static char *read_old(const char *path, size_t *length, mode_t *mode)
{
	FILE *file = fopen(path, "re");
	struct stat stat;
	char *text = NULL;

	*length = 0;
	*mode = 0644;
	if (!file)
		return errno == ENOENT ? strdup("") : NULL;
	if (!fstat(fileno(file), &stat)) {
		*mode = stat.st_mode & 07777;
		text = malloc(stat.st_size + 1);
		if (text)
			*length = fread(text, 1, stat.st_size, file);
	}
	fclose(file);
	return text;
}

int save_document(const struct invocation *invocation, const struct document *running,
		  const char *path)
{
	size_t length, merged_length;
	mode_t mode;
	char *old = read_old(path, &length, &mode), *text;
	int error;

	if (!old)
		return say_error(invocation, "%s: %s; nothing was saved", path, strerror(errno));
	text = merged(old, length, running, &merged_length);
	error = text ? replace_file(path, text, merged_length, mode) : -ENOMEM;
	free(text);
	free(old);
	if (error)
		return say_error(invocation, "%s: %s; nothing was saved", path, strerror(-error));
	return EXIT_DONE;
}
