/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a file says, whatever kind of file it turns out to be: reading ends, in time and in memory.
 */
#ifndef XFW_FILE_TEXT_H
#define XFW_FILE_TEXT_H

#include <stddef.h>

/* Bytes; a full table of the longest rules is half of that. */
enum { FILE_TEXT_MAX = 64 << 20 };

/*
 * All of the file at @path ("-": standard input) into *text, to be freed in any case. A pipe is
 * waited for as long as somebody has it open to write. Returns 0, -EFBIG above FILE_TEXT_MAX,
 * -ETIMEDOUT for a pipe that nobody writes to, or another -errno.
 */
int file_text_read(const char *path, char **text, size_t *length);

/* Why it could not be read, and what to do about it. */
const char *file_text_fault(int error);

#endif
