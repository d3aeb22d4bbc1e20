/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Showing something once, or with --watch each second anew: in place on a screen, one JSON document
 * a line with --json.
 */
#ifndef XFW_WATCH_H
#define XFW_WATCH_H

#include "command.h"
#include "rates.h"
#include "listing.h"

/* Where a view puts what it shows. */
struct sheet {
	const struct invocation *invocation;
	struct rates *rates; /* NULL: shown once, and nothing has a rate */
	int width;	     /* columns a line may have */
	FILE *to;	     /* text for people, or: */
	json_t *json;	     /* to be set with --json */
};

/*
 * Read @instance and fill @sheet. An exit status, after saying why. The instance is opened anew for
 * each reading: others may change it, or take it down, in between.
 */
typedef int view_fn(struct sheet *sheet, struct instance *instance);

/*
 * Show @view until SIGINT or SIGTERM, or once without --watch. An exit status; EXIT_REFUSED, after
 * saying so, when xfw goes down meanwhile.
 */
int watch_view(const struct invocation *invocation, view_fn *view);

/* Two columns for a rate, and their cells; nothing where nothing is watched. */
void sheet_rate_columns(const struct sheet *sheet, struct listing *listing);
void sheet_rate_cells(const struct sheet *sheet, struct listing *listing, const struct rate *rate);

/* Print @listing, and free it. An exit status. */
int sheet_listing(const struct sheet *sheet, struct listing *listing);

#endif
