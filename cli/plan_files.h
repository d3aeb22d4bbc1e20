/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of the files that a plan comes with. Knows what is in them, not where they go.
 */
#ifndef XFW_PLAN_FILES_H
#define XFW_PLAN_FILES_H

#include <stdio.h>

#include "plan.h"
#include "plan_keys.h"

struct plan_file {
	const struct plan *plan;
	const struct tunnel_keys *keys;
	const struct plan_guest *guest; /* of a file that each guest has one of */
	FILE *out;
};

struct plan_file_kind {
	const char *name; /* %s is the guest */
	bool each_guest;
	unsigned int mode;
	void (*print)(const struct plan_file *file);
};

extern const struct plan_file_kind plan_file_kinds[]; /* ends with an empty row */

/* The kind of the plan's file number @index and its guest or NULL; NULL past the last file. */
const struct plan_file_kind *plan_file_at(const struct plan *plan, size_t index,
					  const struct plan_guest **guest);

#endif
