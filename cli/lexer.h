/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From text to lines of words. `#` starts a comment, `\` at a line's end continues it, double
 * quotes hold a word together. Knows no keyword.
 */
#ifndef XFW_LEXER_H
#define XFW_LEXER_H

#include <stddef.h>

/* One logical line; its words point into the lexer's buffer. */
struct line {
	int number; /* of its first physical line, from 1 */
	char **words;
	size_t count;
	size_t start;  /* offset of its first byte in the text */
	size_t behind; /* offset behind its words: blanks, a comment, the line's end */
	size_t end;    /* offset behind its line end */
};

struct lexer {
	char *text; /* owned, words cut out of it */
	char *at;
	char *end;
	int number;
	char **words;
	size_t room;
};

/* Begin on a copy of @length bytes of @text. 0 or -ENOMEM. */
int lexer_open(struct lexer *lexer, const char *text, size_t length);
void lexer_close(struct lexer *lexer);

/*
 * The next line that has words, valid until the call after. Returns 1, 0 at the end, -ENOMEM,
 * or -EINVAL with the fault in *message and its line in @line->number; the next call goes on
 * behind that line.
 */
int lexer_next(struct lexer *lexer, struct line *line, const char **message);

#endif
