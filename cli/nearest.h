/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "Did you mean …?": the word nearest to a mistyped one. A courtesy of messages, decides nothing.
 */
#ifndef XFW_NEAREST_H
#define XFW_NEAREST_H

#include <stddef.h>

/* The entry of @words nearest to @word, NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words, size_t count);

/* "; did you mean 'X'?" into @text; empty when there is no such word. Returns @text. */
const char *nearest_hint(const char *word, const char *const *words, size_t count, char *text,
			 size_t size);

#endif
