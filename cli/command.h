/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every command has: its words, the options given, and the ways to say something.
 */
#ifndef XFW_COMMAND_H
#define XFW_COMMAND_H

#include <jansson.h>
#include <stdbool.h>

#include "../loader/instance.h"
#include "document.h"

enum exit_status { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

/* As given; see filter.h. */
struct filter_words {
	const char *proto, *from, *to, *port, *rule;
};

struct invocation {
	char **words; /* words[0] is the command */
	size_t word_count;
	const char *config; /* --config, or the default */
	const char *pin_directory;
	bool json;
	bool save;
	bool force;
	bool watch;
	bool drops;
	bool logged;
	bool kill;
	bool boot;
	bool running;
	bool probe;
	const char *listen;  /* ADDR:PORT */
	const char *write;   /* a file */
	const char *read;    /* a file */
	const char *hex;     /* bytes of a frame */
	const char *number;  /* which one, from 1 */
	const char *confirm; /* seconds, as given */
	const char *sort;    /* see order.h */
	struct filter_words filter;
};

struct command {
	const char *name;
	int (*run)(const struct invocation *invocation);
	const char *form;
	const char *help;
};

extern const struct command commands[]; /* ends with an empty row */

/* Does the command read the options behind its name itself? */
bool command_reads_options(const struct command *command);

/* Does it act and print nothing where all went well? */
bool command_only_acts(const struct command *command);

/* ---- saying ---- */

/* Print @object and free it. */
int say_json(json_t *object);
/* The same in one line, at once: what goes on says one document a line. */
int say_json_line(json_t *object);
/* "xfw: …" on stderr, or {"error": …} with --json. Returns EXIT_REFUSED. */
int say_error(const struct invocation *invocation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int say_faults(const struct invocation *invocation, const struct faults *faults);
int say_report(const struct invocation *invocation, const struct report *report, int error);
/* With --json, {"done": true} of a command that has nothing else to say. Returns EXIT_DONE. */
int say_done(const struct invocation *invocation);
/* The command does not take these words. Returns EXIT_USAGE. */
int say_usage(const struct invocation *invocation);

/* 1234567 as 1.2M, into @text. */
void format_count(__u64 count, char *text, size_t size);
/* "3s", "2m", "5h" or "never". */
void format_age(double seconds, bool ever, char *text, size_t size);

/* ---- what several commands do ---- */

/* Open for reading, or say why not and return NULL. */
struct instance *open_running(const struct invocation *invocation, enum instance_access access);
/*
 * Make running what the changed @document says, and save it when asked to. An exit status.
 */
int finish_edit(const struct invocation *invocation, struct instance *instance,
		struct document *document, bool changed);
/* Read the running document. 0, or an exit status after saying why. */
int read_running(const struct invocation *invocation, struct instance *instance,
		 struct document *document);
typedef int look_fn(const struct invocation *invocation, struct instance *instance,
		    const struct document *running);
/*
 * Hand what runs to @look, for a command without words that takes its time: others may change it
 * meanwhile. An exit status, after saying why.
 */
int look_at_running(const struct invocation *invocation, look_fn *look);
typedef int change_fn(struct instance *instance, const struct config *config,
		      struct report *report);
/* Hand what the file at @path means to @change. An exit status, after saying why. */
int change_to_file(const struct invocation *invocation, enum instance_access access,
		   const char *path, change_fn *change);
/* The same of what runs: the machine under it has changed, or the programs have. */
int change_to_running(const struct invocation *invocation, change_fn *change);
/* The file named by the command's first word, --config, or the default. */
const char *named_file(const struct invocation *invocation);

/* The families of commands. */
int command_up(const struct invocation *invocation);
int command_down(const struct invocation *invocation);
int command_apply(const struct invocation *invocation);
int command_check(const struct invocation *invocation);
int command_confirm(const struct invocation *invocation);
int command_show(const struct invocation *invocation);
int command_diff(const struct invocation *invocation);
int command_save(const struct invocation *invocation);
int command_follow(const struct invocation *invocation);
int command_shadow(const struct invocation *invocation);
int command_sync(const struct invocation *invocation);
int command_statement(const struct invocation *invocation);
int command_learn(const struct invocation *invocation);
int command_delete(const struct invocation *invocation);
int command_rules(const struct invocation *invocation);
int command_routes(const struct invocation *invocation);
int command_flows(const struct invocation *invocation);
int command_stats(const struct invocation *invocation);
int command_explain(const struct invocation *invocation);
int command_monitor(const struct invocation *invocation);
int command_exporter(const struct invocation *invocation);
int command_audit(const struct invocation *invocation);
int command_bench(const struct invocation *invocation);
int command_doctor(const struct invocation *invocation);
int command_status(const struct invocation *invocation);
int command_top(const struct invocation *invocation);
int command_plan(const struct invocation *invocation);
int command_help(const struct invocation *invocation);

/* Write @running into the file at @path, keeping what did not change. 0 or an exit status. */
int save_document(const struct invocation *invocation, const struct document *running,
		  const char *path);

#endif
