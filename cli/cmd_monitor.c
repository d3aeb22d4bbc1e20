/* SPDX-License-Identifier: GPL-2.0 */
/*
 * monitor: live verdicts, as the programs put them into the ring buffer while this listens.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../maps/clock.h"
#include "../maps/stats.h"
#include "command.h"
#include "event_text.h"
#include "pcapng.h"
#include "points.h"
#include "prefix.h"

enum { RENEW_MS = 500, WATCH_SECONDS = 3, INTERFACES_MAX = 64 };

struct monitor {
	const struct invocation *invocation;
	const struct pins *pins;
	const struct document *document;
	struct settings settings;
	FILE *capture; /* --write, or NULL */
	__u32 captured_interfaces[INTERFACES_MAX];
	__u32 captured_count;
	__u64 epoch_ns; /* of CLOCK_BOOTTIME's zero */
	unsigned long long seen;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* ---- an event in words ---- */

static void print_event(const struct monitor *monitor, const struct event *event)
{
	const char *rule = event_rule(monitor->document, event);
	char time[32], ends[192], name[IF_NAMESIZE];

	event_format_time(monitor->epoch_ns, event, time, sizeof(time));
	event_format_ends(event, ends, sizeof(ends));
	printf("%s %-8s %-9s %s", time, event_interface(event, name), verdict_names[event->verdict],
	       ends);
	if (event->verdict == VERDICT_DROP)
		printf(" (%s)", reason_names[event->reason]);
	if (rule)
		printf(" #%u %s", event->rule, rule);
	putchar('\n');
	fflush(stdout);
}

static void print_event_json(const struct monitor *monitor, const struct event *event)
{
	bool dropped = event->verdict == VERDICT_DROP;
	char ends[192], name[IF_NAMESIZE];
	json_t *object;

	event_format_ends(event, ends, sizeof(ends));
	object = json_pack("{s:f, s:s, s:s, s:s, s:s?, s:s, s:i, s:i, s:s?}", "time",
			   (monitor->epoch_ns + event->time_ns) / 1e9, "interface",
			   event_interface(event, name), "role", role_names[event->role], "verdict",
			   verdict_names[event->verdict], "reason",
			   dropped ? reason_names[event->reason] : NULL, "packet", ends, "length",
			   (int)event->length, "rule_id", (int)event->rule, "rule",
			   event_rule(monitor->document, event));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
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

static int capture_event(struct monitor *monitor, const struct event *event)
{
	const char *rule = event_rule(monitor->document, event);
	bool dropped = event->verdict == VERDICT_DROP;
	char comment[512];
	struct pcapng_packet packet = {
		.interface = captured_interface(monitor, event->ifindex),
		.time_ns = monitor->epoch_ns + event->time_ns,
		.bytes = event->bytes,
		.captured = event->captured,
		.length = event->length,
		.comment = comment,
	};

	snprintf(comment, sizeof(comment), "%s%s%s%s%s", verdict_names[event->verdict],
		 dropped ? ": " : "", dropped ? reason_names[event->reason] : "",
		 rule ? ", rule " : "", rule ?: "");
	return pcapng_packet(monitor->capture, &packet);
}

/* ---- listening ---- */

static int take_event(void *context, void *data, size_t size)
{
	struct monitor *monitor = context;
	const struct event *event = data;

	if (size < sizeof(*event))
		return 0;
	monitor->seen++;
	if (monitor->capture)
		return capture_event(monitor, event);
	if (monitor->invocation->json)
		print_event_json(monitor, event);
	else
		print_event(monitor, event);
	return 0;
}

/* Renewed while we live, so that the programs stop by themselves when we do not. */
static void watch(const struct pins *pins, __u32 what)
{
	__u32 until = what ? clock_tick(pins) + clock_ticks(WATCH_SECONDS) + 1 : 0;

	__atomic_store_n(&pins->control->watched_what, what, __ATOMIC_RELAXED);
	__atomic_store_n(&pins->control->watched_until, until, __ATOMIC_RELEASE);
}

static int listen_until_stopped(struct monitor *monitor, __u32 what)
{
	struct ring_buffer *ring =
		ring_buffer__new(monitor->pins->maps[MAP_EVENTS], take_event, monitor, NULL);
	__u64 unseen = event_unseen(monitor->pins, LISTENER_MONITOR);
	int taken = 0;

	if (!ring)
		return -errno;
	while (!stopped && (taken >= 0 || taken == -EINTR)) {
		watch(monitor->pins, what);
		taken = ring_buffer__poll(ring, RENEW_MS);
	}
	watch(monitor->pins, 0);
	ring_buffer__free(ring);
	fprintf(stderr, "xfw: %llu events; %llu more were not shown\n", monitor->seen,
		(unsigned long long)(event_unseen(monitor->pins, LISTENER_MONITOR) - unseen));
	return taken < 0 && taken != -EINTR ? taken : 0;
}

static int open_capture(struct monitor *monitor, const char *path)
{
	monitor->capture = fopen(path, "we");
	if (!monitor->capture || pcapng_begin(monitor->capture))
		return say_error(monitor->invocation, "monitor: %s: %s", path, strerror(errno));
	return EXIT_DONE;
}

static int monitor_running(const struct invocation *invocation, const struct pins *pins,
			   const struct document *running)
{
	struct monitor monitor = {.invocation = invocation,
				  .pins = pins,
				  .document = running,
				  .epoch_ns = event_epoch_ns()};
	/* Restart: a line half written is written to its end. */
	const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
	int error, status = EXIT_DONE;

	stats_settings(pins, &monitor.settings);
	if (invocation->write)
		status = open_capture(&monitor, invocation->write);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!status) {
		error = listen_until_stopped(&monitor, invocation->drops    ? WATCH_DROPS
						       : invocation->logged ? WATCH_LOGGED
									    : WATCH_ALL);
		if (error)
			status = say_error(invocation, "monitor: %s", strerror(-error));
	}
	if (monitor.capture && fclose(monitor.capture) && !status)
		status = say_error(invocation, "monitor: %s: %s", invocation->write,
				   strerror(errno));
	return status;
}

int command_monitor(const struct invocation *invocation)
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
	/* Others may change what runs while we listen. */
	instance_unlock(instance);
	if (!status && pins_map_control(&instance->pins))
		status = say_error(invocation, "monitor: the control map cannot be mapped: %s",
				   strerror(errno));
	if (!status)
		status = monitor_running(invocation, &instance->pins, &running);
	document_free(&running);
	instance_close(instance);
	return status;
}
