/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is wrong with a word and what would be right; and the faults of a whole file, in the
 * order of its lines. Where a fault stands is added by whoever knows. Prints nothing.
 */
#ifndef XFW_FAULT_H
#define XFW_FAULT_H

#include <stddef.h>

struct fault {
	char text[384];
};

/* Always -EINVAL. A text too long to hold ends in "…", never in half a character. */
int fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum { FAULTS_MAX = 20 };

/* Each with its place: "xfw.conf:12: route: …". */
struct faults {
	char lines[FAULTS_MAX][768];
	int places[FAULTS_MAX]; /* line numbers, ascending */
	size_t count;		/* may exceed FAULTS_MAX: the rest is only counted */
};

/* Note a fault of line @place; when there are too many, those of the first lines stay. */
void faults_add(struct faults *faults, int place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
