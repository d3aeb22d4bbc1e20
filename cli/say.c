/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Output: messages for people or JSON, numbers short enough to read.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* Has anything been printed as JSON? */
static bool json_said;

int say_json(json_t *object)
{
	json_said = true;
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
	return EXIT_DONE;
}

int say_json_line(json_t *object)
{
	json_said = true;
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
	return EXIT_DONE;
}

int say_error(const struct invocation *invocation, const char *format, ...)
{
	va_list arguments;
	char text[1024];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (invocation->json)
		(invocation->watch ? say_json_line : say_json)(json_pack("{s:s}", "error", text));
	fprintf(stderr, "xfw: %s\n", text);
	return EXIT_REFUSED;
}

int say_done(const struct invocation *invocation)
{
	if (invocation->json && !json_said)
		say_json(json_pack("{s:b}", "done", 1));
	return EXIT_DONE;
}

int say_faults(const struct invocation *invocation, const struct faults *faults)
{
	size_t shown = faults->count < FAULTS_MAX ? faults->count : FAULTS_MAX;
	json_t *list = json_array();

	for (size_t i = 0; i < shown; i++) {
		fprintf(stderr, "%s\n", faults->lines[i]);
		json_array_append_new(list, json_string(faults->lines[i]));
	}
	if (faults->count > shown)
		fprintf(stderr, "xfw: and %zu more\n", faults->count - shown);
	if (invocation->json)
		return say_json(json_pack("{s:s, s:o}", "error", faults->lines[0], "errors", list)),
		       EXIT_REFUSED;
	json_decref(list);
	return EXIT_REFUSED;
}

int say_report(const struct invocation *invocation, const struct report *report, int error)
{
	for (size_t i = 0; i < report->warning_count; i++)
		fprintf(stderr, "xfw: warning: %s\n", report->warnings[i]);
	if (!error)
		return EXIT_DONE;
	return say_error(invocation, "%s", report->error[0] ? report->error : strerror(-error));
}

int say_usage(const struct invocation *invocation)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, invocation->words[0]))
			fprintf(stderr, "usage: xfw %s\n", command->form);
	if (invocation->json)
		say_json(json_pack("{s:s}", "error", "usage"));
	return EXIT_USAGE;
}

void format_count(__u64 count, char *text, size_t size)
{
	static const char units[] = {'k', 'M', 'G', 'T', 'P'};
	double value = count;
	int unit = -1;

	while (value >= 1000 && unit < 4) {
		value /= 1000;
		unit++;
	}
	if (unit < 0)
		snprintf(text, size, "%llu", (unsigned long long)count);
	else
		snprintf(text, size, value < 10 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

void format_age(double seconds, bool ever, char *text, size_t size)
{
	if (!ever)
		snprintf(text, size, "never");
	else if (seconds < 120)
		snprintf(text, size, "%.0fs", seconds);
	else if (seconds < 7200)
		snprintf(text, size, "%.0fm", seconds / 60);
	else
		snprintf(text, size, "%.0fh", seconds / 3600);
}
