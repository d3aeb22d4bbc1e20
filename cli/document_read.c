/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file people write, and the files that it includes, into a document.
 */
#include "document.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/layout.h"
#include "file_text.h"
#include "lexer.h"

enum {
	DEPTH_MAX = 8,	  /* of files in files; one that includes itself ends there */
	FILES_MAX = 4096, /* in all: one that includes itself twice would end only after 2^8 */
};

static const char include_word[] = "include";

/* Where lines come from. */
struct source {
	const char *path;	   /* as given; "" for the command line, "-" for standard input */
	const char *included;	   /* the path, when another file includes it; else NULL */
	const struct source *from; /* which that file is */
	unsigned int depth;
	bool includes_only; /* its own statements are not wanted */
};

bool document_line_includes(const struct line *line)
{
	return !strcmp(line->words[0], include_word);
}

/* A fault before there is a statement. */
static void fault_at_line(const struct source *source, const struct line *line,
			  struct faults *faults, const char *text)
{
	const char *path = source->path[0] ? source->path : "xfw", *keyword = NULL;

	for (int kind = 0; line->count && kind < STATEMENT_KINDS; kind++)
		if (!strcmp(line->words[0], statement_keywords[kind]))
			keyword = statement_keywords[kind];
	if (line->count && document_line_includes(line))
		keyword = include_word;
	if (keyword)
		faults_add(faults, line->number, "%s:%d: %s: %s", path, line->number, keyword,
			   text);
	else
		faults_add(faults, line->number, "%s:%d: %s", path, line->number, text);
}

/* How many statements to expect. A file of empty lines should not cost memory for each. */
static size_t count_lines(const char *text, size_t length)
{
	size_t count = 1;

	for (const char *end = text + length; (text = memchr(text, '\n', end - text)); text++)
		count++;
	return count < XFW_RULES_CAPACITY ? count : XFW_RULES_CAPACITY;
}

/* ---- include ---- */

static int read_text(struct document *document, const struct source *source, const char *text,
		     size_t length, struct faults *faults);

/* @path is kept by the document, for its statements to point to. NULL when memory is out. */
static const char *keep_path(struct document *document, const char *path)
{
	char **longer =
		reallocarray(document->included, document->included_count + 1, sizeof(*longer));

	if (!longer)
		return NULL;
	document->included = longer;
	longer[document->included_count] = strdup(path);
	return longer[document->included_count] ? longer[document->included_count++] : NULL;
}

/* By its name: under ever new ones, it ends with the depth. */
static bool is_being_read(const struct source *source, const char *path)
{
	for (; source; source = source->from)
		if (!strcmp(source->path, path))
			return true;
	return false;
}

static int read_included(struct document *document, const struct source *from, const char *path,
			 struct faults *faults, struct fault *fault)
{
	struct source source = {.depth = from->depth + 1, .from = from};
	char *text = NULL;
	size_t length;
	int error;

	if (is_being_read(from, path))
		return fault_set(fault, "'%s' includes itself", path);
	/* Before it is read, or the lines of all who include it take their time all the same. */
	if (document->included_count == FILES_MAX || document->included_bytes >= FILE_TEXT_MAX)
		return fault_set(fault,
				 "'%s': enough, after %zu files in files; do they include "
				 "each other?",
				 path, document->included_count);
	error = file_text_read(path, &text, &length);
	document->included_bytes += length;
	if (error == -EISDIR)
		error = fault_set(fault, "'%s' is a directory; include '%s/*.conf'", path, path);
	else if (error)
		error = fault_set(fault, "'%s': %s", path, file_text_fault(error));
	else if (!(source.included = keep_path(document, path)))
		error = -ENOMEM;
	else {
		source.path = source.included;
		/* What is wrong in there is said in its own place. */
		error = read_text(document, &source, text, length, faults) == -ENOMEM ? -ENOMEM : 0;
	}
	free(text);
	return error;
}

/* A pattern is relative to the file that has it. */
static int full_pattern(const struct source *source, const char *pattern, char full[PATH_MAX],
			struct fault *fault)
{
	const char *slash = strrchr(source->path, '/');
	int directory = pattern[0] != '/' && slash ? (int)(slash - source->path + 1) : 0;

	if (snprintf(full, PATH_MAX, "%.*s%s", directory, source->path, pattern) >= PATH_MAX)
		return fault_set(fault, "'%.60s…' is too long", pattern);
	return 0;
}

/* A directory that cannot be read ends the search; one that is not there has nothing. */
static int is_unreadable(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

/* A pattern may match nothing; a name must be there. */
static int find_files(const char *pattern, glob_t *found, struct fault *fault)
{
	int error = glob(pattern, 0, is_unreadable, found);

	if (error == GLOB_NOSPACE)
		return -ENOMEM;
	if (error == GLOB_ABORTED)
		return fault_set(fault, "'%s': %s", pattern, strerror(errno));
	if (error == GLOB_NOMATCH && !strpbrk(pattern, "*?["))
		return fault_set(fault, "'%s': %s", pattern, strerror(ENOENT));
	return 0;
}

static int include(struct document *document, const struct source *source, const struct line *line,
		   struct faults *faults, struct fault *fault)
{
	char pattern[PATH_MAX];
	glob_t found = {};
	int error;

	if (line->count != 2)
		return fault_set(fault, "takes one path or pattern: include conf.d/*.conf");
	if (source->depth == DEPTH_MAX)
		return fault_set(fault,
				 "'%s' is the %dth file in a file; do they include each "
				 "other?",
				 line->words[1], DEPTH_MAX + 1);
	error = full_pattern(source, line->words[1], pattern, fault);
	if (!error)
		error = find_files(pattern, &found, fault);
	for (size_t i = 0; !error && i < found.gl_pathc; i++)
		error = read_included(document, source, found.gl_pathv[i], faults, fault);
	globfree(&found);
	return error;
}

/* ---- the lines ---- */

static int read_line(struct document *document, const struct source *source,
		     const struct line *line, struct faults *faults, struct fault *fault)
{
	int error;

	if (document_line_includes(line))
		return include(document, source, line, faults, fault);
	if (source->includes_only)
		return 0;
	error = document_add(document, line->words, line->count, line->number, false, fault);
	if (!error)
		document->statements[document->count - 1].included = source->included;
	return error;
}

static int read_text(struct document *document, const struct source *source, const char *text,
		     size_t length, struct faults *faults)
{
	size_t faults_before = faults->count;
	const char *message;
	struct lexer lexer;
	struct line line;
	int more, error = 0;

	if (document_reserve(document, document->count + count_lines(text, length)) ||
	    lexer_open(&lexer, text, length))
		return -ENOMEM;
	while (error != -ENOMEM && (more = lexer_next(&lexer, &line, &message))) {
		struct fault fault;

		error = more;
		if (more == 1)
			error = read_line(document, source, &line, faults, &fault);
		else if (more == -EINVAL)
			fault_set(&fault, "%s", message);
		if (error == -EINVAL)
			fault_at_line(source, &line, faults, fault.text);
	}
	lexer_close(&lexer);
	if (error == -ENOMEM)
		return error;
	return faults->count > faults_before ? -EINVAL : 0;
}

int document_read(struct document *document, const char *text, size_t length, struct faults *faults)
{
	const struct source source = {.path = document->source};

	return read_text(document, &source, text, length, faults);
}

int document_read_included(struct document *document, const char *text, size_t length,
			   struct faults *faults)
{
	const struct source source = {.path = document->source, .includes_only = true};

	return read_text(document, &source, text, length, faults);
}

int document_read_file(struct document *document, const char *path, struct faults *faults)
{
	size_t length = 0;
	char *text = NULL;
	int error = file_text_read(path, &text, &length);

	if (error)
		document_fault(document, NULL, faults, file_text_fault(error));
	else
		error = document_read(document, text, length, faults);
	free(text);
	return error;
}
