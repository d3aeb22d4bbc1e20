/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Non-blocking connects, a batch at a time, so that both their number and their time are bounded.
 */
#include "connects.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "prefix.h"

static socklen_t socket_address(const struct connect *connect, struct sockaddr_storage *storage)
{
	const struct prefix whole = {connect->address, 128};
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
	struct sockaddr_in *four = (struct sockaddr_in *)storage;

	memset(storage, 0, sizeof(*storage));
	if (prefix_is_ipv4(&whole)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(connect->port);
		memcpy(&four->sin_addr, connect->address.bytes + 12, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(connect->port);
	memcpy(&six->sin6_addr, connect->address.bytes, sizeof(six->sin6_addr));
	return sizeof(*six);
}

/* A socket whose connection is under way, or -1: it came to an end at once. */
static int begin(struct connect *connect_to)
{
	struct sockaddr_storage storage;
	socklen_t length = socket_address(connect_to, &storage);
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&storage, length))
		connect_to->answers = true;
	else if (errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static void end(struct connect *connect, struct pollfd *poll)
{
	int error = 0;
	socklen_t length = sizeof(error);

	connect->answers = poll->revents & POLLOUT &&
			   !getsockopt(poll->fd, SOL_SOCKET, SO_ERROR, &error, &length) && !error;
	close(poll->fd);
	poll->fd = -1; /* poll looks past it */
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void try_batch(struct connect *connects, size_t count)
{
	struct pollfd polls[CONNECTS_AT_ONCE];
	long end_ms, left_ms;
	size_t waiting = 0;

	for (size_t i = 0; i < count; i++) {
		polls[i] = (struct pollfd){.fd = begin(&connects[i]), .events = POLLOUT};
		waiting += polls[i].fd >= 0;
	}
	end_ms = now_ms() + CONNECT_TIMEOUT_MS;
	while (waiting && (left_ms = end_ms - now_ms()) > 0 && poll(polls, count, left_ms) >= 0) {
		for (size_t i = 0; i < count; i++) {
			if (polls[i].fd < 0 || !polls[i].revents)
				continue;
			end(&connects[i], &polls[i]);
			waiting--;
		}
	}
	for (size_t i = 0; i < count; i++)
		if (polls[i].fd >= 0)
			close(polls[i].fd);
}

void connects_try(struct connect *connects, size_t count)
{
	for (size_t at = 0; at < count; at += CONNECTS_AT_ONCE) {
		size_t left = count - at;

		try_batch(connects + at, left < CONNECTS_AT_ONCE ? left : CONNECTS_AT_ONCE);
	}
}
