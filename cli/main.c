/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xfw: options, then one command of the table.
 */
#include <getopt.h>
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

enum {
	OPTION_CONFIG = 256,
	OPTION_PIN_DIR,
	OPTION_JSON,
	OPTION_SAVE,
	OPTION_FORCE,
	OPTION_CONFIRM,
	OPTION_WATCH,
	OPTION_DROPS,
	OPTION_LOGGED,
	OPTION_WRITE,
	OPTION_BOOT,
	OPTION_RUNNING,
	OPTION_LISTEN,
	OPTION_PROBE,
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"pin-dir", required_argument, NULL, OPTION_PIN_DIR},
	{"json", no_argument, NULL, OPTION_JSON},
	{"save", no_argument, NULL, OPTION_SAVE},
	{"force", no_argument, NULL, OPTION_FORCE},
	{"confirm", required_argument, NULL, OPTION_CONFIRM},
	{"watch", no_argument, NULL, OPTION_WATCH},
	{"drops", no_argument, NULL, OPTION_DROPS},
	{"logged", no_argument, NULL, OPTION_LOGGED},
	{"write", required_argument, NULL, OPTION_WRITE},
	{"boot", no_argument, NULL, OPTION_BOOT},
	{"running", no_argument, NULL, OPTION_RUNNING},
	{"listen", required_argument, NULL, OPTION_LISTEN},
	{"probe", no_argument, NULL, OPTION_PROBE},
	{"help", no_argument, NULL, 'h'},
	{},
};

/* 0 or -1. A @short_options that begins with + stops at the first word. */
static int read_options(int argc, char **argv, const char *short_options,
			struct invocation *invocation, bool *help)
{
	int option;

	while ((option = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			invocation->config = optarg;
			break;
		case OPTION_PIN_DIR:
			invocation->pin_directory = optarg;
			break;
		case OPTION_JSON:
			invocation->json = true;
			break;
		case OPTION_SAVE:
			invocation->save = true;
			break;
		case OPTION_FORCE:
			invocation->force = true;
			break;
		case OPTION_CONFIRM:
			invocation->confirm = optarg;
			break;
		case OPTION_WATCH:
			invocation->watch = true;
			break;
		case OPTION_DROPS:
			invocation->drops = true;
			break;
		case OPTION_LOGGED:
			invocation->logged = true;
			break;
		case OPTION_WRITE:
			invocation->write = optarg;
			break;
		case OPTION_BOOT:
			invocation->boot = true;
			break;
		case OPTION_RUNNING:
			invocation->running = true;
			break;
		case OPTION_LISTEN:
			invocation->listen = optarg;
			break;
		case OPTION_PROBE:
			invocation->probe = true;
			break;
		case 'h':
			*help = true;
			break;
		default:
			return -1;
		}
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
	error = read_options(invocation->word_count, invocation->words, "h", invocation, help);
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

	if (read_options(argc, argv, "+h", &invocation, &help))
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
	return command->run(&invocation);
}
