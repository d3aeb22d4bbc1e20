/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pin directory in bpffs. The lock is flock(2) on the directory itself: no file of its own
 * that could be left behind or deleted by hand.
 */
#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "attach.h"

#define BPFFS "/sys/fs/bpf"

static bool is_bpffs(const char *path)
{
	struct statfs filesystem;

	return !statfs(path, &filesystem) && filesystem.f_type == BPF_FS_MAGIC;
}

/* Every directory on the way, like mkdir -p; only root may look into the last. */
static int make_path(const char *directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s", directory);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

static int make(const char *directory, struct report *report)
{
	int error;

	if (!strncmp(directory, BPFFS "/", strlen(BPFFS "/")) && !is_bpffs(BPFFS) &&
	    mount("bpf", BPFFS, "bpf", 0, "mode=0700")) {
		error = -errno;
		report_error(report, "%s: cannot mount the bpf filesystem: %s", BPFFS,
			     strerror(-error));
		return error;
	}
	error = make_path(directory);
	if (error) {
		report_error(report, "%s: cannot be made: %s", directory, strerror(-error));
		return error;
	}
	if (is_bpffs(directory))
		return 0;
	rmdir(directory);
	report_error(report, "%s: not on a bpf filesystem; mount one there: mount -t bpf bpf %s",
		     directory, directory);
	return -EINVAL;
}

static bool is_still(int fd, const char *directory)
{
	struct stat locked, there;

	return !fstat(fd, &locked) && !stat(directory, &there) && locked.st_ino == there.st_ino &&
	       locked.st_dev == there.st_dev;
}

int directory_lock(const char *directory, bool create, bool exclusive, struct report *report)
{
	for (;;) {
		int fd, error;

		if (create) {
			error = make(directory, report);
			if (error)
				return error;
		}
		fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			error = -errno;
			if (error == -EACCES)
				report_error(report, "%s: only root may look there", directory);
			else if (error != -ENOENT && error != -ENOTDIR)
				report_error(report, "%s: %s", directory, strerror(-error));
			else
				report_error(report,
					     "xfw is not up (nothing is pinned in %s); "
					     "'xfw up' starts it",
					     directory);
			return error == -ENOTDIR ? -ENOENT : error;
		}
		while (flock(fd, exclusive ? LOCK_EX : LOCK_SH) && errno == EINTR)
			continue;
		/* Whoever held it may have removed the directory: then the lock is on nothing. */
		if (is_still(fd, directory))
			return fd;
		close(fd);
	}
}

int directory_unpin(const char *directory)
{
	DIR *open = opendir(directory);
	struct dirent *entry;
	struct stat there;
	char path[512];
	int error = 0;

	if (!open)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(open))) {
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (lstat(path, &there) || S_ISDIR(there.st_mode))
			continue;
		if (unlink(path))
			error = -errno;
	}
	closedir(open);
	return error;
}

static int remove_inside(const char *directory)
{
	DIR *open = opendir(directory);
	struct dirent *entry;
	char path[512];
	int error = 0;

	if (!open)
		return -errno;
	while ((entry = readdir(open))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (!unlink(path))
			continue;
		/* EISDIR or EPERM: programs/ and links/. */
		if (remove_inside(path) || rmdir(path))
			error = -errno;
	}
	closedir(open);
	return error;
}

int directory_remove(const char *directory)
{
	int error = remove_inside(directory);

	if (rmdir(directory) && errno != ENOENT)
		return -errno;
	return error;
}
