/* SPDX-License-Identifier: GPL-2.0 */
/*
 * doctor: what stands in the way, each with its fix. The interfaces are those of the file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* The file's faults are findings, too: what can be read is examined all the same. */
static void add_faults(const struct faults *faults, struct findings *findings)
{
	for (size_t i = 0; i < faults->count && i < FAULTS_MAX; i++) {
		struct finding *finding = &findings->list[findings->count++];

		*finding = (struct finding){.check = "configuration", .state = FINDING_FAULT};
		snprintf(finding->detail, sizeof(finding->detail), "%s", faults->lines[i]);
	}
}

static void read_configuration(const struct invocation *invocation, const struct system *system,
			       struct config *config, struct findings *findings)
{
	struct document document;
	struct faults faults = {};
	struct fault fault;
	int error;

	document_init(&document, invocation->config);
	error = document_read_file(&document, invocation->config, &faults);
	if (error && error != -EINVAL)
		faults_add(&faults, 0, "%s: %s", invocation->config, strerror(-error));
	document_take_ids(&document, NULL, &fault);
	resolve(&document, system, config, &faults);
	add_faults(&faults, findings);
	document_free(&document);
}

int command_doctor(const struct invocation *invocation)
{
	struct findings *findings;
	struct system system;
	struct config config;
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
	doctor_examine(&config, &system, findings);
	status = say_findings(invocation, findings);
	config_free(&config);
	system_free(&system);
	free(findings);
	return status;
}
