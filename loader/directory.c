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

/* Where a bpf filesystem should be mounted for @directory to be in it. */
static void mount_point_of(const char *directory, char *path, size_t size)
{
	char *slash;

	snprintf(path, size, "%s",
		 strncmp(directory, BPFFS "/", strlen(BPFFS "/")) ? directory : BPFFS "/");
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
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
	char mount_point[256];
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
	mount_point_of(directory, mount_point, sizeof(mount_point));
	report_error(report,
		     "%s: not on a bpf filesystem; mount one: mount -t bpf bpf %s; nothing was "
		     "changed",
		     directory, mount_point);
	return -EINVAL;
}

static bool is_still(int fd, const char *directory)
{
	struct stat locked, there;

	return !fstat(fd, &locked) && !stat(directory, &there) && locked.st_ino == there.st_ino &&
	       locked.st_dev == there.st_dev;
}

/* @error of opening it. Pins go with the filesystem they are in, and with them what they hold. */
static int refuse(const char *directory, int error, struct report *report)
{
	char mount_point[256];

	mount_point_of(directory, mount_point, sizeof(mount_point));
	if (error == -EACCES)
		report_error(report, "%s: only root may look there", directory);
	else if (error != -ENOENT && error != -ENOTDIR)
		report_error(report, "%s: %s", directory, strerror(-error));
	else if (is_bpffs(mount_point))
		report_error(report, "xfw is not up (nothing is pinned in %s); 'xfw up' starts it",
			     directory);
	else
		report_error(report,
			     "xfw is not up, or not to be seen from here: no bpf filesystem is "
			     "mounted at %s, and unmounting it takes the filter off; 'xfw up' %s",
			     mount_point,
			     strcmp(mount_point, BPFFS) ? "starts it once one is"
							: "mounts it and starts");
	return error == -ENOTDIR ? -ENOENT : error;
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
		if (fd < 0)
			return refuse(directory, -errno, report);
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
