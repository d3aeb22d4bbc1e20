/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last good configuration lies beside the file.
 */
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "document.h"

void boot_last_good(const char *config, char *path, int size)
{
	snprintf(path, size, "%s.last-good", config);
}

static int copy(FILE *from, FILE *to)
{
	char buffer[8192];
	size_t length;

	while ((length = fread(buffer, 1, sizeof(buffer), from)))
		if (fwrite(buffer, 1, length, to) != length)
			return -errno;
	return ferror(from) || fflush(to) || fsync(fileno(to)) ? -errno : 0;
}

/* With the other files' lines in it: they may be what is broken at the next boot. */
static int write_good(const char *config, FILE *to)
{
	struct faults faults = {};
	struct document document;
	FILE *from = NULL;
	int error;

	document_init(&document, config);
	error = document_read_file(&document, config, &faults);
	if (!error && document.included_count) {
		document_print(&document, to);
		error = fflush(to) || fsync(fileno(to)) ? -errno : 0;
	} else if (!error) {
		from = fopen(config, "re");
		error = from ? copy(from, to) : -errno;
	}
	if (from)
		fclose(from);
	document_free(&document);
	return error;
}

/* The whole new copy or the old one: written beside, then renamed. */
int boot_remember(const char *config)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8];
	FILE *to;
	int error;

	boot_last_good(config, path, sizeof(path));
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	to = fopen(temporary, "we");
	error = to ? write_good(config, to) : -errno;
	if (!error && fchmod(fileno(to), 0600))
		error = -errno;
	if (to && fclose(to) && !error)
		error = -errno;
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		unlink(temporary);
	return error;
}
