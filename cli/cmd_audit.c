/* SPDX-License-Identifier: GPL-2.0 */
/*
 * audit: what of the running configuration does nothing, and what is there that it does not name.
 * A line each, grouped, with what to do. Nothing is changed, and no guest is asked unless --probe
 * says so.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "command.h"
#include "prefix.h"
#include "resolve.h"

#define NAME(id, name, heading)	   name,
#define HEADING(id, name, heading) heading,
static const char *const names[] = {XFW_AUDIT_KINDS(NAME)};
static const char *const headings[] = {XFW_AUDIT_KINDS(HEADING)};

/* ---- findings ---- */

struct audit_finding *audit_note(struct audit *audit, enum audit_kind kind)
{
	if (audit->count == audit->room) {
		size_t room = audit->room ? audit->room * 2 : 64;
		struct audit_finding *longer =
			reallocarray(audit->findings, room, sizeof(*audit->findings));

		if (!longer) {
			audit->failed = true;
			return NULL;
		}
		audit->findings = longer;
		audit->room = room;
	}
	audit->findings[audit->count] = (struct audit_finding){.kind = kind};
	return &audit->findings[audit->count++];
}

static void set_text(char **text, const char *format, va_list arguments)
{
	free(*text);
	if (vasprintf(text, format, arguments) < 0)
		*text = NULL;
}

void audit_say(struct audit_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (finding)
		set_text(&finding->why, format, arguments);
	va_end(arguments);
}

void audit_remedy(struct audit_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (finding)
		set_text(&finding->remedy, format, arguments);
	va_end(arguments);
}

/* ---- saying them ---- */

static json_t *finding_json(const struct audit_finding *finding)
{
	char slice[PREFIX_TEXT] = "", address[PREFIX_TEXT] = "";

	if (finding->has_slice)
		prefix_format(&finding->slice, slice, sizeof(slice));
	if (finding->has_address)
		address_format(&finding->address, address, sizeof(address));
	return json_pack("{s:s, s:s, s:o, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}", "kind",
			 names[finding->kind], "state", finding->fault ? "fault" : "warning", "id",
			 finding->id ? json_integer(finding->id) : json_null(), "rule",
			 finding->line, "slice", slice[0] ? slice : NULL, "address",
			 address[0] ? address : NULL, "service",
			 finding->service[0] ? finding->service : NULL, "why", finding->why,
			 "remedy", finding->remedy);
}

static void print_finding(const struct audit_finding *finding)
{
	char id[16] = "", place[PREFIX_TEXT] = "";

	if (finding->id)
		snprintf(id, sizeof(id), "#%u ", finding->id);
	if (finding->service[0])
		address_format(&finding->address, place, sizeof(place));
	else if (!finding->line && finding->has_slice)
		prefix_format(&finding->slice, place, sizeof(place));
	printf("  %s%s%s%s%s: %s; %s\n", id, finding->line ?: place, finding->service[0] ? " " : "",
	       finding->service, finding->fault ? ": fault" : "", finding->why ?: "?",
	       finding->remedy ?: "?");
}

static void print_findings(const struct audit *audit)
{
	for (int kind = 0; kind < AUDIT_KINDS; kind++) {
		bool headed = false;

		for (size_t i = 0; i < audit->count; i++) {
			if ((int)audit->findings[i].kind != kind)
				continue;
			if (!headed)
				printf("%s\n", headings[kind]);
			headed = true;
			print_finding(&audit->findings[i]);
		}
	}
	if (!audit->count)
		printf("nothing found in %zu rules and %zu slices\n", audit->config->rule_count,
		       audit->config->route_count);
}

static int compare_kinds(const void *a, const void *b)
{
	const struct audit_finding *x = a, *y = b;

	return (int)x->kind - (int)y->kind ?: x->id < y->id ? -1 : x->id > y->id;
}

static int say_findings(const struct invocation *invocation, const struct audit *audit)
{
	json_t *list = json_array();
	bool fault = false;

	for (size_t i = 0; i < audit->count; i++) {
		fault |= audit->findings[i].fault;
		if (invocation->json)
			json_array_append_new(list, finding_json(&audit->findings[i]));
	}
	if (invocation->json) {
		say_json(list);
	} else {
		json_decref(list);
		print_findings(audit);
	}
	return fault ? EXIT_REFUSED : EXIT_DONE;
}

/* What was not looked at belongs to what was found. */
static void say_asked(const struct audit_asked *asked, bool probe)
{
	if (!probe)
		fprintf(stderr, "xfw: guests were not asked what listens on them; "
				"'xfw audit --probe' connects to them\n");
	else
		fprintf(stderr, "xfw: asked %zu guests on %zu TCP ports\n", asked->guests,
			asked->ports);
	if (asked->left_out)
		fprintf(stderr, "xfw: %zu guests more were not asked\n", asked->left_out);
}

/* ---- looking ---- */

static int look(const struct invocation *invocation, struct audit *audit)
{
	struct audit_asked asked = {};
	int error = slices_read(audit->pins, &audit->slices);

	if (!error)
		error = neighbours_read(&audit->neighbours);
	if (error)
		return say_error(invocation, "audit: slices and neighbours cannot be read: %s",
				 strerror(-error));
	audit_slices(audit);
	audit_rules(audit);
	if (invocation->probe)
		error = audit_services(audit, &asked);
	if (error || audit->failed)
		return say_error(invocation, "audit: not everything could be looked at: %s",
				 strerror(error ? -error : ENOMEM));
	/* The same order for both forms. */
	if (audit->count)
		qsort(audit->findings, audit->count, sizeof(*audit->findings), compare_kinds);
	say_asked(&asked, invocation->probe);
	return say_findings(invocation, audit);
}

static void audit_free(struct audit *audit)
{
	for (size_t i = 0; i < audit->count; i++) {
		free(audit->findings[i].why);
		free(audit->findings[i].remedy);
	}
	free(audit->findings);
	slices_free(&audit->slices);
	neighbours_free(&audit->neighbours);
}

static int audit_running(const struct invocation *invocation, struct instance *instance,
			 const struct document *running)
{
	struct audit audit = {.pins = &instance->pins, .document = running};
	struct faults faults = {};
	struct system system;
	struct config config;
	int status;

	if (system_read_for(running, &system))
		return say_error(invocation, "audit: the system's links cannot be read");
	audit.system = &system;
	audit.config = &config;
	if (resolve(running, &system, &config, &faults))
		status = say_faults(invocation, &faults);
	else
		status = look(invocation, &audit);
	audit_free(&audit);
	config_free(&config);
	system_free(&system);
	return status;
}

int command_audit(const struct invocation *invocation)
{
	return look_at_running(invocation, audit_running);
}
