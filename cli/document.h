/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A configuration: its statements in order, with the ids that rules and routes keep while they
 * live. Knows how it is written; what it means is for resolve.h.
 */
#ifndef XFW_DOCUMENT_H
#define XFW_DOCUMENT_H

#include <stdio.h>

#include "lexer.h"
#include "statement.h"

/* Open addressing. The hash is kept so that most comparisons touch no other memory. */
struct document_index {
	struct document_slot {
		__u32 place; /* of a statement, from 1; 0 is free */
		__u32 hash;
	} * slots;
	size_t size; /* a power of two */
};

struct document {
	char source[256]; /* the file's name as given; empty: the command line */
	bool patient;	  /* interfaces that are not there yet are waited for */
	struct statement *statements;
	size_t count, room;
	char **included; /* paths of the files that it includes, in the order they were read */
	size_t included_count, included_bytes;
	struct document_index by_text, by_subject;
	__u32 last_rule_id, last_route_id; /* given last */
};

void document_init(struct document *document, const char *source);
void document_free(struct document *document);

/* Note a fault at @statement (NULL: of the whole). */
void document_fault(const struct document *document, const struct statement *statement,
		    struct faults *faults, const char *text);

/* Make room for @count statements in all; adding does so, too, but not at once. 0 or -ENOMEM. */
int document_reserve(struct document *document, size_t count);

/* ---- one statement ---- */

/*
 * Add a statement; words are copied. A define, role or option takes the place of the one it
 * changes when @replace is set, else it is a fault. Returns 0, 1 when it was there already,
 * -ENOMEM, or -EINVAL with the fault.
 */
int document_add(struct document *document, char *const *words, size_t count, int line,
		 bool replace, struct fault *fault);

/* The statement with this canonical text, NULL when there is none. */
struct statement *document_find(const struct document *document, const char *text);

/* The define, role or option of the same subject, NULL when there is none. */
struct statement *document_find_subject(const struct document *document,
					const struct statement *statement);

/* The first statement that stands on the define of @name, NULL when none does. */
const struct statement *document_user_of(const struct document *document, const char *name);

void document_remove(struct document *document, struct statement *statement);

/*
 * Give every statement that @running also has the id it has there; new ones get new ids. An id
 * is not given again before all others have been. 0, -ENOMEM, or -EINVAL with the fault.
 */
int document_take_ids(struct document *document, const struct document *running,
		      struct fault *fault);

/* ---- the forms of a whole one ---- */

/* Read a file's text. 0, -ENOMEM, or -EINVAL with the faults; the good lines are in then, too. */
int document_read(struct document *document, const char *text, size_t length,
		  struct faults *faults);

/* Is this an `include` line of a file? It is no statement: what it brings in is. */
bool document_line_includes(const struct line *line);

/* Read FILE ("-": standard input). As document_read, or another -errno with one fault. */
int document_read_file(struct document *document, const char *path, struct faults *faults);

/*
 * Of a file's text only what its `include` lines bring in, each statement with its file. As
 * document_read.
 */
int document_read_included(struct document *document, const char *text, size_t length,
			   struct faults *faults);

/* The running form: with ids, to be kept in the kernel. NULL when memory is out. */
char *document_running_text(const struct document *document, size_t *length);
int document_read_running(struct document *document, const char *text, struct faults *faults);

/* The form people write: grouped by what statements are for, order within kept. */
void document_print(const struct document *document, FILE *to);

/* "-" and "+" lines from @from to @to; returns how many. */
size_t document_diff(const struct document *from, const struct document *to, FILE *out);

/*
 * The file whose text is @old (of @length bytes), changed so that it says what @document says:
 * lines that still hold stay byte for byte, with comments, blank lines and order; lines that do
 * not are gone; new ones stand behind the last of their kind. What the files say that @old
 * includes (@included) needs no line of its own. Returns 0 with *text to be freed, -ENOMEM, or
 * -EINVAL with the fault and *line when a line of @old cannot be read.
 */
int document_merge(const struct document *document, const struct document *included,
		   const char *old, size_t length, char **text, size_t *text_length, int *line,
		   struct fault *fault);

#endif
