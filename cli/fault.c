/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults, one and many.
 */
#include "fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void format_into(char *text, size_t size, const char *format, va_list arguments)
{
	static const char ellipsis[] = "…";

	if (vsnprintf(text, size, format, arguments) >= (int)size) {
		size_t cut = size - sizeof(ellipsis);

		/* Bytes 10xxxxxx continue a character of UTF-8. */
		while (((unsigned char)text[cut] & 0xc0) == 0x80)
			cut--;
		strcpy(text + cut, ellipsis);
	}
}

int fault_set(struct fault *fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_into(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

void faults_add(struct faults *faults, int place, const char *format, ...)
{
	size_t held = faults->count < FAULTS_MAX ? faults->count : FAULTS_MAX, at = held, moved;
	va_list arguments;

	faults->count++;
	while (at && faults->places[at - 1] > place)
		at--;
	if (at == FAULTS_MAX)
		return;
	moved = (held < FAULTS_MAX ? held : FAULTS_MAX - 1) - at;
	memmove(faults->lines[at + 1], faults->lines[at], moved * sizeof(faults->lines[0]));
	memmove(faults->places + at + 1, faults->places + at, moved * sizeof(faults->places[0]));
	faults->places[at] = place;
	va_start(arguments, format);
	format_into(faults->lines[at], sizeof(faults->lines[0]), format, arguments);
	va_end(arguments);
}
