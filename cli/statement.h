/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One statement of the language: its words, and how it is written down.
 */
#ifndef XFW_STATEMENT_H
#define XFW_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "names.h"

/* Row: identifier, keyword, form. In the order `show` prints them. */
#define XFW_STATEMENTS(ROW)                                                                      \
	ROW(DEFINE, define, "define NAME VALUE")                                                 \
	ROW(WAN, wan, "wan IF")                                                                  \
	ROW(LAN, lan, "lan IF [hook xdp|tc]")                                                    \
	ROW(TUN, tun, "tun IF")                                                                  \
	ROW(ROUTE, route, "route PREFIX dev IF | route PREFIX via ADDR [dev IF]")                \
	ROW(ALLOW, allow, "allow PROTO [PORTS] DST [from SRC] [limit N/s] [log] [comment TEXT]") \
	ROW(DENY, deny, "deny PROTO [PORTS] [DST] [from SRC] [limit N/s] [log] [comment TEXT]")  \
	ROW(MASQUERADE, masquerade, "masquerade PREFIX")                                         \
	ROW(FORWARD, forward, "forward PROTO PORTS to ADDR[:PORT] [from SRC]")                   \
	ROW(NDP, ndp, "ndp proxy PREFIX [on IF]")                                                \
	ROW(OPTION, option, "option NAME VALUE")

#define XFW_ENUM_STATEMENT(id, keyword, form) STATEMENT_##id,
enum statement_kind { XFW_STATEMENTS(XFW_ENUM_STATEMENT) STATEMENT_KINDS };

extern const char *const statement_keywords[STATEMENT_KINDS];
extern const char *const statement_forms[STATEMENT_KINDS];

struct statement {
	enum statement_kind kind;
	int line;     /* in its file, 0 from the command line or the running state */
	__u32 id;     /* rules and routes; 0 until the document gives one */
	char *text;   /* canonical: single blanks, words as typed */
	char **words; /* words[0] is the keyword */
	size_t word_count;
};

/*
 * Make a statement of words (copied). 0, -ENOMEM, or -EINVAL with the fault: an unknown keyword,
 * a word that cannot be written down.
 */
int statement_make(struct statement *statement, char *const *words, size_t count, int line,
		   struct fault *fault);
void statement_free(struct statement *statement);

/*
 * Statements of which there can be one: a define of a name, a role of an interface, an option.
 * Do the two say it of the same thing?
 */
bool statement_same_subject(const struct statement *a, const struct statement *b);

static inline bool statement_is_rule(const struct statement *statement)
{
	return statement->kind == STATEMENT_ALLOW || statement->kind == STATEMENT_DENY;
}

/* The entry of @words nearest to @word, NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

#endif
