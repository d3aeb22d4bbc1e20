/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The running configuration as text: show, diff, save.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static json_t *document_json(const struct document *document)
{
	json_t *lines = json_array();

	for (size_t i = 0; i < document->count; i++)
		json_array_append_new(lines, json_string(document->statements[i].text));
	return lines;
}

int command_show(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	struct document document;
	int status;

	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &document);
	if (!status) {
		if (invocation->json)
			say_json(document_json(&document));
		else
			document_print(&document, stdout);
		document_free(&document);
	}
	instance_close(instance);
	return status;
}

static json_t *diff_json(const struct document *from, const struct document *to)
{
	json_t *removed = json_array(), *added = json_array();

	for (size_t i = 0; i < from->count; i++)
		if (!document_find(to, from->statements[i].text))
			json_array_append_new(removed, json_string(from->statements[i].text));
	for (size_t i = 0; i < to->count; i++)
		if (!document_find(from, to->statements[i].text))
			json_array_append_new(added, json_string(to->statements[i].text));
	return json_pack("{s:o, s:o}", "removed", removed, "added", added);
}

int command_diff(const struct invocation *invocation)
{
	const char *path = named_file(invocation);
	struct document file, running;
	struct instance *instance;
	struct faults faults = {};
	int status, error;

	document_init(&file, path);
	error = document_read_file(&file, path, &faults);
	if (error) {
		document_free(&file);
		return say_faults(invocation, &faults);
	}
	instance = open_running(invocation, INSTANCE_READ);
	status = instance ? read_running(invocation, instance, &running) : EXIT_REFUSED;
	if (!status) {
		if (invocation->json)
			say_json(diff_json(&running, &file));
		else
			document_diff(&running, &file, stdout);
		document_free(&running);
	}
	instance_close(instance);
	document_free(&file);
	return status;
}

int command_save(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	struct document running;
	int status;

	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &running);
	if (!status) {
		status = save_document(invocation, &running, named_file(invocation));
		document_free(&running);
	}
	instance_close(instance);
	return status;
}
