/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables for people, at most as wide as the screen: columns as wide as what is in them, and what
 * does not fit goes on below, indented. Nothing is cut off.
 */
#ifndef XFW_LISTING_H
#define XFW_LISTING_H

#include <stdbool.h>
#include <stdio.h>

#include <linux/types.h>

enum column_kind {
	COLUMN_LEFT,
	COLUMN_RIGHT,
	/* These come last. What does not fit goes to the line below: */
	COLUMN_WHOLE, /* as one piece */
	COLUMN_TEXT,  /* broken at blanks */
};

enum { LISTING_COLUMNS = 16, LISTING_WIDTH = 80 };

struct listing {
	struct listing_column {
		const char *heading;
		enum column_kind kind;
		int width;
	} columns[LISTING_COLUMNS];
	size_t column_count;
	FILE *writer; /* of the cells' text, each with its NUL */
	char *text;
	size_t length;
	size_t cell_count;
};

/* Begin with no column; all columns are named before the first cell is filled. */
void listing_begin(struct listing *listing);
void listing_column(struct listing *listing, const char *heading, enum column_kind kind);

/* Fill the next cell, row by row. */
void listing_cell(struct listing *listing, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void listing_count(struct listing *listing, __u64 count);
void listing_age(struct listing *listing, double seconds, bool ever);

/* Print in lines of at most @width columns, and free. 0 or -ENOMEM. */
int listing_end(struct listing *listing, FILE *to, int width);

/* The columns of the screen that standard output is, at least LISTING_WIDTH; that where it is none. */
int listing_screen_width(void);

#endif
