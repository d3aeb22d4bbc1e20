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
