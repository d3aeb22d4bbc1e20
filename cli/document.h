/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A configuration: its statements in order, with the ids that rules and routes keep while they
 * live. Knows how it is written; what it means is for resolve.h.
 */
#ifndef XFW_DOCUMENT_H
#define XFW_DOCUMENT_H

#include <stdio.h>

#include "statement.h"

/* Faults of a whole file, each with its place: "xfw.conf:12: route: …". */
enum { FAULTS_MAX = 20 };
struct faults {
	char lines[FAULTS_MAX][768];
	size_t count; /* may exceed FAULTS_MAX: the rest is only counted */
};

struct document {
	char source[256]; /* the file's name as given; empty: the command line */
	struct statement *statements;
	size_t count, room;
	__u32 *index; /* open addressing by text, places from 1 */
	size_t index_size;
	__u32 last_rule_id, last_route_id; /* highest given so far */
};

void document_init(struct document *document, const char *source);
void document_free(struct document *document);

/* Note a fault at @statement (NULL: of the whole). */
void document_fault(const struct document *document, const struct statement *statement,
		    struct faults *faults, const char *text);

/* Read a file's text. 0, -ENOMEM, or -EINVAL with the faults. */
int document_read(struct document *document, const char *text, size_t length,
		  struct faults *faults);

/* Read FILE ("-": standard input). As document_read, or another -errno with one fault. */
int document_read_file(struct document *document, const char *path, struct faults *faults);

/*
 * Add a statement; words are copied. A define, role or option takes the place of the one it
 * changes when @replace is set, else it is a fault. Returns 0, 1 when it was there already,
 * -ENOMEM, or -EINVAL with the fault.
 */
int document_add(struct document *document, char *const *words, size_t count, int line,
		 bool replace, struct fault *fault);

/* The statement with this canonical text, NULL when there is none. */
struct statement *document_find(const struct document *document, const char *text);

void document_remove(struct document *document, struct statement *statement);

/* Give every statement that @running also has the id it has there; new ones get new ids. */
int document_take_ids(struct document *document, const struct document *running,
		      struct fault *fault);

/* The running form: with ids, to be kept in the kernel. NULL when memory is out. */
char *document_running_text(const struct document *document, size_t *length);
int document_read_running(struct document *document, const char *text, struct faults *faults);

/* The form people write: grouped by kind, order within kept. */
void document_print(const struct document *document, FILE *to);

/* "-" and "+" lines from @from to @to; returns how many. */
size_t document_diff(const struct document *from, const struct document *to, FILE *out);

#endif
