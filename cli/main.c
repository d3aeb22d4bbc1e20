/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xfw: options, then one command of the table.
 */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define DEFAULT_CONFIG	"/etc/xfw/xfw.conf"
#define DEFAULT_PIN_DIR "/sys/fs/bpf/xfw"

static const struct command *find_command(const char *word)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, word))
			return command;
	return NULL;
}

static int unknown_command(const char *word)
{
	const char *names[64], *nearest;
	size_t count = 0;

	for (const struct command *command = commands; command->name && count < 64; command++)
		names[count++] = command->name;
	nearest = nearest_word(word, names, count);
	fprintf(stderr, "xfw: unknown command '%s'%s%s%s; 'xfw help' lists them\n", word,
		nearest ? ": did you mean '" : "", nearest ?: "", nearest ? "'?" : "");
	return EXIT_USAGE;
}

/* Row: what it sets in struct invocation, its name. A WORD takes the word behind it. */
#define XFW_OPTIONS(WORD, FLAG)        \
	WORD(config, "config")         \
	WORD(pin_directory, "pin-dir") \
	WORD(confirm, "confirm")       \
	WORD(write, "write")           \
	WORD(read, "read")             \
	WORD(hex, "hex")               \
	WORD(number, "number")         \
	WORD(listen, "listen")         \
	WORD(sort, "sort")             \
	WORD(filter.proto, "proto")    \
	WORD(filter.from, "from")      \
	WORD(filter.to, "to")          \
	WORD(filter.port, "port")      \
	WORD(filter.rule, "rule")      \
	FLAG(json, "json")             \
	FLAG(save, "save")             \
	FLAG(force, "force")           \
	FLAG(watch, "watch")           \
	FLAG(drops, "drops")           \
	FLAG(logged, "logged")         \
	FLAG(kill, "kill")             \
	FLAG(boot, "boot")             \
	FLAG(running, "running")       \
	FLAG(probe, "probe")

enum { OPTION_FIRST = 256 };

/* getopt tells options apart by a number: here the place in struct invocation. */
#define WORD_ROW(field, name) \
	{name, required_argument, NULL, OPTION_FIRST + offsetof(struct invocation, field)},
#define FLAG_ROW(field, name) \
	{name, no_argument, NULL, OPTION_FIRST + offsetof(struct invocation, field)},
static const struct option options[] = {
	XFW_OPTIONS(WORD_ROW, FLAG_ROW){"help", no_argument, NULL, 'h'},
	{},
};

/* 0 or -1. A @short_options that begins with + stops at the first word. */
static int read_options(int argc, char **argv, const char *short_options,
			struct invocation *invocation, bool *help)
{
	int option;

	while ((option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
		char *place = (char *)invocation + option - OPTION_FIRST;

		if (option == 'h')
			*help = true;
		else if (option == 'n')
			invocation->number = optarg;
		else if (option < OPTION_FIRST)
			return -1;
		else if (optarg)
			*(const char **)place = optarg;
		else
			*(bool *)place = true;
	}
	return 0;
}

/* The options behind the command's name, in words[0]; what is left of the words are the words. */
static int read_later_options(struct invocation *invocation, char *program, bool *help)
{
	char *name = invocation->words[0];
	int error;

	invocation->words[0] = program; /* getopt's messages begin with it */
	optind = 0;			/* glibc: forget the +, begin anew */
	error = read_options(invocation->word_count, invocation->words, "hn:", invocation, help);
	invocation->words += optind - 1;
	invocation->word_count -= optind - 1;
	invocation->words[0] = name;
	return error;
}

int main(int argc, char **argv)
{
	struct invocation invocation = {
		.config = DEFAULT_CONFIG,
		.pin_directory = DEFAULT_PIN_DIR,
	};
	const struct command *command;
	bool help = false;
	int status;

	if (read_options(argc, argv, "+hn:", &invocation, &help))
		return EXIT_USAGE;
	invocation.words = argv + optind;
	invocation.word_count = argc - optind;
	if (!invocation.word_count) {
		command_help(&invocation);
		return help ? EXIT_DONE : EXIT_USAGE;
	}
	command = find_command(invocation.words[0]);
	if (!command)
		return unknown_command(invocation.words[0]);
	if (!command_reads_options(command) && read_later_options(&invocation, argv[0], &help))
		return EXIT_USAGE;
	if (help) {
		printf("usage: xfw %s\n%s%s", command->form, command->help ?: "",
		       command->help ? "\n" : "");
		return EXIT_DONE;
	}
	status = command->run(&invocation);
	if (status == EXIT_DONE && command_only_acts(command))
		return say_done(&invocation);
	return status;
}
