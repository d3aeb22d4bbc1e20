// SPDX-License-Identifier: GPL-2.0
/*
 * That somebody listens is a tick in the future, renewed while we live: the programs stop by
 * themselves when we do not.
 */
#include "listen.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "../maps/clock.h"
#include "event_text.h"

enum { RENEW_MS = 500, WATCH_SECONDS = 3 };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void watch(const struct pins *pins, __u32 what)
{
	__u32 until = what ? clock_tick(pins) + clock_ticks(WATCH_SECONDS) + 1 : 0;

	__atomic_store_n(&pins->control->watched_what, what, __ATOMIC_RELAXED);
	__atomic_store_n(&pins->control->watched_until, until, __ATOMIC_RELEASE);
}

static bool somebody_listens(const struct pins *pins)
{
	__u32 until = __atomic_load_n(&pins->control->watched_until, __ATOMIC_ACQUIRE);

	return until && (__s32)(until - clock_tick(pins)) > 0;
}

int listen_begin(const struct invocation *invocation, struct pins *pins)
{
	const struct timespec pause = {.tv_nsec = RENEW_MS * 1000000L};

	if (pins_map_control(pins))
		return say_error(invocation, "%s: the control map cannot be mapped: %s",
				 invocation->words[0], strerror(errno));
	for (int i = 0; i < (WATCH_SECONDS + 1) * 1000 / RENEW_MS; i++) {
		if (!somebody_listens(pins))
			return EXIT_DONE;
		nanosleep(&pause, NULL);
	}
	return say_error(invocation,
			 "%s: another monitor or shadow listens, and events go to one only; end it "
			 "first",
			 invocation->words[0]);
}

static int take_event(void *context, void *data, size_t size)
{
	struct listener *listener = context;

	if (size < sizeof(struct event))
		return 0;
	listener->taken++;
	listener->take(data, listener->context);
	return 0;
}

static int poll_until_stopped(struct listener *listener, struct ring_buffer *ring)
{
	while (!stopped) {
		int error = listener->turn ? listener->turn(listener->context) : 0;

		if (error)
			return error;
		watch(listener->pins, listener->what);
		error = ring_buffer__poll(ring, RENEW_MS);
		if (error < 0 && error != -EINTR)
			return error;
	}
	return 0;
}

int listen_until_stopped(struct listener *listener)
{
	/* Restart: a line half written is written to its end. */
	const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
	struct ring_buffer *ring =
		ring_buffer__new(listener->pins->maps[MAP_EVENTS], take_event, listener, NULL);
	__u64 unseen = event_unseen(listener->pins, LISTENER_MONITOR);
	int error;

	if (!ring)
		return -errno;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	error = poll_until_stopped(listener, ring);
	watch(listener->pins, 0);
	ring_buffer__free(ring);
	listener->unseen = event_unseen(listener->pins, LISTENER_MONITOR) - unseen;
	return error;
}
