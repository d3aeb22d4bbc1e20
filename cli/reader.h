/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a statement's words one after the other, and says what is wrong with them. Every
 * function that fails returns -EINVAL and leaves the fault.
 */
#ifndef XFW_READER_H
#define XFW_READER_H

#include "../loader/system.h"
#include "names.h"
#include "statement.h"

struct reader {
	const struct statement *statement;
	size_t at;
	struct names *names;
	const struct system *system;
	struct fault *fault;
	bool patient; /* an interface that is not there is waited for */
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

/* The words end here, or "does not take 'z'". */
int reader_end(struct reader *reader);

/* "'z' where X is wanted", or "needs X after 'y'" at the end. */
int reader_wants(struct reader *reader, const char *what);

/* The link that the next word names, NULL with the fault when there is none. */
const struct system_link *reader_link(struct reader *reader);

/* Does the next word name an interface that is not there, where one may be waited for? */
bool reader_waits(const struct reader *reader);

/* The prefix that the next word stands for; @what is wanted there. */
int reader_prefix(struct reader *reader, const char *what, struct prefix *prefix);

/* N/s: a rate of at least one packet a second. */
int reader_rate(struct reader *reader, __u32 *rate_pps);

#endif
