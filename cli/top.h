/* SPDX-License-Identifier: GPL-2.0 */
/*
 * top's parts: what was read (top_read.c), how it stands on the screen (top_screen.c). The keys and
 * the loop are in cmd_top.c.
 */
#ifndef XFW_TOP_H
#define XFW_TOP_H

#include <net/if.h>

#include "../maps/stats.h"
#include "document.h"
#include "rates.h"

/* Row: identifier, title, heading of what a row is about, column it is sorted by at first. */
#define XFW_TOP_VIEWS(ROW)                \
	ROW(RULES, rules, "RULE", 1)      \
	ROW(GUESTS, guests, "GUEST", 1)   \
	ROW(REASONS, reasons, "DROPS", 0) \
	ROW(SOURCES, sources, "SOURCE", 0)

#define XFW_ENUM_TOP(id, title, heading, sort) TOP_##id,
enum top_view { XFW_TOP_VIEWS(XFW_ENUM_TOP) TOP_VIEWS };

enum { TOP_COLUMNS = 5, TOP_TEXT = 320 };

/* What a column's number is. */
enum top_unit {
	UNIT_NONE, /* there is no such column */
	UNIT_COUNT,
	UNIT_AGE, /* seconds; below 0: never */
};

struct top_column {
	const char *heading;
	enum top_unit unit;
};

extern const struct top_column top_columns[TOP_VIEWS][TOP_COLUMNS];
extern const char *const top_titles[TOP_VIEWS];
extern const char *const top_headings[TOP_VIEWS];

/* One rule, address or reason, by its number, its address or its text. */
struct top_row {
	double values[TOP_COLUMNS];
	struct address address;
	__u32 number;
	const char *text; /* of the reading */
};

struct top_rows {
	struct top_row *rows;
	size_t count, room;
};

struct top_interface {
	char name[IF_NAMESIZE];
	enum role role;
	struct rate in, dropped;
};

/* A define that stands for one address. */
struct top_name {
	struct address address;
	const char *name; /* of the running document */
};

struct top_reading {
	char fault[512]; /* why there is none; empty: there is */
	bool rates_known;
	struct document running;
	struct top_name *names;
	size_t name_count;
	struct top_interface interfaces[XFW_INTERFACES_CAPACITY];
	size_t interface_count;
	struct map_fill flows, opening;
	__u32 generation;
	bool on_trial;
	double seconds_left;
	struct top_rows views[TOP_VIEWS];
};

/* An empty one, to be read into and freed. */
void top_reading_init(struct top_reading *reading);
void top_reading_free(struct top_reading *reading);

/*
 * Open what is pinned in @pin_directory, say that somebody looks, and close it again. With @reading
 * also read everything anew; *@rates, made and thrown away here, is what it is compared with.
 * 0, or -errno with reading->fault.
 */
int top_read(const char *pin_directory, struct top_reading *reading, struct rates **rates);

/* Sort the view's rows by a column: the largest first, of ages the smallest. */
void top_sort(struct top_rows *rows, enum top_view view, int column);

/* What the row is about, in words. */
void top_row_text(const struct top_reading *reading, enum top_view view, const struct top_row *row,
		  char *text, size_t size);

/* ---- the screen ---- */

struct top_screen {
	const struct top_reading *reading;
	enum top_view view;
	int sorts[TOP_VIEWS]; /* the column that each is sorted by */
	size_t first;	      /* row on top */
	bool paused;
	bool help;
};

void top_draw(struct top_screen *screen);

#endif
