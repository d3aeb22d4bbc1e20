/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a person should read, collected; cli/ prints it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "attach.h"

void report_error(struct report *report, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->error, sizeof(report->error), format, arguments);
	va_end(arguments);
}

void report_warning(struct report *report, const char *format, ...)
{
	const size_t capacity = sizeof(report->warnings) / sizeof(report->warnings[0]);
	va_list arguments;

	if (report->warning_count >= capacity)
		return;
	va_start(arguments, format);
	vsnprintf(report->warnings[report->warning_count++], sizeof(report->warnings[0]), format,
		  arguments);
	va_end(arguments);
}
