/* SPDX-License-Identifier: GPL-2.0 */
/*
 * follow: what runs keeps in step with the kernel. A link that appears, an address that changes,
 * a route that BIRD learns: rtnetlink tells, and what differs is applied as `sync` would. Without
 * it the filter goes on with what it knew; the kernel forwards what has changed.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../loader/kernel_routes.h"
#include "command.h"
#include "drop_log.h"
#include "resolve.h"

enum {
	QUIET_MS = 100,	    /* events come in bursts: a guest's start is a dozen */
	PATIENCE_MS = 1000, /* but a storm that never ends is looked into all the same */
	RETRY_MS = 5000,    /* a sync that was refused (on trial, say) is tried again */
};

static const unsigned int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};

static struct mnl_socket *listen_to_kernel(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (!socket)
		return NULL;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		goto fail;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i],
					  sizeof(groups[i])) < 0)
			goto fail;
	return socket;
fail:
	mnl_socket_close(socket);
	return NULL;
}

/* What the events say does not matter: the kernel is asked. Events lost (ENOBUFS) are events. */
static void drain(const struct mnl_socket *socket)
{
	char buffer[8192];

	while (mnl_socket_recvfrom(socket, buffer, sizeof(buffer)) > 0 || errno == ENOBUFS)
		;
}

/* Wait for an event, for @timeout_ms at most (-1: for ever), and for the burst to be over. */
static void wait_for_change(const struct mnl_socket *socket, int timeout_ms)
{
	struct pollfd poll_for = {.fd = mnl_socket_get_fd(socket), .events = POLLIN};
	int bursts = 0;

	if (poll(&poll_for, 1, timeout_ms) <= 0)
		return;
	do
		drain(socket);
	while (++bursts < PATIENCE_MS / QUIET_MS && poll(&poll_for, 1, QUIET_MS) > 0);
}

/*
 * Our routes in the kernel's own table: it drops them when their link goes down, and the link may
 * be up again before anybody looks.
 */
static int look_at_our_routes(struct system *system)
{
	size_t first = system->route_count, kept = first;
	int error = system_read_table(system, RT_TABLE_MAIN);

	for (size_t i = first; i < system->route_count; i++)
		if (system->routes[i].protocol == XFW_ROUTE_PROTOCOL)
			system->routes[kept++] = system->routes[i];
	system->route_count = kept;
	return error;
}

/* The system as the running configuration sees it. 0, or -errno when nothing can be said. */
static int look(const struct invocation *invocation, struct system *system)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	struct document running;
	int error;

	if (!instance)
		return -ENOENT;
	error = read_running(invocation, instance, &running) ? -EINVAL : 0;
	if (!error) {
		error = system_read_for(&running, system) ?: look_at_our_routes(system);
		document_free(&running);
	}
	instance_close(instance);
	return error;
}

int command_follow(const struct invocation *invocation)
{
	struct mnl_socket *socket;
	struct system seen = {}, now;
	bool in_step = false;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	socket = listen_to_kernel();
	if (!socket)
		return say_error(invocation, "follow: rtnetlink: %s", strerror(errno));
	drop_log_start(invocation);
	for (;; wait_for_change(socket, in_step ? -1 : RETRY_MS)) {
		/* Ended by `down`: there is nothing to follow. */
		if (look(invocation, &now))
			break;
		if (in_step && system_same(&seen, &now)) {
			system_free(&now);
			continue;
		}
		system_free(&seen);
		seen = now;
		in_step = !command_sync(invocation);
	}
	system_free(&seen);
	mnl_socket_close(socket);
	return EXIT_REFUSED;
}
