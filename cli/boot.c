/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last good configuration lies beside the file; the rescue is closed but for SSH.
 */
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "document.h"
#include "file_text.h"

void boot_last_good(const char *config, char *path, int size)
{
	snprintf(path, size, "%s.last-good", config);
}

/* With the other files' lines in it: they may be what is broken at the next boot. */
static int write_good(const char *config, FILE *to)
{
	struct faults faults = {};
	struct document document;
	char *text;
	size_t length;
	int error = file_text_read(config, &text, &length);

	document_init(&document, config);
	if (!error)
		error = document_read(&document, text, length, &faults);
	if (!error && document.included_count)
		document_print(&document, to);
	else if (!error)
		fwrite(text, 1, length, to);
	if (!error && (fflush(to) || fsync(fileno(to))))
		error = -errno;
	document_free(&document);
	free(text);
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

/* A line for each WAN that is there: one that is not must not leave the others open. How many. */
static int write_wans(const char *text, size_t length, FILE *rescue)
{
	FILE *lines = fmemopen((char *)text, length, "r");
	char *line = NULL, name[IF_NAMESIZE];
	size_t size = 0;
	int found = 0;

	while (lines && getline(&line, &size, lines) > 0)
		if (sscanf(line, " wan %15s", name) == 1 && if_nametoindex(name))
			found += fprintf(rescue, "wan %s\n", name) > 0;
	if (lines)
		fclose(lines);
	free(line);
	return found;
}

int boot_rescue(const char *config)
{
	size_t length;
	char *text;
	int error = file_text_read(config, &text, &length), fd = -1, found = 0;
	FILE *rescue = NULL;

	if (!error)
		fd = memfd_create("rescue", 0);
	if (fd >= 0)
		rescue = fdopen(dup(fd), "w");
	if (rescue) {
		found = write_wans(text, length, rescue);
		fputs("allow tcp 22 host\n", rescue);
		fclose(rescue);
	}
	free(text);
	if (found)
		return fd;
	if (fd >= 0)
		close(fd);
	return error ?: -ENOENT;
}
