/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How it stands: counters of every interface, modes, programs, how full the maps are.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../loader/attach.h"
#include "../maps/generation.h"
#include "../maps/stats.h"
#include "attachment.h"
#include "command.h"

static const char *name_of(unsigned int ifindex, char *name)
{
	return if_indextoname(ifindex, name) ?: "(gone)";
}

/* ---- stats ---- */

static json_t *counter_json(const struct counter *counter)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)counter->packets, "bytes",
			 (json_int_t)counter->bytes);
}

static json_t *interface_json(const struct pins *pins, const struct settings *settings, __u32 index)
{
	struct counter verdicts[XFW_VERDICT_COUNT];
	char name[IF_NAMESIZE];
	json_t *object;

	stats_interface(pins, index, verdicts);
	object = json_pack("{s:s, s:s}", "interface",
			   name_of(settings->interfaces[index].ifindex, name), "role",
			   role_names[settings->interfaces[index].role]);
	for (int i = 0; i < XFW_VERDICT_COUNT; i++)
		json_object_set_new(object, verdict_names[i], counter_json(&verdicts[i]));
	return object;
}

static json_t *drops_json(const struct pins *pins)
{
	json_t *roles = json_object();

	for (int role = 0; role < XFW_ROLE_COUNT; role++) {
		struct counter reasons[XFW_DROP_REASON_COUNT];
		json_t *object = json_object();

		stats_drops(pins, role, reasons);
		for (int i = 0; i < XFW_DROP_REASON_COUNT; i++)
			json_object_set_new(object, reason_names[i], counter_json(&reasons[i]));
		json_object_set_new(roles, role_names[role], object);
	}
	return roles;
}

static json_t *stats_json(const struct pins *pins, const struct settings *settings)
{
	json_t *interfaces = json_array();

	for (__u32 i = 0; i < settings->interface_count; i++)
		json_array_append_new(interfaces, interface_json(pins, settings, i));
	return json_pack("{s:o, s:o}", "interfaces", interfaces, "drops", drops_json(pins));
}

static void print_interfaces(const struct pins *pins, const struct settings *settings)
{
	printf("%-12s %-5s", "INTERFACE", "ROLE");
	for (int i = 0; i < XFW_VERDICT_COUNT; i++)
		printf(" %9s %5s", verdict_names[i], "bytes");
	putchar('\n');
	for (__u32 index = 0; index < settings->interface_count; index++) {
		struct counter verdicts[XFW_VERDICT_COUNT];
		char name[IF_NAMESIZE], packets[16], bytes[16];

		stats_interface(pins, index, verdicts);
		printf("%-12s %-5s", name_of(settings->interfaces[index].ifindex, name),
		       role_names[settings->interfaces[index].role]);
		for (int i = 0; i < XFW_VERDICT_COUNT; i++) {
			format_count(verdicts[i].bytes, bytes, sizeof(bytes));
			format_count(verdicts[i].packets, packets, sizeof(packets));
			printf(" %9s %5s", packets, bytes);
		}
		putchar('\n');
	}
}

/* Reasons that never happened are left out. */
static void print_drops(const struct pins *pins)
{
	printf("\n%-5s %-19s %10s  %s\n", "DROPS", "REASON", "PACKETS", "");
	for (int role = 0; role < XFW_ROLE_COUNT; role++) {
		struct counter reasons[XFW_DROP_REASON_COUNT];

		stats_drops(pins, role, reasons);
		for (int i = 0; i < XFW_DROP_REASON_COUNT; i++)
			if (reasons[i].packets)
				printf("%-5s %-19s %10llu  %s\n", role_names[role], reason_names[i],
				       (unsigned long long)reasons[i].packets, reason_texts[i]);
	}
}

static int stats_once(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	struct settings settings;

	if (!instance)
		return EXIT_REFUSED;
	stats_settings(&instance->pins, &settings);
	if (invocation->json) {
		say_json(stats_json(&instance->pins, &settings));
	} else {
		print_interfaces(&instance->pins, &settings);
		print_drops(&instance->pins);
	}
	instance_close(instance);
	return EXIT_DONE;
}

int command_stats(const struct invocation *invocation)
{
	int status = stats_once(invocation);

	while (!status && invocation->watch) {
		sleep(1);
		if (!invocation->json)
			printf("\033[H\033[J"); /* home, clear */
		status = stats_once(invocation);
		fflush(stdout);
	}
	return status;
}

/* ---- status ---- */

/*
 * Of a role whose interface is not among those that are judged: "absent", or "none" when it came
 * (back) and nobody has looked since. NULL for all others.
 */
static const char *missing_mode(const struct settings *settings, const struct statement *statement)
{
	unsigned int ifindex;

	if (statement_groups[statement->kind] != GROUP_ROLES)
		return NULL;
	ifindex = if_nametoindex(statement->words[1]);
	for (__u32 i = 0; i < settings->interface_count; i++)
		if (settings->interfaces[i].ifindex == ifindex)
			return NULL;
	return ifindex ? "none" : "absent";
}

static json_t *attachment_json(const struct attachment *attachment)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "interface", attachment->name, "role",
			 attachment->role, "mode", attachment->mode, "held", attachment->held,
			 "program", attachment->program, "program_id", (int)attachment->program_id);
}

/* The maps that can fill up. */
static const enum lasting_map filling[] = {MAP_FLOWS, MAP_FLOWS_OPENING, MAP_FRAGMENTS, MAP_PORTS,
					   MAP_PORT_DEVICES};

static json_t *fills_json(const struct pins *pins)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(filling) / sizeof(filling[0]); i++) {
		struct map_fill fill;

		stats_fill(pins->maps[filling[i]], &fill);
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:i}", "name", map_names[filling[i]],
						"used", fill.used, "capacity", fill.capacity));
	}
	return list;
}

/* Does the file say what runs? -1: it cannot be read. */
static int is_saved(const struct invocation *invocation, const struct document *running)
{
	struct document file;
	struct faults faults = {};
	FILE *nowhere;
	int saved = -1;

	document_init(&file, invocation->config);
	nowhere = fopen("/dev/null", "we");
	if (nowhere && !document_read_file(&file, invocation->config, &faults))
		saved = !document_diff(running, &file, nowhere);
	if (nowhere)
		fclose(nowhere);
	document_free(&file);
	return saved;
}

static void print_attachments(const struct pins *pins, const struct settings *settings,
			      const struct document *running)
{
	struct attachment attachment;

	printf("%-12s %-5s %-8s %-11s %-9s %s\n", "INTERFACE", "ROLE", "MODE", "HELD BY", "PROGRAM",
	       "ID");
	for (__u32 i = 0; i < settings->interface_count; i++)
		if (attachment_of(pins, &settings->interfaces[i], &attachment))
			printf("%-12s %-5s %-8s %-11s %-9s %u\n", attachment.name, attachment.role,
			       attachment.mode, attachment.held, attachment.program,
			       attachment.program_id);
	for (size_t i = 0; i < running->count; i++) {
		const struct statement *statement = &running->statements[i];
		const char *mode = missing_mode(settings, statement);

		if (mode)
			printf("%-12s %-5s %-8s %s\n", statement->words[1], statement->words[0],
			       mode, mode[0] == 'n' ? "NOT FILTERED; 'xfw sync' attaches it" : "");
	}
}

static json_t *attachments_json(const struct pins *pins, const struct settings *settings,
				const struct document *running)
{
	json_t *interfaces = json_array();
	struct attachment attachment;

	for (__u32 i = 0; i < settings->interface_count; i++)
		if (attachment_of(pins, &settings->interfaces[i], &attachment))
			json_array_append_new(interfaces, attachment_json(&attachment));
	for (size_t i = 0; i < running->count; i++) {
		const struct statement *statement = &running->statements[i];
		const char *mode = missing_mode(settings, statement);

		if (mode)
			json_array_append_new(interfaces,
					      json_pack("{s:s, s:s, s:s}", "interface",
							statement->words[1], "role",
							statement->words[0], "mode", mode));
	}
	return interfaces;
}

static void print_status(const struct pins *pins, const struct settings *settings,
			 const struct document *running, int saved)
{
	static const char *const words[] = {"the file cannot be read",
					    "running differs from the file", "running is saved"};
	double left;

	print_attachments(pins, settings, running);
	printf("\n%-16s %10s %10s\n", "MAP", "USED", "CAPACITY");
	for (size_t i = 0; i < sizeof(filling) / sizeof(filling[0]); i++) {
		struct map_fill fill;

		stats_fill(pins->maps[filling[i]], &fill);
		printf("%-16s %10u %10u\n", map_names[filling[i]], fill.used, fill.capacity);
	}
	printf("\ngeneration %u, ", generation_current(pins));
	if (generation_on_trial(pins, &left))
		printf("waits for confirmation for %.0f s more, ", left);
	else
		printf("nothing waits for confirmation, ");
	printf("%s\n", words[saved + 1]);
}

static json_t *status_json(const struct pins *pins, const struct settings *settings,
			   const struct document *running, int saved)
{
	double left;
	bool on_trial = generation_on_trial(pins, &left);

	return json_pack("{s:i, s:o, s:o, s:o, s:o}", "generation", (int)generation_current(pins),
			 "interfaces", attachments_json(pins, settings, running), "maps",
			 fills_json(pins), "pending_confirm",
			 on_trial ? json_pack("{s:f}", "seconds_left", left) : json_null(), "saved",
			 saved < 0 ? json_null() : json_boolean(saved));
}

int command_status(const struct invocation *invocation)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	struct settings settings;
	struct document running;
	int status, saved;

	if (!instance)
		return EXIT_REFUSED;
	status = read_running(invocation, instance, &running);
	if (!status) {
		saved = is_saved(invocation, &running);
		stats_settings(&instance->pins, &settings);
		if (invocation->json)
			say_json(status_json(&instance->pins, &settings, &running, saved));
		else
			print_status(&instance->pins, &settings, &running, saved);
		document_free(&running);
	}
	instance_close(instance);
	return status;
}
