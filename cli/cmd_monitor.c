/* SPDX-License-Identifier: GPL-2.0 */
/*
 * monitor: live verdicts, as the programs put them into the ring buffer while this listens.
 */
#include <errno.h>
#include <string.h>

#include "../maps/stats.h"
#include "event_text.h"
#include "filter.h"
#include "listen.h"
#include "live.h"
#include "nearest_rule.h"
#include "pcapng.h"

enum { INTERFACES_MAX = 64 };

struct monitor {
	const struct invocation *invocation;
	struct live live;
	struct filter filter;
	struct settings settings;
	FILE *capture; /* --write, or NULL */
	__u32 captured_interfaces[INTERFACES_MAX];
	__u32 captured_count;
	__u64 epoch_ns; /* of CLOCK_BOOTTIME's zero */
	unsigned long long shown;
};

/* ---- an event in words ---- */

/* What is known of an event besides what is in it. */
struct account {
	const char *rule; /* that decided, or NULL */
	const char *reason;
	struct nearest_rule nearest; /* of what no rule let in */
	char difference[DIFFERENCE_TEXT];
	char ends[ENDS_TEXT];
	char interface[IF_NAMESIZE];
};

static struct account account_of(const struct monitor *monitor, const struct event *event)
{
	struct account account = {.rule = event_rule(&monitor->live.running, event)};
	struct ends ends = event_ends(event);
	char name[IF_NAMESIZE];

	ends_format(&ends, account.ends, sizeof(account.ends));
	strcpy(account.interface, event_interface(event, name));
	if (event->verdict != VERDICT_DROP)
		return account;
	account.reason = reason_names[event->reason];
	if (event->reason == DROP_NOT_ALLOWED)
		account.nearest = nearest_rule(&monitor->live.config, &ends);
	if (account.nearest.rule)
		nearest_rule_difference(&account.nearest, account.difference);
	return account;
}

static void print_event(const struct monitor *monitor, const struct event *event)
{
	struct account account = account_of(monitor, event);
	char time[32];

	event_format_time(monitor->epoch_ns, event, time, sizeof(time));
	printf("%s %-8s %-9s %s", time, account.interface, verdict_names[event->verdict],
	       account.ends);
	if (account.reason)
		printf(" (%s)", account.reason);
	if (account.rule)
		printf(" #%u %s", event->rule, account.rule);
	if (account.nearest.rule)
		printf(" nearest #%u %s: %s", account.nearest.rule->id, account.nearest.text,
		       account.difference);
	putchar('\n');
	fflush(stdout);
}

static json_t *nearest_json(const struct account *account)
{
	if (!account->nearest.rule)
		return json_null();
	return json_pack("{s:i, s:s, s:s}", "id", (int)account->nearest.rule->id, "rule",
			 account->nearest.text, "difference", account->difference);
}

static void print_event_json(const struct monitor *monitor, const struct event *event)
{
	struct account account = account_of(monitor, event);
	json_t *object =
		json_pack("{s:f, s:s, s:s, s:s, s:s?, s:s, s:i, s:i, s:s?, s:o}", "time",
			  (monitor->epoch_ns + event->time_ns) / 1e9, "interface",
			  account.interface, "role", role_names[event->role], "verdict",
			  verdict_names[event->verdict], "reason", account.reason, "packet",
			  account.ends, "length", (int)event->length, "rule_id", (int)event->rule,
			  "rule", account.rule, "nearest", nearest_json(&account));

	say_json_line(object);
}

/* ---- capturing ---- */

static bool has_ethernet(const struct monitor *monitor, __u32 ifindex)
{
	for (__u32 i = 0; i < monitor->settings.interface_count; i++)
		if (monitor->settings.interfaces[i].ifindex == ifindex)
			return monitor->settings.interfaces[i].has_link_header;
	return true;
}

/* The capture's number for an interface, which gets its block when first seen. */
static __u32 captured_interface(struct monitor *monitor, __u32 ifindex)
{
	char name[IF_NAMESIZE];
	__u32 i;

	for (i = 0; i < monitor->captured_count; i++)
		if (monitor->captured_interfaces[i] == ifindex)
			return i;
	if (i == INTERFACES_MAX)
		return 0;
	monitor->captured_interfaces[monitor->captured_count++] = ifindex;
	pcapng_interface(monitor->capture, if_indextoname(ifindex, name) ?: "?",
			 has_ethernet(monitor, ifindex));
	return i;
}

static void capture_event(struct monitor *monitor, const struct event *event)
{
	struct account account = account_of(monitor, event);
	char comment[640];
	struct pcapng_packet packet = {
		.interface = captured_interface(monitor, event->ifindex),
		.time_ns = monitor->epoch_ns + event->time_ns,
		.bytes = event->bytes,
		.captured = event->captured,
		.length = event->length,
		.comment = comment,
	};
	const char *rule = account.rule ?: account.nearest.text;

	snprintf(comment, sizeof(comment), "%s%s%s%s%s%s%s", verdict_names[event->verdict],
		 account.reason ? ": " : "", account.reason ?: "",
		 account.rule ? ", rule "
		 : rule	      ? ", nearest rule "
			      : "",
		 rule ?: "", account.difference[0] ? ": " : "", account.difference);
	pcapng_packet(monitor->capture, &packet);
}

/* ---- listening ---- */

static bool is_wanted(const struct monitor *monitor, const struct event *event)
{
	struct ends ends = event_ends(event);

	if (monitor->filter.rule && monitor->filter.rule != event->rule)
		return false;
	return filter_matches(&monitor->filter, &ends);
}

static void take_event(const struct event *event, void *context)
{
	struct monitor *monitor = context;

	/* Named by the rules of today: others change what runs while we listen. */
	if (!is_wanted(monitor, event) || live_keep_up(&monitor->live))
		return;
	monitor->shown++;
	if (monitor->capture)
		capture_event(monitor, event);
	else if (monitor->invocation->json)
		print_event_json(monitor, event);
	else
		print_event(monitor, event);
}

/* A capture has on disk what was seen; and without xfw there is nothing to listen to. */
static int turn(void *context)
{
	struct monitor *monitor = context;

	if (monitor->capture && fflush(monitor->capture))
		return -errno;
	return live_keep_up(&monitor->live) ? -ENOENT : 0;
}

static int monitor_running(struct monitor *monitor)
{
	const struct invocation *invocation = monitor->invocation;
	struct listener listener = {
		.pins = monitor->live.pins,
		.what = invocation->drops    ? WATCH_DROPS
			: invocation->logged ? WATCH_LOGGED
					     : WATCH_ALL,
		.take = take_event,
		.turn = turn,
		.context = monitor,
	};
	int error = listen_until_stopped(&listener);

	fprintf(stderr, "xfw: %llu events", monitor->shown);
	if (listener.taken != monitor->shown)
		fprintf(stderr, " of %llu", listener.taken);
	fprintf(stderr, "; %llu more were not shown\n", listener.unseen);
	return error ? say_error(invocation, "monitor: %s", strerror(-error)) : EXIT_DONE;
}

static int monitor_into(struct monitor *monitor, const char *path)
{
	int status;

	monitor->capture = fopen(path, "we");
	if (!monitor->capture || pcapng_begin(monitor->capture))
		status = say_error(monitor->invocation, "monitor: %s: %s", path, strerror(errno));
	else
		status = monitor_running(monitor);
	if (monitor->capture && fclose(monitor->capture) && !status)
		status = say_error(monitor->invocation, "monitor: %s: %s", path, strerror(errno));
	return status;
}

int command_monitor(const struct invocation *invocation)
{
	struct monitor monitor = {.invocation = invocation, .epoch_ns = event_epoch_ns()};
	struct instance *instance;
	int status;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	instance = open_running(invocation, INSTANCE_READ);
	if (!instance)
		return EXIT_REFUSED;
	/* Others may change what runs while we listen. */
	instance_unlock(instance);
	monitor.live = (struct live){.invocation = invocation, .pins = &instance->pins};
	stats_settings(&instance->pins, &monitor.settings);
	status = live_keep_up(&monitor.live);
	if (!status)
		status = filter_read(invocation, &monitor.live.running, &monitor.filter);
	if (!status)
		status = listen_begin(invocation, &instance->pins);
	if (!status && invocation->write)
		status = monitor_into(&monitor, invocation->write);
	else if (!status)
		status = monitor_running(&monitor);
	live_free(&monitor.live);
	instance_close(instance);
	return status;
}
