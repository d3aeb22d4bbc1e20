/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A plan's files onto the disk: into a directory beside the one asked for, which takes its place
 * by one rename when all of it is written.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan_files.h"

/* ---- the directory ---- */

/* An entry of the directory at @path, into @entry; false when it has none. */
static bool first_entry(const char *path, char entry[NAME_MAX + 1])
{
	DIR *directory = opendir(path);
	const struct dirent *next;
	bool found = false;

	while (directory && !found && (next = readdir(directory))) {
		found = strcmp(next->d_name, ".") && strcmp(next->d_name, "..");
		if (found)
			strcpy(entry, next->d_name);
	}
	if (directory)
		closedir(directory);
	return found;
}

/* What the new directory is to be. */
struct place {
	char path[PATH_MAX]; /* whole, so that rename() can replace even "." */
	mode_t mode;
};

static int take_existing(const char *word, struct place *place, struct fault *fault)
{
	char entry[NAME_MAX + 1];
	struct stat found;

	if (stat(place->path, &found) || !S_ISDIR(found.st_mode))
		return fault_set(fault,
				 "--write: '%s' is not a directory; name a new or an empty "
				 "one",
				 word);
	place->mode = found.st_mode & 07777;
	if (first_entry(place->path, entry))
		return fault_set(fault,
				 "--write: '%s' is not empty, it has '%s'; name a new or an "
				 "empty directory",
				 word, entry);
	return 0;
}

static mode_t new_directory_mode(void)
{
	mode_t mask = umask(077);

	umask(mask);
	return 0777 & ~mask;
}

/* @word is not there: a new name in a directory that must be. */
static int take_new(const char *word, struct place *place, struct fault *fault)
{
	char copy[PATH_MAX], parent[PATH_MAX], *name;

	strcpy(copy, word);
	for (size_t end = strlen(copy); end > 1 && copy[end - 1] == '/'; end--)
		copy[end - 1] = '\0';
	name = strrchr(copy, '/');
	snprintf(parent, sizeof(parent), "%.*s", name ? (int)(name - copy + 1) : 1,
		 name ? copy : ".");
	name = name ? name + 1 : copy;
	if (!realpath(parent, place->path))
		return fault_set(fault, "--write: '%s' cannot be made: '%s': %s", word, parent,
				 strerror(errno));
	if (strlen(place->path) + strlen(name) + 2 > sizeof(place->path))
		return fault_set(fault, "--write: '%s' is too long", word);
	strcat(place->path, strcmp(place->path, "/") ? "/" : "");
	strcat(place->path, name);
	place->mode = new_directory_mode();
	return 0;
}

static int find_place(const char *word, struct place *place, struct fault *fault)
{
	if (!*word || strlen(word) >= PATH_MAX)
		return fault_set(fault,
				 "--write: '%.60s' is no directory; name a new or an empty "
				 "one",
				 word);
	if (realpath(word, place->path))
		return take_existing(word, place, fault);
	if (errno == ENOTDIR)
		return fault_set(fault, "--write: '%s' has a file where a directory is wanted",
				 word);
	if (errno != ENOENT)
		return fault_set(fault, "--write: '%s': %s", word, strerror(errno));
	return take_new(word, place, fault);
}

/* ---- the files ---- */

static int write_file(int directory, struct plan_file *file, const struct plan_file_kind *kind,
		      const char *name)
{
	int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int error = 0;

	if (fd < 0)
		return -errno;
	file->out = fdopen(fd, "w");
	if (!file->out) {
		error = -errno;
		close(fd);
		return error;
	}
	kind->print(file);
	if (fflush(file->out) || ferror(file->out) || fchmod(fd, kind->mode))
		error = -(errno ?: EIO);
	if (fclose(file->out) && !error)
		error = -errno;
	return error;
}

static int write_files(const struct plan *plan, const struct tunnel_keys *keys, int directory,
		       struct fault *fault)
{
	struct plan_file file = {.plan = plan, .keys = keys};
	const struct plan_file_kind *kind;
	char name[PLAN_FILE_NAME];
	int error;

	for (size_t i = 0; (kind = plan_file_at(plan, i, &file.guest)); i++) {
		plan_file_name(plan, i, name);
		error = write_file(directory, &file, kind, name);
		if (error)
			return fault_set(fault, "--write: %s: %s", name, strerror(-error));
	}
	return 0;
}

static void remove_files(const struct plan *plan, int directory)
{
	char name[PLAN_FILE_NAME];

	for (size_t i = 0; plan_file_name(plan, i, name); i++)
		unlinkat(directory, name, 0);
}

/* Fill @temporary and let it take its place. */
static int fill_and_move(const struct plan *plan, const struct tunnel_keys *keys,
			 const char *temporary, const struct place *place, struct fault *fault)
{
	int directory = open(temporary, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	int error;

	if (directory < 0)
		return fault_set(fault, "--write: '%s': %s", temporary, strerror(errno));
	error = write_files(plan, keys, directory, fault);
	/* rename() replaces an empty directory and refuses one that was filled meanwhile. */
	if (!error && (fchmod(directory, place->mode) || rename(temporary, place->path)))
		error = fault_set(fault, "--write: '%s': %s", place->path, strerror(errno));
	if (error)
		remove_files(plan, directory);
	close(directory);
	return error;
}

int plan_write(const struct plan *plan, const char *directory, struct fault *fault)
{
	char temporary[PATH_MAX + 16];
	struct tunnel_keys keys;
	struct place place;
	int error;

	if (find_place(directory, &place, fault) || tunnel_keys_make(&keys, fault))
		return -EINVAL;
	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", place.path);
	if (!mkdtemp(temporary))
		error = fault_set(fault, "--write: '%s' cannot be made: %s", directory,
				  strerror(errno));
	else
		error = fill_and_move(plan, &keys, temporary, &place, fault);
	if (error)
		rmdir(temporary);
	explicit_bzero(&keys, sizeof(keys));
	return error;
}
