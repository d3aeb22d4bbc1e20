/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing running into its file: the whole new file or the old one, never a part of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "signals.h"

/* The file as it is before: nothing, where there is none. */
struct old_file {
	char path[PATH_MAX]; /* behind symbolic links, which stay */
	struct stat stat;
	char *text;
	size_t length;
};

static void old_file_close(struct old_file *old)
{
	free(old->text);
}

static int read_whole(int fd, struct old_file *old)
{
	ssize_t some = 1;

	if (fstat(fd, &old->stat))
		return -errno;
	if (!S_ISREG(old->stat.st_mode))
		return S_ISDIR(old->stat.st_mode) ? -EISDIR : -EINVAL;
	old->text = malloc(old->stat.st_size + 1);
	if (!old->text)
		return -ENOMEM;
	while (some > 0 && old->length < (size_t)old->stat.st_size) {
		some = read(fd, old->text + old->length, old->stat.st_size - old->length);
		if (some > 0)
			old->length += some;
	}
	return some < 0 ? -errno : 0;
}

static int old_file_open(const char *path, struct old_file *old)
{
	int fd, error;

	memset(old, 0, sizeof(*old));
	old->stat.st_mode = 0644;
	old->stat.st_uid = geteuid();
	old->stat.st_gid = getegid();
	if (!realpath(path, old->path)) {
		if (errno != ENOENT)
			return -errno;
		if (strlen(path) >= sizeof(old->path))
			return -ENAMETOOLONG;
		strcpy(old->path, path);
		old->text = strdup("");
		return old->text ? 0 : -ENOMEM;
	}
	/* A pipe's writer is not waited for: it is no file to save into. */
	fd = open(old->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	error = read_whole(fd, old);
	close(fd);
	return error;
}

/* ---- the new one ---- */

static int write_whole(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t some = write(fd, text, length);

		if (some < 0 && errno != EINTR)
			return -errno;
		if (some > 0) {
			text += some;
			length -= some;
		}
	}
	return 0;
}

/* With the old one's mode and owner, and on the disk before anyone can see it. */
static int fill(int fd, const struct old_file *old, const char *text, size_t length)
{
	int error = write_whole(fd, text, length);

	if (error)
		return error;
	if (fchown(fd, old->stat.st_uid, old->stat.st_gid) ||
	    fchmod(fd, old->stat.st_mode & 07777) || fsync(fd))
		return -errno;
	return 0;
}

/* A rename is on the disk when its directory is. */
static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, error = 0;

	strcpy(copy, path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		error = -errno;
	close(fd);
	return error;
}

static int replace_file(const struct old_file *old, const char *text, size_t length)
{
	/* A name of its own: two that save at once must not write into one file. */
	char temporary[PATH_MAX + 8];
	int fd, error;

	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", old->path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fill(fd, old, text, length);
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(temporary, old->path))
		error = -errno;
	if (error)
		unlink(temporary);
	return error ?: sync_directory(old->path);
}

/* ---- the two together ---- */

/* Other files are their writers': one that says what no longer runs has to be changed by them. */
static void check_included(const struct document *running, const struct document *included,
			   struct faults *faults)
{
	for (size_t i = 0; i < included->count; i++) {
		const struct statement *statement = &included->statements[i];

		if (!document_find(running, statement->text))
			document_fault(included, statement, faults,
				       "does not run as it is here; change it in this file");
	}
}

static int merge_text(const struct document *running, const char *path, const struct old_file *old,
		      char **text, size_t *length, struct faults *faults)
{
	struct document included;
	struct fault fault = {""};
	int line, error;

	document_init(&included, path);
	error = document_read_included(&included, old->text, old->length, faults);
	if (!error)
		check_included(running, &included, faults);
	if (!error && !faults->count) {
		error = document_merge(running, &included, old->text, old->length, text, length,
				       &line, &fault);
		if (error == -EINVAL)
			faults_add(faults, line, "%s:%d: %s", path, line, fault.text);
	}
	document_free(&included);
	return error;
}

int save_document(const struct invocation *invocation, const struct document *running,
		  const char *path)
{
	__attribute__((cleanup(old_file_close))) struct old_file old = {};
	struct faults faults = {};
	char *text = NULL;
	sigset_t signals;
	size_t length;
	int error = old_file_open(path, &old);

	if (!error)
		error = merge_text(running, path, &old, &text, &length, &faults);
	if (faults.count) {
		faults_add(&faults, INT_MAX, "nothing was saved");
		return say_faults(invocation, &faults);
	}
	/* Or a file with half a name would lie beside the other. */
	signals_hold(&signals);
	if (!error)
		error = replace_file(&old, text, length);
	signals_release(&signals);
	free(text);
	if (error)
		return say_error(invocation, "%s: %s; nothing was saved", path, strerror(-error));
	return EXIT_DONE;
}
