/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One statement of the language: its words, and how it is written down. What the words mean is
 * for resolve.h.
 */
#ifndef XFW_STATEMENT_H
#define XFW_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "fault.h"
#include "nearest.h"

/* Row: identifier, keyword, group, form. In the order `show` prints the groups. */
#define XFW_STATEMENTS(ROW)                                                                 \
	ROW(DEFINE, define, NAMES, "define NAME VALUE")                                     \
	ROW(WAN, wan, ROLES, "wan IF")                                                      \
	ROW(LAN, lan, ROLES, "lan IF [hook xdp|tc]")                                        \
	ROW(TUN, tun, ROLES, "tun IF")                                                      \
	ROW(ROUTE, route, ROUTES,                                                           \
	    "route PREFIX dev IF | route PREFIX via ADDR [dev IF] | "                       \
	    "route import table N [within PREFIX]")                                         \
	ROW(ALLOW, allow, RULES,                                                            \
	    "allow PROTO [PORTS] DST [from SRC] [limit N/s] [log] [comment TEXT]")          \
	ROW(DENY, deny, RULES,                                                              \
	    "deny PROTO [PORTS] [DST] [from SRC] [limit N/s] [log] [comment TEXT]")         \
	ROW(MASQUERADE, masquerade, TRANSLATION, "masquerade PREFIX")                       \
	ROW(FORWARD, forward, TRANSLATION, "forward PROTO PORTS to ADDR[:PORT] [from SRC]") \
	ROW(NDP, ndp, TRANSLATION, "ndp proxy PREFIX [on IF]")                              \
	ROW(OPTION, option, OPTIONS, "option NAME VALUE")

enum statement_group {
	GROUP_NAMES,
	GROUP_ROLES,
	GROUP_ROUTES,
	GROUP_RULES,
	GROUP_TRANSLATION,
	GROUP_OPTIONS,
	STATEMENT_GROUPS
};

#define XFW_ENUM_STATEMENT(id, keyword, group, form) STATEMENT_##id,
enum statement_kind { XFW_STATEMENTS(XFW_ENUM_STATEMENT) STATEMENT_KINDS };

extern const char *const statement_keywords[STATEMENT_KINDS];
extern const char *const statement_forms[STATEMENT_KINDS];
extern const enum statement_group statement_groups[STATEMENT_KINDS];

/* A statement's line when it is not of a file. */
enum {
	LINE_TYPED = 0,	   /* just now, on the command line */
	LINE_RUNNING = -1, /* it was running before */
};

struct statement {
	enum statement_kind kind;
	int line;	      /* in its file from 1, or LINE_… */
	const char *included; /* the file, when another one includes it; the document's */
	__u32 id;	      /* rules and routes; 0 until the document gives one */
	__u32 hash;	      /* of the text */
	char *text;	      /* canonical: single blanks, words as typed */
	char **words;	      /* words[0] is the keyword; one block with the text */
	size_t word_count;
};

/*
 * Make a statement of words (copied). 0, -ENOMEM, or -EINVAL with the fault: an unknown keyword,
 * a word that cannot be written down.
 */
int statement_make(struct statement *statement, char *const *words, size_t count, int line,
		   struct fault *fault);
void statement_free(struct statement *statement);

__u32 statement_hash(const char *text);

/* ", in line 5", ", in FILE:5" where the file is an included one, or nothing where it was typed. */
struct statement_where {
	char text[320];
};
struct statement_where statement_where(const struct statement *statement);

/*
 * Of some statements there can be one only: a define of a name, a role of an interface, an
 * option. That name is the statement's subject; NULL when any number may stand beside it.
 */
const char *statement_subject(const struct statement *statement);
bool statement_same_subject(const struct statement *a, const struct statement *b);

/* Something that lets packets in or keeps them out, with an id and counters. */
static inline bool statement_is_rule(const struct statement *statement)
{
	return statement_groups[statement->kind] == GROUP_RULES ||
	       statement->kind == STATEMENT_FORWARD;
}

static inline bool statement_has_id(const struct statement *statement)
{
	return statement_is_rule(statement) || statement->kind == STATEMENT_ROUTE;
}

#endif
