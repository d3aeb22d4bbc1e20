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

static const char *rule_of(const struct monitor *monitor, __u32 id)
{
	for (size_t i = 0; id && i < monitor->document->count; i++) {
		const struct statement *statement = &monitor->document->statements[i];

		if (statement_is_rule(statement) && statement->id == id)
			return statement->text;
	}
	return NULL;
}

static void format_ends(const struct event *event, char *text, size_t size)
{
	const struct flow_key *key = &event->key;
	bool inbound = event->role == ROLE_WAN;
	char source[PREFIX_TEXT], destination[PREFIX_TEXT];

	address_format(inbound ? &key->outside : &key->inside, source, sizeof(source));
	address_format(inbound ? &key->inside : &key->outside, destination, sizeof(destination));
	if (protocol_has_ports(key->protocol))
		snprintf(text, size, "%s %s %u > %s %u", protocol_word(key->protocol), source,
			 inbound ? key->outside_port : key->inside_port, destination,
			 inbound ? key->inside_port : key->outside_port);
	else if (protocol_has_types(key->protocol))
		snprintf(text, size, "%s %s > %s type %u", protocol_word(key->protocol), source,
			 destination, event->point & 0xffff);
	else
		snprintf(text, size, "%s %s > %s", protocol_word(key->protocol), source,
			 destination);
}

static void format_time(const struct monitor *monitor, const struct event *event, char *text,
			size_t size)
{
	__u64 ns = monitor->epoch_ns + event->time_ns;
	time_t seconds = ns / 1000000000;
	struct tm local;
	char clock[16];

	localtime_r(&seconds, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	snprintf(text, size, "%s.%03u", clock, (unsigned int)(ns % 1000000000 / 1000000));
}

static const char *name_of(unsigned int ifindex, char *name)
{
	return if_indextoname(ifindex, name) ?: "?";
}

static void print_event(const struct monitor *monitor, const struct event *event)
{
	const char *rule = rule_of(monitor, event->rule);
	char time[32], ends[192], name[IF_NAMESIZE];

	format_time(monitor, event, time, sizeof(time));
	format_ends(event, ends, sizeof(ends));
	printf("%s %-8s %-9s %s", time, name_of(event->ifindex, name),
	       verdict_names[event->verdict], ends);
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

	format_ends(event, ends, sizeof(ends));
	object = json_pack("{s:f, s:s, s:s, s:s, s:s?, s:s, s:i, s:i, s:s?}", "time",
			   (monitor->epoch_ns + event->time_ns) / 1e9, "interface",
			   name_of(event->ifindex, name), "role", role_names[event->role],
			   "verdict", verdict_names[event->verdict], "reason",
			   dropped ? reason_names[event->reason] : NULL, "packet", ends, "length",
			   (int)event->length, "rule_id", (int)event->rule, "rule",
			   rule_of(monitor, event->rule));
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
	pcapng_interface(monitor->capture, name_of(ifindex, name), has_ethernet(monitor, ifindex));
	return i;
}

static int capture_event(struct monitor *monitor, const struct event *event)
{
	const char *rule = rule_of(monitor, event->rule);
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

static __u64 unseen_events(const struct pins *pins)
{
	int cpus = libbpf_num_possible_cpus();
	struct event_budget *budgets = calloc(cpus > 0 ? cpus : 1, sizeof(*budgets));
	__u64 unseen = 0;
	__u32 zero = 0;

	if (budgets && !bpf_map_lookup_elem(pins->maps[MAP_EVENT_BUDGET], &zero, budgets))
		for (int i = 0; i < cpus; i++)
			unseen += budgets[i].unseen;
	free(budgets);
	return unseen;
}

/* Renewed while we live, so that the programs stop by themselves when we do not. */
static void watch(const struct pins *pins, __u32 what)
{
	__u32 until = what ? clock_tick(pins) + clock_ticks(WATCH_SECONDS) + 1 : 0;

	__atomic_store_n(&pins->control->watched_what, what, __ATOMIC_RELAXED);
	__atomic_store_n(&pins->control->watched_until, until, __ATOMIC_RELEASE);
}

static __u64 boot_epoch_ns(void)
{
	struct timespec boot, real;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	return (real.tv_sec - boot.tv_sec) * 1000000000LL + real.tv_nsec - boot.tv_nsec;
}

static int listen_until_stopped(struct monitor *monitor, __u32 what)
{
	struct ring_buffer *ring =
		ring_buffer__new(monitor->pins->maps[MAP_EVENTS], take_event, monitor, NULL);
	__u64 unseen = unseen_events(monitor->pins);
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
		(unsigned long long)(unseen_events(monitor->pins) - unseen));
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
				  .epoch_ns = boot_epoch_ns()};
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
