/* SPDX-License-Identifier: GPL-2.0 */
/*
 * explain: what would happen to a packet now, and why. It is said in words, comes from a capture
 * or from hex; the loaded programs say what they would do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/explain.h"
#include "../maps/stats.h"
#include "capture.h"
#include "command.h"
#include "explanation.h"
#include "number.h"
#include "points.h"
#include "question.h"
#include "resolve.h"

enum { NUMBER_MAX = 1000000000 };

struct asking {
	const struct invocation *invocation;
	const struct pins *pins;
	struct document running, file;
	struct config config;
	struct system system;
	struct settings settings;
	unsigned int interface; /* ifindex that `in IF` names, 0 where nothing does */
	unsigned int asked;
	json_t *list; /* of several answers, with --json */
};

static struct explanation_context context_of(const struct asking *asking)
{
	return (struct explanation_context){asking->pins, &asking->running, &asking->config,
					    &asking->file};
}

/* ---- where it comes in ---- */

static const struct settings_interface *interface_by_index(const struct asking *asking,
							   unsigned int ifindex)
{
	for (__u32 i = 0; i < asking->settings.interface_count; i++)
		if (asking->settings.interfaces[i].ifindex == ifindex)
			return &asking->settings.interfaces[i];
	return NULL;
}

static const struct settings_interface *first_wan(const struct asking *asking)
{
	for (__u32 i = 0; i < asking->settings.interface_count; i++)
		if (asking->settings.interfaces[i].role == ROLE_WAN)
			return &asking->settings.interfaces[i];
	return NULL;
}

/* A guest's address comes in where its slice is, any other by the first WAN. */
static const struct settings_interface *interface_of_source(const struct asking *asking,
							    const struct address *source)
{
	struct route route;

	if (asking->interface)
		return interface_by_index(asking, asking->interface);
	if (explanation_route(asking->pins, source, &route) && route.kind != ROUTE_HOST)
		return interface_by_index(asking, route.ifindex);
	return first_wan(asking);
}

static const struct settings_interface *interface_by_mac(const struct asking *asking,
							 const __u8 *mac)
{
	for (__u32 i = 0; i < asking->settings.interface_count; i++) {
		const struct settings_interface *interface = &asking->settings.interfaces[i];

		if (interface->has_link_header &&
		    !memcmp(interface->mac, mac, sizeof(interface->mac)))
			return interface;
	}
	return NULL;
}

/* ---- asking ---- */

static int say_no_interface(const struct asking *asking)
{
	return say_error(asking->invocation, "explain: no interface of xfw's %s",
			 asking->interface ? "is named by 'in'" : "leads there");
}

static int ask(const struct asking *asking, const struct settings_interface *interface,
	       const __u8 *frame, size_t length, struct answer *answer)
{
	int error =
		explain_frame(asking->pins, frame, length, interface->ifindex, 0, &answer->notes);

	answer->length = length;
	return error ? say_error(asking->invocation, "explain: the programs cannot be asked: %s",
				 strerror(-error))
		     : EXIT_DONE;
}

static int say(struct asking *asking, const struct settings_interface *interface,
	       struct answer *answer)
{
	struct explanation_context context = context_of(asking);

	explanation_name(&context, interface->ifindex, answer);
	if (asking->list)
		return json_array_append_new(asking->list, explanation_json(&context, answer));
	if (asking->invocation->json)
		return say_json(explanation_json(&context, answer));
	if (asking->asked++)
		putchar('\n');
	explanation_print(&context, answer);
	return EXIT_DONE;
}

/* ---- a packet in words ---- */

/* A line of the language, so that names mean what they mean in rules. Returns an exit status. */
static int read_words(struct asking *asking, int (*read)(struct reader *, void *), void *into)
{
	struct statement statement = {.words = asking->invocation->words,
				      .word_count = asking->invocation->word_count};
	struct names names = {};
	struct fault fault = {""};
	struct reader reader = {&statement, 1, &names, &asking->system, &fault, false};
	int error = collect_names(&asking->running, &names);

	if (!error)
		error = read(&reader, into);
	names_free(&names);
	return error ? say_error(asking->invocation, "explain: %s",
				 error == -ENOMEM ? "out of memory" : fault.text)
		     : EXIT_DONE;
}

static int read_question(struct reader *reader, void *question)
{
	return question_read(reader, question);
}

static int explain_words(struct asking *asking)
{
	const struct settings_interface *interface;
	struct question question = {};
	struct answer answer = {};
	__u8 frame[QUESTION_FRAME_MAX];
	size_t length;
	int status = read_words(asking, read_question, &question);

	if (status)
		return status;
	asking->interface = question.interface;
	interface = interface_of_source(asking, &question.source);
	if (!interface)
		return say_no_interface(asking);
	length = question_frame(&question, interface->has_link_header ? interface->mac : NULL,
				frame);
	return ask(asking, interface, frame, length, &answer) ?: say(asking, interface, &answer);
}

/* ---- frames ---- */

/* As it would come in by @interface: with an Ethernet header where that has one, and only there. */
static __u8 *frame_for(const struct captured *captured, const struct settings_interface *interface,
		       bool keep_link, size_t *length)
{
	enum { LINK = 14, VERSION_IPV6 = 6 };
	size_t skip = captured->has_ethernet && !keep_link ? LINK : 0;
	size_t prepend = !keep_link && interface->has_link_header ? LINK : 0;
	__u8 *frame;

	if (captured->captured <= skip || captured->length < captured->captured)
		return NULL;
	*length = prepend + captured->length - skip;
	frame = calloc(1, *length);
	if (!frame)
		return NULL;
	memcpy(frame + prepend, captured->bytes + skip, captured->captured - skip);
	if (prepend) {
		bool six = frame[LINK] >> 4 == VERSION_IPV6;

		memcpy(frame, interface->mac, sizeof(interface->mac));
		frame[6] = 2; /* somebody's, locally administered */
		memcpy(frame + 12, six ? "\x86\xdd" : "\x08\x00", 2);
	}
	return frame;
}

/*
 * What is for one of our MAC addresses, or for many, is asked about as it is; anything else was
 * captured elsewhere, and what is meant is the packet in it, unless an interface is named.
 */
static bool keeps_its_link(const struct asking *asking, const struct captured *captured)
{
	if (!captured->has_ethernet || captured->captured < 14)
		return captured->has_ethernet;
	return asking->interface || captured->bytes[0] & 1 ||
	       interface_by_mac(asking, captured->bytes);
}

static int explain_one(struct asking *asking, const struct captured *captured,
		       const struct settings_interface *interface, struct answer *answer)
{
	bool keep = interface->has_link_header && keeps_its_link(asking, captured);
	__u8 *frame;
	size_t length;
	int status;

	frame = frame_for(captured, interface, keep, &length);
	if (!frame)
		return say_error(asking->invocation,
				 "explain: frame %u holds no packet that could be asked about",
				 captured->number);
	answer->without_link = captured->has_ethernet && interface->has_link_header && !keep;
	status = ask(asking, interface, frame, length, answer);
	free(frame);
	return status;
}

/* Where it comes in: as said, by its MAC address, or by where its source is at home. */
static int explain_captured(const struct captured *captured, void *context)
{
	struct asking *asking = context;
	struct answer answer = {.number = asking->invocation->read ? captured->number : 0};
	const struct settings_interface *interface = NULL, *home;
	int status;

	if (asking->interface)
		interface = interface_by_index(asking, asking->interface);
	else if (captured->has_ethernet && captured->captured >= 6)
		interface = interface_by_mac(asking, captured->bytes);
	if (interface)
		return explain_one(asking, captured, interface, &answer)
			       ?: say(asking, interface, &answer);
	interface = asking->interface ? NULL : first_wan(asking);
	if (!interface)
		return say_no_interface(asking);
	status = explain_one(asking, captured, interface, &answer);
	if (status)
		return status;
	home = interface_of_source(asking, &answer.notes.key.outside);
	if (answer.notes.ip_length && home && home != interface) {
		interface = home;
		status = explain_one(asking, captured, interface, &answer);
	}
	return status ?: say(asking, interface, &answer);
}

static int read_in(struct reader *reader, void *interface)
{
	return question_read_interface(reader, interface);
}

static int explain_frames(struct asking *asking)
{
	const struct invocation *invocation = asking->invocation;
	struct fault fault = {""};
	unsigned long number = 0;
	int status = read_words(asking, read_in, &asking->interface), result;

	if (status)
		return status;
	if (invocation->number &&
	    (!number_read(invocation->number, NUMBER_MAX, &number) || !number))
		return say_error(invocation, "explain: '-n %s' is no number of a packet (from 1)",
				 invocation->number);
	if (invocation->hex)
		result = capture_read_hex(invocation->hex, explain_captured, asking, &fault);
	else
		result = capture_read(invocation->read, number, explain_captured, asking, &fault);
	if (result < 0)
		return say_error(invocation, "explain: %s", fault.text);
	return result;
}

/* ---- the command ---- */

static int open_asking(struct asking *asking, struct instance *instance)
{
	struct faults faults = {};
	int status = read_running(asking->invocation, instance, &asking->running);

	if (status)
		return status;
	if (system_read_for(&asking->running, &asking->system))
		return say_error(asking->invocation, "explain: the system's links cannot be read");
	/* That lines of it make no sense today is no reason not to ask the programs. */
	if (resolve(&asking->running, &asking->system, &asking->config, &faults))
		config_free(&asking->config);
	memset(&faults, 0, sizeof(faults));
	document_init(&asking->file, asking->invocation->config);
	document_read_file(&asking->file, asking->invocation->config, &faults);
	stats_settings(asking->pins, &asking->settings);
	return EXIT_DONE;
}

static int explain(struct asking *asking)
{
	const struct invocation *invocation = asking->invocation;
	int status;

	if (!invocation->read && !invocation->hex)
		return explain_words(asking);
	if (invocation->json && invocation->read && !invocation->number)
		asking->list = json_array();
	status = explain_frames(asking);
	if (asking->list)
		say_json(asking->list);
	return status;
}

int command_explain(const struct invocation *invocation)
{
	struct asking asking = {.invocation = invocation};
	struct instance *instance;
	int status;

	if ((invocation->read && invocation->hex) || (invocation->number && !invocation->read))
		return say_usage(invocation);
	instance = open_running(invocation, INSTANCE_READ);
	if (!instance)
		return EXIT_REFUSED;
	asking.pins = &instance->pins;
	status = open_asking(&asking, instance);
	if (!status)
		status = explain(&asking);
	config_free(&asking.config);
	system_free(&asking.system);
	document_free(&asking.file);
	document_free(&asking.running);
	instance_close(instance);
	return status;
}
