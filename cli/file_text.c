/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A whole file in memory. It may be a pipe, a device or a directory by somebody's mistake: at boot
 * nobody is there to press ^C.
 */
#include "file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITER_MS = 500 }; /* a pipe's writer has so long to open it: `gen >fifo & xfw apply fifo` */

/* Opening a pipe waits for its writer, unless told not to: *silent when none has come. */
static int open_to_read(const char *path, bool *silent)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct pollfd poll_for = {.fd = fd, .events = POLLIN};
	struct stat file;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &file) && S_ISFIFO(file.st_mode))
		*silent = !poll(&poll_for, 1, WRITER_MS);
	return fd;
}

/* 1, 0 at the end, or -errno. */
static int read_some(int fd, char *text, size_t room, size_t *length)
{
	struct pollfd poll_for = {.fd = fd, .events = POLLIN};
	ssize_t some;

	while ((some = read(fd, text + *length, room - *length)) < 0) {
		/* Somebody has the pipe open to write, and is slow, which is his business. */
		if (errno == EAGAIN)
			poll(&poll_for, 1, -1);
		else if (errno != EINTR)
			return -errno;
	}
	*length += some;
	return some > 0;
}

static int read_whole(int fd, char **text, size_t *length)
{
	size_t room = 65536;
	int more = 1;

	*length = 0;
	*text = malloc(room);
	while (*text && more > 0) {
		char *longer;

		more = read_some(fd, *text, room, length);
		if (more <= 0)
			return more;
		if (*length < room)
			continue;
		if (room >= FILE_TEXT_MAX)
			return -EFBIG;
		longer = realloc(*text, room *= 2);
		if (!longer)
			free(*text);
		*text = longer;
	}
	return -ENOMEM;
}

int file_text_read(const char *path, char **text, size_t *length)
{
	bool standard_input = !strcmp(path, "-"), silent = false;
	int fd = standard_input ? STDIN_FILENO : open_to_read(path, &silent), error;

	*text = NULL;
	*length = 0;
	if (fd < 0)
		return fd;
	error = read_whole(fd, text, length);
	if (!standard_input)
		close(fd);
	/* fifo(7): where nobody has it open to write, a pipe is at its end. */
	return !error && silent && !*length ? -ETIMEDOUT : error;
}

const char *file_text_fault(int error)
{
	switch (-error) {
	case EISDIR:
		return "Is a directory; name a file in it";
	case EFBIG:
		return "gives more than 64 MB; that is no configuration";
	case ETIMEDOUT:
		return "is a pipe that nobody writes to; start its writer, or name a file";
	}
	return strerror(-error);
}
