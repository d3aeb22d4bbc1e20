/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decimal numbers as the language writes them: digits alone, no sign, no blank, no overflow.
 */
#ifndef XFW_NUMBER_H
#define XFW_NUMBER_H

#include <stdbool.h>

static inline bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Read @text, all of it, as a number of at most @most. */
static inline bool number_read(const char *text, unsigned long most, unsigned long *number)
{
	if (!*text)
		return false;
	for (*number = 0; *text; text++) {
		if (!is_digit(*text))
			return false;
		*number = *number * 10 + (*text - '0');
		if (*number > most)
			return false;
	}
	return true;
}

#endif
