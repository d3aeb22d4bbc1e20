/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The running instance and its document, for every command that needs them.
 */
#include <stdlib.h>

#include "command.h"

struct instance *open_running(const struct invocation *invocation, enum instance_access access)
{
	struct report report = {};
	struct instance *instance;
	int error = instance_open(invocation->pin_directory, access, &instance, &report);

	if (!error)
		return instance;
	say_report(invocation, &report, error);
	return NULL;
}

int read_running(const struct invocation *invocation, struct instance *instance,
		 struct document *document)
{
	struct report report = {};
	struct faults faults = {};
	char *text;
	int error;

	document_init(document, NULL);
	error = instance_config_text(instance, &text, &report);
	if (error)
		return say_report(invocation, &report, error);
	if (!text)
		return 0;
	error = document_read_running(document, text, &faults);
	free(text);
	if (!error)
		return 0;
	document_free(document);
	return say_faults(invocation, &faults);
}

int look_at_running(const struct invocation *invocation, look_fn *look)
{
	struct instance *instance;
	struct document running;
	int status;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	instance = open_running(invocation, INSTANCE_READ);
	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &running);
	instance_unlock(instance);
	if (!status) {
		status = look(invocation, instance, &running);
		document_free(&running);
	}
	instance_close(instance);
	return status;
}

const char *named_file(const struct invocation *invocation)
{
	return invocation->word_count > 1 ? invocation->words[1] : invocation->config;
}
