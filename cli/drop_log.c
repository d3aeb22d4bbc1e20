/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log of what is dropped.
 */
#include "drop_log.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "../maps/clock.h"
#include "../maps/generation.h"
#include "../maps/stats.h"
#include "event_text.h"
#include "live.h"

enum { RENEW_MS = 500, LISTEN_SECONDS = 3 };

static const char option_name[] = "drop-log";

struct writer {
	struct live live;
	unsigned long rate_pps; /* 0: nothing is asked for */
	time_t second;		/* that `written` is of */
	__u32 written;
	unsigned long long left_out; /* since the last line that said so */
	__u64 unseen;		     /* by the programs, said already */
};

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* ---- writing ---- */

static void write_drop(const struct writer *writer, const struct event *event)
{
	const char *rule = event_rule(&writer->live.running, event);
	char ends[192], name[IF_NAMESIZE];

	event_format_ends(event, ends, sizeof(ends));
	printf("dropped %s %s (%s)%s%s\n", event_interface(event, name), ends,
	       reason_names[event->reason], rule ? " " : "", rule ?: "");
}

/* A new second has a new allowance, and says what the one before left out. */
static void turn_second(struct writer *writer)
{
	time_t now = now_s();
	__u64 unseen;

	if (now == writer->second)
		return;
	writer->second = now;
	writer->written = 0;
	unseen = event_unseen(writer->live.pins, LISTENER_DROP_LOG);
	writer->left_out += unseen - writer->unseen;
	writer->unseen = unseen;
	if (!writer->left_out)
		return;
	printf("dropped %llu more packets\n", writer->left_out);
	writer->left_out = 0;
}

static int take_event(void *context, void *data, size_t size)
{
	struct writer *writer = context;

	if (size < sizeof(struct event))
		return 0;
	turn_second(writer);
	if (writer->written < writer->rate_pps) {
		write_drop(writer, data);
		writer->written++;
	} else {
		writer->left_out++;
	}
	return 0;
}

/* ---- what is asked for ---- */

/* "option drop-log rate 10/s", as it was read when it was applied. */
static unsigned long rate_of(const struct document *running)
{
	for (size_t i = 0; i < running->count; i++) {
		const struct statement *statement = &running->statements[i];

		if (statement->kind == STATEMENT_OPTION &&
		    !strcmp(statement->words[1], option_name))
			return strtoul(statement->words[3], NULL, 10);
	}
	return 0;
}

/* Its rules are named, its rate is kept. */
static int keep_up(struct writer *writer)
{
	int status = live_keep_up(&writer->live);

	writer->rate_pps = rate_of(&writer->live.running);
	return status;
}

/* Renewed while we live, so that the programs stop by themselves when we do not. */
static void listen_on(const struct pins *pins)
{
	__u32 until = clock_tick(pins) + clock_ticks(LISTEN_SECONDS) + 1;

	__atomic_store_n(&pins->control->drop_log_until, until, __ATOMIC_RELEASE);
}

static void write_until_killed(struct writer *writer)
{
	struct ring_buffer *ring =
		ring_buffer__new(writer->live.pins->maps[MAP_DROP_LOG], take_event, writer, NULL);
	int taken = ring ? 0 : -errno;

	while ((taken >= 0 || taken == -EINTR) && !keep_up(writer)) {
		if (writer->rate_pps)
			listen_on(writer->live.pins);
		taken = ring_buffer__poll(ring, RENEW_MS);
		turn_second(writer);
		fflush(stdout);
	}
}

static void child(const struct invocation *invocation)
{
	struct writer writer = {.live.invocation = invocation, .second = now_s()};
	struct instance *instance = open_running(invocation, INSTANCE_READ);

	if (!instance)
		return;
	/* Others may change what runs while we listen. */
	instance_unlock(instance);
	if (pins_map_control(&instance->pins))
		return;
	writer.live.pins = &instance->pins;
	writer.unseen = event_unseen(writer.live.pins, LISTENER_DROP_LOG);
	write_until_killed(&writer);
}

void drop_log_start(const struct invocation *invocation)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		say_error(invocation, "%s: %s", option_name, strerror(errno));
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before we asked. */
	if (getppid() == parent)
		child(invocation);
	_exit(EXIT_REFUSED);
}
