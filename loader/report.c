/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a person should read, collected; cli/ prints it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "content.h"

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

int report_compile(struct report *report, int error)
{
	if (error == -E2BIG)
		report_error(report, "the rules do not compile: what they say of ports, for each "
				     "destination, needs more cells than there can be; name fewer "
				     "single ports, or fewer destinations by prefixes around them");
	else if (error == -ENOSPC)
		report_error(report,
			     "the rules do not compile: what they say of sources, for each range "
			     "of ports, needs more than the %d entries there can be; let ranges "
			     "overlap less, or share sources",
			     XFW_TRIE_CAPACITY);
	else
		report_error(report, "the rules do not compile: %s", strerror(-error));
	return error;
}

/* The judging tables are there until the switch, so for a moment there is memory for two. */
int report_table(struct report *report, const char *table, int error)
{
	if (error == -ENOMEM)
		report_error(report,
			     "table '%s' cannot be filled: %s, beside the one that judges; fewer "
			     "rules need less",
			     table, strerror(-error));
	else
		report_error(report, "table '%s' cannot be filled: %s", table, strerror(-error));
	return error;
}
