/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shadow: a candidate configuration on live traffic, before anyone applies it. Its tables lie
 * beside those that judge. The programs hand over every packet for which policy was asked, and
 * the loaded programs are asked what they would do with it by the other tables.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../maps/explain.h"
#include "../maps/generation.h"
#include "../maps/stats.h"
#include "command.h"
#include "event_text.h"
#include "listen.h"
#include "number.h"
#include "points.h"
#include "question.h"

enum {
	SECONDS_MAX = 86400,
	FRAME_MAX = 2048,	 /* a first packet is small; BPF_PROG_TEST_RUN takes no large one */
	DIFFERENCES_MAX = 65536, /* remembered, so that each is told once */
	TIME_IS_OVER = 1,
};

/* Who with whom, whatever port the client has. */
struct difference {
	struct address inside, outside;
	__u32 point;
	__u32 role;
};

struct shadow {
	const struct invocation *invocation;
	const struct pins *pins;
	struct document running, candidate;
	struct settings settings;
	__u32 judging, generation; /* the running one and the candidate's */
	void *told;		   /* of struct difference */
	size_t told_count;
	time_t until; /* of now_s(); 0: until stopped */
	unsigned long long flows, packets, dropped, let_in, unseen;
};

/* ---- telling ---- */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct difference));
}

/* Is it told for the first time? */
static bool is_new(struct shadow *shadow, const struct event *event)
{
	struct difference *difference = calloc(1, sizeof(*difference)), **at;

	if (!difference)
		return true;
	difference->inside = event->key.inside;
	difference->outside = event->key.outside;
	difference->point = event->point;
	difference->role = event->role;
	if (shadow->told_count >= DIFFERENCES_MAX) {
		at = tfind(difference, &shadow->told, compare);
		free(difference);
		return !at;
	}
	at = tsearch(difference, &shadow->told, compare);
	if (at && *at == difference) {
		shadow->told_count++;
		return true;
	}
	free(difference);
	return false;
}

static const char *rule_by_id(const struct document *document, __u32 rule)
{
	const struct event event = {.rule = rule};

	return event_rule(document, &event);
}

/* A line each, as monitor's. */
static void print_json(const struct event *event, const struct explanation *notes, const char *ends,
		       const char *now, const char *then)
{
	bool dropped = notes->verdict == VERDICT_DROP;
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?}", "change",
				   dropped ? "newly-dropped" : "newly-let-in", "role",
				   role_names[event->role], "packet", ends, "reason",
				   reason_names[dropped ? notes->reason : event->reason], "rule",
				   now, "candidate_rule", then);

	say_json_line(object);
}

static void tell(struct shadow *shadow, const struct event *event, const struct explanation *notes)
{
	bool dropped = notes->verdict == VERDICT_DROP;
	const char *now = event_rule(&shadow->running, event);
	const char *then = rule_by_id(&shadow->candidate, notes->rule);
	enum drop_reason reason = dropped ? notes->reason : event->reason;
	char ends[192];

	if (dropped)
		shadow->dropped++;
	else
		shadow->let_in++;
	event_format_ends(event, ends, sizeof(ends));
	if (shadow->invocation->json)
		print_json(event, notes, ends, now, then);
	else
		printf("%s %s (%s)%s%s%s%s%s%s\n", dropped ? "newly dropped" : "newly let in ",
		       ends, reason_names[reason], now ? "; now '" : "", now ?: "", now ? "'" : "",
		       then ? "; then '" : "", then ?: "", then ? "'" : "");
	fflush(stdout);
}

/* ---- new flows ---- */

static const struct settings_interface *interface_of(const struct shadow *shadow, __u32 ifindex)
{
	for (__u32 i = 0; i < shadow->settings.interface_count; i++)
		if (shadow->settings.interfaces[i].ifindex == ifindex)
			return &shadow->settings.interfaces[i];
	return NULL;
}

/* The frame as it came: what was forwarded has the guest's MAC address by now. */
static size_t frame_of(const struct shadow *shadow, const struct event *event,
		       __u8 frame[FRAME_MAX])
{
	const struct settings_interface *interface = interface_of(shadow, event->ifindex);

	if (!interface || !event->captured || event->length > FRAME_MAX)
		return 0;
	memset(frame, 0, event->length);
	memcpy(frame, event->bytes, event->captured);
	if (event->role == ROLE_WAN && interface->has_link_header && !(frame[0] & 1))
		memcpy(frame, interface->mac, sizeof(interface->mac));
	return event->length;
}

static void take_event(const struct event *event, void *context)
{
	struct shadow *shadow = context;
	struct explanation notes = {};
	__u8 frame[FRAME_MAX];
	size_t length;

	/* How full a rule's bucket is says nothing of the rules. */
	if (event->reason == DROP_RATE_LIMITED)
		return;
	length = frame_of(shadow, event, frame);
	if (!length || explain_frame(shadow->pins, frame, length, event->ifindex,
				     shadow->generation, &notes)) {
		shadow->unseen++;
		return;
	}
	shadow->packets++;
	if ((notes.verdict == VERDICT_DROP) != (event->verdict == VERDICT_DROP) &&
	    is_new(shadow, event))
		tell(shadow, event, &notes);
}

/* ---- flows that live ---- */

static bool is_dropped(const struct shadow *shadow, const struct flow_key *key, __u32 generation,
		       struct explanation *notes)
{
	struct question question = {.protocol = key->protocol,
				    .source = key->outside,
				    .destination = key->inside,
				    .source_port = key->outside_port,
				    .destination_port = key->inside_port,
				    .tcp_flags = TH_ACK};
	__u8 frame[QUESTION_FRAME_MAX];

	for (__u32 i = 0; i < shadow->settings.interface_count; i++) {
		const struct settings_interface *wan = &shadow->settings.interfaces[i];
		size_t length;

		if (wan->role != ROLE_WAN)
			continue;
		length = question_frame(&question, wan->has_link_header ? wan->mac : NULL, frame);
		if (!explain_frame(shadow->pins, frame, length, wan->ifindex, generation, notes))
			return notes->verdict == VERDICT_DROP;
	}
	return false;
}

/* Those that the candidate would end: a flow outlives a change unless a deny matches it. */
static void look_at_flows(struct shadow *shadow)
{
	int map = shadow->pins->maps[MAP_FLOWS];
	struct flow_key key, *before = NULL;
	struct explanation notes, now;
	struct map_fill fill = {};

	stats_fill(map, &fill);
	/* A walk beside changes may begin anew: no longer than the table is. */
	for (struct flow_key next; fill.capacity-- && !bpf_map_get_next_key(map, before, &next);
	     before = &key) {
		key = next;
		if (!protocol_has_ports(key.protocol))
			continue;
		shadow->flows++;
		if (is_dropped(shadow, &key, shadow->generation, &notes) &&
		    !is_dropped(shadow, &key, 0, &now)) {
			struct event event = {.role = ROLE_WAN,
					      .key = key,
					      .point = key.protocol << 16 | key.inside_port};

			tell(shadow, &event, &notes);
		}
	}
}

/* ---- listening ---- */

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* For so long as was asked, or until something else was applied. */
static int turn(void *context)
{
	struct shadow *shadow = context;

	if (generation_current(shadow->pins) != shadow->judging)
		return -ESTALE;
	return shadow->until && now_s() >= shadow->until ? TIME_IS_OVER : 0;
}

static int compare_live(struct shadow *shadow)
{
	struct listener listener = {.pins = shadow->pins,
				    .what = WATCH_DECIDED,
				    .take = take_event,
				    .turn = turn,
				    .context = shadow};
	int error;

	look_at_flows(shadow);
	error = listen_until_stopped(&listener);
	fprintf(stderr,
		"xfw: %llu flows and %llu first packets looked at, %llu not; %llu newly dropped, "
		"%llu newly let in\n",
		shadow->flows, shadow->packets, shadow->unseen + listener.unseen, shadow->dropped,
		shadow->let_in);
	if (error == -ESTALE)
		return say_error(shadow->invocation,
				 "shadow: something else was applied meanwhile; ask again");
	return error < 0 ? say_error(shadow->invocation, "shadow: %s", strerror(-error))
			 : EXIT_DONE;
}

/* ---- the two configurations ---- */

static int read_candidate(struct shadow *shadow)
{
	struct faults faults = {};
	char *text = NULL;
	int error = generation_text_of(shadow->pins, shadow->generation, &text);

	document_init(&shadow->candidate, NULL);
	if (!error)
		error = document_read_running(&shadow->candidate, text, &faults);
	free(text);
	return error ? say_error(shadow->invocation, "shadow: %s", strerror(-error)) : EXIT_DONE;
}

static int open_shadow(const struct invocation *invocation, struct instance *instance,
		       struct shadow *shadow)
{
	struct pins *pins = &instance->pins;
	int status = read_running(invocation, instance, &shadow->running);

	shadow->invocation = invocation;
	shadow->pins = pins;
	shadow->judging = generation_current(pins);
	shadow->generation = shadow->judging + 1;
	stats_settings(pins, &shadow->settings);
	if (!status)
		status = read_candidate(shadow);
	/* Others may change what runs while we listen. */
	instance_unlock(instance);
	return status ?: listen_begin(invocation, pins);
}

int command_shadow(const struct invocation *invocation)
{
	struct shadow shadow = {};
	struct instance *instance;
	unsigned long seconds = 0;
	int status;

	if (invocation->word_count < 2 || invocation->word_count > 3)
		return say_usage(invocation);
	if (invocation->word_count == 3 &&
	    (!number_read(invocation->words[2], SECONDS_MAX, &seconds) || !seconds))
		return say_error(invocation, "shadow: '%s' is no time in seconds (1 to %d)",
				 invocation->words[2], SECONDS_MAX);
	status = change_to_file(invocation, INSTANCE_CHANGE, invocation->words[1], instance_shadow);
	if (status)
		return status;
	instance = open_running(invocation, INSTANCE_READ);
	if (!instance)
		return EXIT_REFUSED;
	shadow.until = seconds ? now_s() + (time_t)seconds : 0;
	status = open_shadow(invocation, instance, &shadow);
	if (!status)
		status = compare_live(&shadow);
	tdestroy(shadow.told, free);
	document_free(&shadow.running);
	document_free(&shadow.candidate);
	instance_close(instance);
	return status;
}
