/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands that change what runs: apply, confirm, rollback, one statement, sync. And check,
 * which goes the same way up to the point where something would change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../loader/content.h"
#include "command.h"
#include "number.h"
#include "renamed.h"
#include "resolve.h"
#include "session.h"
#include "signals.h"

/* ---- from a document to running ---- */

static int check_change(struct instance *instance, const struct config *config,
			struct report *report)
{
	struct policy_tables tables;
	int error = policy_compile(config->rules, config->rule_count, &tables);

	(void)instance;
	policy_tables_free(&tables);
	return error ? report_compile(report, error) : 0;
}

enum { TRIAL_SECONDS_MAX = 86400 };

/* What --confirm says; 0 when it is not given, or nonsense. */
static unsigned int trial_seconds(const struct invocation *invocation)
{
	unsigned long seconds;

	if (!invocation->confirm || !number_read(invocation->confirm, TRIAL_SECONDS_MAX, &seconds))
		return 0;
	return seconds;
}

/* Give ids, resolve, and hand over to @change. Returns an exit status. */
static int resolve_and(const struct invocation *invocation, struct instance *instance,
		       struct document *document, const struct document *running, change_fn *change)
{
	struct report report = {};
	struct session guard = {.document = document, .report = &report};
	struct faults faults = {};
	struct fault fault = {""};
	struct config config;
	struct system system;
	sigset_t signals;
	int error, status;

	error = document_take_ids(document, running, &fault);
	if (error)
		return say_error(invocation, "%s; nothing was changed",
				 error == -ENOMEM ? "out of memory" : fault.text);
	error = system_read_for(document, &system);
	if (error)
		return say_error(invocation, "the system's links cannot be read: %s",
				 strerror(-error));
	error = resolve(document, &system, &config, &faults);
	if (!error && instance && running && check_renamed(instance, running, &config, &fault)) {
		faults_add(&faults, 0, "xfw: %s", fault.text);
		error = -EINVAL;
	}
	if (!error && instance) {
		instance_try(instance, trial_seconds(invocation));
		/* The rules that run already cut nobody off who is not. */
		if (!invocation->force && !invocation->confirm && !invocation->running)
			session_guard(instance, &guard);
	}
	signals_hold(&signals);
	if (!error)
		error = change(instance, &config, &report);
	status = faults.count ? say_faults(invocation, &faults)
			      : say_report(invocation, &report, error);
	signals_release(&signals);
	config_free(&config);
	system_free(&system);
	return status;
}

/* Besides the lines of @document that could not be read, those that make no sense. */
static int say_all_faults(const struct invocation *invocation, const struct document *document,
			  struct faults *faults)
{
	struct config config;
	struct system system;

	if (!system_read_for(document, &system)) {
		resolve(document, &system, &config, faults);
		config_free(&config);
		system_free(&system);
	}
	return say_faults(invocation, faults);
}

/* A file into a document. Returns an exit status. */
static int read_file(const struct invocation *invocation, const char *path,
		     struct document *document)
{
	struct faults faults = {};
	int error, status;

	document_init(document, path);
	document->patient = invocation->boot;
	error = document_read_file(document, path, &faults);
	if (!error)
		return EXIT_DONE;
	if (error == -EINVAL && document->count)
		status = say_all_faults(invocation, document, &faults);
	else
		status = faults.count ? say_faults(invocation, &faults)
				      : say_error(invocation, "%s: %s", path, strerror(-error));
	document_free(document);
	return status;
}

/* ---- whole files ---- */

/* Before it is done. An exit status. */
static int say_losses(const struct invocation *invocation, const struct instance *instance)
{
	bool by_version;
	const char *loses = instance_loses(instance, &by_version);

	if (!loses)
		return EXIT_DONE;
	/* At boot nobody is there to say so, and without a filter is worse than without flows. */
	if (by_version && !invocation->force && !invocation->boot)
		return say_error(invocation, "%s; 'xfw up --force' does it; nothing was changed",
				 loses);
	fprintf(stderr, "xfw: %s\n", loses);
	return EXIT_DONE;
}

int change_to_file(const struct invocation *invocation, enum instance_access access,
		   const char *path, change_fn *change)
{
	struct document document, running;
	struct instance *instance;
	int status = read_file(invocation, path, &document);

	if (status)
		return status;
	/* At boot a bridge or a tunnel may come later than the filter must. */
	document.patient = invocation->boot;
	instance = open_running(invocation, access);
	status = instance ? say_losses(invocation, instance) : EXIT_REFUSED;
	if (!status)
		status = read_running(invocation, instance, &running);
	if (!status) {
		status = resolve_and(invocation, instance, &document, &running, change);
		document_free(&running);
	}
	instance_close(instance);
	document_free(&document);
	return status;
}

/* The document that runs, resolved anew: the machine under it has changed, or the programs have. */
int change_to_running(const struct invocation *invocation, change_fn *change)
{
	struct instance *instance = open_running(invocation, INSTANCE_CHANGE);
	struct document document;
	int status;

	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &document);
	if (!status) {
		status = resolve_and(invocation, instance, &document, &document, change);
		document_free(&document);
	}
	instance_close(instance);
	return status;
}

int command_apply(const struct invocation *invocation)
{
	if (invocation->word_count > 2)
		return say_usage(invocation);
	if (invocation->confirm && !trial_seconds(invocation))
		return say_error(invocation,
				 "apply: '--confirm %s' is no number of seconds (1 to %d); nothing "
				 "was changed",
				 invocation->confirm, TRIAL_SECONDS_MAX);
	return change_to_file(invocation, INSTANCE_CHANGE, named_file(invocation), instance_apply);
}

/*
 * Both end the trial with one store; what follows, under the policy that stands, takes away what
 * only the other one needed.
 */
int command_confirm(const struct invocation *invocation)
{
	bool keep = !strcmp(invocation->words[0], "confirm");
	struct report report = {};
	struct instance *instance;
	int error;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	instance = open_running(invocation, INSTANCE_CHANGE);
	if (!instance)
		return EXIT_REFUSED;
	error = keep ? instance_confirm(instance, &report) : instance_rollback(instance, &report);
	instance_close(instance);
	return error ? say_report(invocation, &report, error) : command_sync(invocation);
}

int command_check(const struct invocation *invocation)
{
	struct document document;
	int status;

	if (invocation->word_count > 2)
		return say_usage(invocation);
	status = read_file(invocation, named_file(invocation), &document);
	if (status)
		return status;
	status = resolve_and(invocation, NULL, &document, NULL, check_change);
	if (!status && invocation->json)
		say_json(json_pack("{s:b, s:i}", "valid", 1, "statements", (int)document.count));
	document_free(&document);
	return status;
}

/* ---- one line ---- */

int finish_edit(const struct invocation *invocation, struct instance *instance,
		struct document *document, bool changed)
{
	int status = changed ? resolve_and(invocation, instance, document, document, instance_apply)
			     : EXIT_DONE;

	if (!status && invocation->save)
		status = save_document(invocation, document, invocation->config);
	return status;
}

int command_sync(const struct invocation *invocation)
{
	return invocation->word_count > 1 ? say_usage(invocation)
					  : change_to_running(invocation, instance_apply);
}

/* `ndp learn` asks the provider, and is no line of a configuration. */
static bool is_question(const struct invocation *invocation)
{
	return !strcmp(invocation->words[0], "ndp") && invocation->word_count > 1 &&
	       !strcmp(invocation->words[1], "learn");
}

int command_statement(const struct invocation *invocation)
{
	struct instance *instance;
	struct document document;
	struct fault fault = {""};
	int status, added;

	if (is_question(invocation))
		return command_learn(invocation);
	instance = open_running(invocation, INSTANCE_CHANGE);
	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &document);
	if (!status) {
		added = document_add(&document, invocation->words, invocation->word_count, 0, true,
				     &fault);
		if (added < 0)
			status = say_error(invocation, "%s: %s", invocation->words[0],
					   added == -ENOMEM ? "out of memory" : fault.text);
		else
			status = finish_edit(invocation, instance, &document, !added);
		document_free(&document);
	}
	instance_close(instance);
	return status;
}
