/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the judging generation routes: slices, the host's own addresses, masqueraded networks. A
 * snapshot, in order, to be asked about addresses.
 */
#ifndef XFW_SLICES_H
#define XFW_SLICES_H

#include <stdbool.h>
#include <stddef.h>

#include "../maps/generation.h"

struct slices {
	struct route_row *rows; /* by address, then by length */
	size_t count;
	bool lengths[129]; /* that occur */
};

/* 0 or -errno; to be freed in either case. */
int slices_read(const struct pins *pins, struct slices *slices);
/* In order, once the rows are in. */
void slices_sort(struct slices *slices);
void slices_free(struct slices *slices);

/* The longest that holds all of @prefix, NULL when none does. */
const struct route_row *slices_holding(const struct slices *slices, const struct prefix *prefix);

/* Does @prefix have an address with any of them? */
bool slices_meet(const struct slices *slices, const struct prefix *prefix);

#endif
