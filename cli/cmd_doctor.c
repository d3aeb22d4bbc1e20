/* SPDX-License-Identifier: GPL-2.0 */
/*
 * doctor: what stands in the way, each with its fix. The interfaces are those of the file, or of
 * what runs when there is no file.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "doctor.h"
#include "resolve.h"

static const char *const state_words[] = {"ok", "warning", "fault"};

static void print_finding(const struct finding *finding)
{
	printf("%-8s %-16s %-10s %s\n", state_words[finding->state], finding->check,
	       finding->subject, finding->detail);
	if (finding->fix[0])
		printf("%-8s   fix: %s\n", "", finding->fix);
}

static json_t *finding_json(const struct finding *finding)
{
	return json_pack("{s:s, s:s?, s:s, s:s, s:s?}", "check", finding->check, "subject",
			 finding->subject[0] ? finding->subject : NULL, "state",
			 state_words[finding->state], "detail", finding->detail, "fix",
			 finding->fix[0] ? finding->fix : NULL);
}

static int say_findings(const struct invocation *invocation, const struct findings *findings)
{
	json_t *list = json_array();
	bool fault = false;

	for (size_t i = 0; i < findings->count; i++) {
		fault |= findings->list[i].state == FINDING_FAULT;
		if (invocation->json)
			json_array_append_new(list, finding_json(&findings->list[i]));
		else
			print_finding(&findings->list[i]);
	}
	if (invocation->json)
		say_json(list);
	else
		json_decref(list);
	return fault ? EXIT_REFUSED : EXIT_DONE;
}

static struct finding *note_configuration(struct findings *findings, enum finding_state state)
{
	struct finding *finding = &findings->list[findings->count++];

	*finding = (struct finding){.check = "configuration", .state = state};
	return finding;
}

/* The file's faults are findings, too: what can be read is examined all the same. */
static void note_faults(const struct faults *faults, const char *source, struct findings *findings)
{
	for (size_t i = 0; i < faults->count && i < FAULTS_MAX; i++)
		finding_say(note_configuration(findings, FINDING_FAULT), "%s", faults->lines[i]);
	if (!faults->count && source)
		finding_say(note_configuration(findings, FINDING_OK), "%s has no faults", source);
}

/* What runs, when there is no file. False: nothing does. */
static bool read_what_runs(const struct invocation *invocation, struct document *document)
{
	struct instance *instance = NULL;
	struct report report = {};
	struct faults faults = {};
	char *text = NULL;
	bool read = !instance_open(invocation->pin_directory, INSTANCE_READ, &instance, &report) &&
		    !instance_config_text(instance, &text, &report) && text &&
		    !document_read_running(document, text, &faults);

	free(text);
	if (instance)
		instance_close(instance);
	return read;
}

static void read_configuration(const struct invocation *invocation, const struct system *system,
			       struct config *config, struct findings *findings)
{
	const char *source = invocation->config;
	struct document document;
	struct faults faults = {};
	struct fault fault;

	document_init(&document, invocation->config);
	if (strcmp(invocation->config, "-") && access(invocation->config, F_OK) &&
	    read_what_runs(invocation, &document)) {
		source = NULL; /* said here what is amiss */
		finding_say(note_configuration(findings, FINDING_WARNING),
			    "%s: no such file; what runs is examined", invocation->config);
		finding_fix(&findings->list[findings->count - 1], "xfw save %s",
			    invocation->config);
	} else {
		document_read_file(&document, invocation->config, &faults);
	}
	document_take_ids(&document, NULL, &fault);
	resolve(&document, system, config, &faults);
	note_faults(&faults, source, findings);
	document_free(&document);
}

int command_doctor(const struct invocation *invocation)
{
	struct findings *findings;
	struct system system;
	struct config config;
	struct pins pins;
	int status;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	if (system_read(&system))
		return say_error(invocation, "doctor: the system's links cannot be read");
	findings = calloc(1, sizeof(*findings));
	if (!findings) {
		system_free(&system);
		return say_error(invocation, "doctor: out of memory");
	}
	read_configuration(invocation, &system, &config, findings);
	pins_init(&pins, invocation->pin_directory);
	doctor_examine(&(struct examination){&config, &system, &pins, findings});
	status = say_findings(invocation, findings);
	config_free(&config);
	system_free(&system);
	free(findings);
	return status;
}
