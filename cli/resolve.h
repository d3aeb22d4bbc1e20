/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a document to what it means on this machine: names to addresses, interfaces to indexes,
 * words to numbers. Changes nothing.
 */
#ifndef XFW_RESOLVE_H
#define XFW_RESOLVE_H

#include "../loader/config.h"
#include "../loader/system.h"
#include "document.h"

/*
 * Fill @config (to be freed by config_free, also after a fault). The document's rules and routes
 * have their ids. Returns 0, -ENOMEM, or -EINVAL with every fault found.
 */
int resolve(const struct document *document, const struct system *system, struct config *config,
	    struct faults *faults);

/*
 * The rule of @document that means what @wanted means, however it is written (tcp https for
 * tcp 443); NULL when there is none.
 */
struct statement *find_by_meaning(const struct document *document, const struct statement *wanted);

/* ---- for the files of resolving ---- */

/* Reads a statement's words one after the other. */
struct reader {
	const struct statement *statement;
	size_t at;
	struct names *names;
	const struct system *system;
	struct fault *fault;
};

/* The next word, NULL at the end. */
static inline const char *reader_peek(const struct reader *reader)
{
	return reader->at < reader->statement->word_count ? reader->statement->words[reader->at]
							  : NULL;
}

static inline const char *reader_next(struct reader *reader)
{
	const char *word = reader_peek(reader);

	if (word)
		reader->at++;
	return word;
}

/* Take the next word if it is @word. */
bool reader_take(struct reader *reader, const char *word);

/* The link that the next word names, NULL with the fault when there is none. */
const struct system_link *reader_link(struct reader *reader);

/* "needs X after 'y'" or "does not take 'z'"; 0 when the words end here. */
int reader_wants(struct reader *reader, const char *what);
int reader_end(struct reader *reader);

/* One allow or deny line. */
int resolve_rule(struct reader *reader, struct rule *rule);
void rule_free(struct rule *rule);

/* The names that the document defines. 0 or -ENOMEM. */
int collect_names(const struct document *document, struct names *names);

#endif
