/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A question is one byte; an answer is its length, then the text. Linux since 5.19 asks for no
 * capability where a map is opened by its pin and read: being the pins' owner is enough.
 */
#include "metrics_process.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "metrics.h"

/* nobody and nogroup: the kernel's overflow ids, and Debian's names for them. */
enum { NOBODY = 65534 };

/* In the place of a length. */
static const uint64_t no_text = UINT64_MAX;

int privileges_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};

	/* Else root would get them back by running a program. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_capset, &header, none))
		return -errno;
	return 0;
}

int privileges_become_nobody(void)
{
	/* Who is not root has nothing to hand back but capabilities. */
	if (!geteuid() && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
			   setresuid(NOBODY, NOBODY, NOBODY)))
		return -errno;
	return privileges_drop();
}

/* ---- the end: a signal to either process, or the other one is gone ---- */

/* Wait for that, or for @events at @socket. 1 for the events, 0 for the end, or -errno. */
static int wait_for(int socket, short events)
{
	struct pollfd ready[2] = {{.fd = socket, .events = events}, {.events = POLLIN}};
	sigset_t stops;
	int error = 0;

	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	ready[1].fd = signalfd(-1, &stops, SFD_CLOEXEC);
	if (ready[1].fd < 0)
		return -errno;
	while (poll(ready, 2, -1) < 0 && !error)
		error = errno == EINTR ? 0 : -errno;
	close(ready[1].fd);
	if (error)
		return error;
	return !ready[1].revents && ready[0].revents & events;
}

int metrics_process_wait(int socket)
{
	return wait_for(socket, 0);
}

/* ---- the wire ---- */

static bool send_whole(int socket, const void *data, size_t length)
{
	while (length) {
		ssize_t some = send(socket, data, length, MSG_NOSIGNAL);

		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return false;
		data = (const char *)data + some;
		length -= some;
	}
	return true;
}

static bool receive_whole(int socket, void *data, size_t length)
{
	while (length) {
		ssize_t some = recv(socket, data, length, MSG_WAITALL);

		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return false;
		data = (char *)data + some;
		length -= some;
	}
	return true;
}

/* ---- who may read ---- */

static bool answer(int socket, const char *pin_directory)
{
	size_t size = 0;
	char *text = metrics_text(pin_directory, &size);
	uint64_t length = text ? size : no_text;
	bool sent = send_whole(socket, &length, sizeof(length)) &&
		    (!text || send_whole(socket, text, size));

	free(text);
	return sent;
}

int metrics_process_run(int socket, const char *pin_directory)
{
	char question;
	int asked;

	while ((asked = wait_for(socket, POLLIN)) > 0)
		if (!receive_whole(socket, &question, sizeof(question)) ||
		    !answer(socket, pin_directory))
			break;
	return asked < 0 ? asked : 0;
}

/* ---- who may ask ---- */

char *metrics_process_ask(int socket, size_t *length)
{
	const char question = '?';
	uint64_t size;
	char *text;

	if (!send_whole(socket, &question, sizeof(question)) ||
	    !receive_whole(socket, &size, sizeof(size)) || size == no_text)
		return NULL;
	text = malloc(size + 1);
	if (text && !receive_whole(socket, text, size)) {
		free(text);
		text = NULL;
	}
	*length = size;
	return text;
}
