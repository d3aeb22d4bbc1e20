// SPDX-License-Identifier: GPL-2.0
/*
 * Tables: cells are kept as text until all widths are known.
 */
#include "listing.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"

enum {
	NUMBER_LEAST = 5, /* the widest count: what is watched does not wander */
	LEFT_MOST = 24,	  /* a longer cell has its line to itself */
	INDENT = 8,	  /* of what goes on below and is too long to stand under its heading */
};

void listing_begin(struct listing *listing)
{
	memset(listing, 0, sizeof(*listing));
	listing->writer = open_memstream(&listing->text, &listing->length);
}

void listing_column(struct listing *listing, const char *heading, enum column_kind kind)
{
	if (listing->column_count < LISTING_COLUMNS)
		listing->columns[listing->column_count++] = (struct listing_column){
			.heading = heading,
			.kind = kind,
			.width = kind == COLUMN_RIGHT ? NUMBER_LEAST : 0,
		};
}

void listing_cell(struct listing *listing, const char *format, ...)
{
	va_list arguments;

	if (!listing->writer)
		return;
	va_start(arguments, format);
	vfprintf(listing->writer, format, arguments);
	va_end(arguments);
	fputc('\0', listing->writer);
	listing->cell_count++;
}

void listing_count(struct listing *listing, __u64 count)
{
	char text[16];

	format_count(count, text, sizeof(text));
	listing_cell(listing, "%s", text);
}

void listing_age(struct listing *listing, double seconds, bool ever)
{
	char text[16];

	format_age(seconds, ever, text, sizeof(text));
	listing_cell(listing, "%s", text);
}

/* ---- widths ---- */

/* Characters in the first @length bytes: bytes 10xxxxxx continue a character of UTF-8. */
static int columns_in(const char *text, size_t length)
{
	int columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

static int columns_of(const char *text)
{
	return columns_in(text, strlen(text));
}

/* Bytes of @text that fill at most @columns. */
static size_t bytes_within(const char *text, size_t length, int columns)
{
	size_t bytes = 0;

	while (bytes < length) {
		columns -= ((unsigned char)text[bytes] & 0xc0) != 0x80;
		if (columns < 0)
			break;
		bytes++;
	}
	return bytes;
}

static bool trails(const struct listing_column *column)
{
	return column->kind == COLUMN_WHOLE || column->kind == COLUMN_TEXT;
}

static void widen(struct listing_column *column, const char *cell)
{
	int width = columns_of(cell);

	if (!trails(column) && width > LEFT_MOST)
		width = LEFT_MOST;
	if (width > column->width)
		column->width = width;
}

static void find_widths(struct listing *listing)
{
	const char *cell = listing->text;

	assert(listing->column_count || !listing->cell_count);
	for (size_t i = 0; i < listing->column_count; i++)
		widen(&listing->columns[i], listing->columns[i].heading);
	for (size_t i = 0; i < listing->cell_count; i++, cell += strlen(cell) + 1)
		widen(&listing->columns[i % listing->column_count], cell);
}

/* ---- lines ---- */

struct printer {
	FILE *to;
	int width;
	int at;	       /* columns of this line that are full */
	int start;     /* where the trailing columns begin */
	bool trailing; /* in this row, they have begun */
	bool align;    /* every row's trailing columns fit side by side */
};

static void new_line(struct printer *printer)
{
	fputc('\n', printer->to);
	printer->at = 0;
}

static void put_at(struct printer *printer, int at, const char *text, size_t length)
{
	for (; printer->at < at; printer->at++)
		fputc(' ', printer->to);
	fwrite(text, 1, length, printer->to);
	printer->at += columns_in(text, length);
}

static void put_fixed(struct printer *printer, const struct listing_column *column, int at,
		      const char *cell)
{
	int blanks = column->kind == COLUMN_RIGHT ? column->width - columns_of(cell) : 0;

	if (printer->at && printer->at >= at)
		new_line(printer);
	put_at(printer, at + blanks, cell, strlen(cell));
}

/* A piece of what trails: at @at where it fits, else below, and if need be in several lines. */
static void put_piece(struct printer *printer, int at, const char *text, size_t length)
{
	int columns = columns_in(text, length);

	if (!printer->trailing && printer->at >= at)
		new_line(printer);
	printer->trailing = true;
	if (at + columns > printer->width) {
		at = printer->start + columns <= printer->width ? printer->start : INDENT;
		new_line(printer);
	}
	while (length) {
		size_t bytes = bytes_within(text, length, printer->width - at);

		put_at(printer, at, text, bytes);
		text += bytes;
		length -= bytes;
		if (length)
			new_line(printer);
	}
}

/* Where the next piece would stand; @column_at: where its column does. */
static int next_at(const struct printer *printer, int column_at)
{
	if (!printer->trailing)
		return printer->start;
	if (printer->align && printer->at < column_at)
		return column_at;
	return printer->at + 1;
}

static void put_words(struct printer *printer, int column_at, const char *text)
{
	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");

		put_piece(printer, next_at(printer, column_at), text, length);
		text += length;
		column_at = 0;
	}
}

static void print_row(const struct listing *listing, struct printer *printer,
		      const char *const *cells)
{
	int at = 0;

	printer->trailing = false;
	for (size_t i = 0; i < listing->column_count; i++) {
		const struct listing_column *column = &listing->columns[i];

		if (!cells[i][0])
			; /* no line ends in blanks */
		else if (!trails(column))
			put_fixed(printer, column, at, cells[i]);
		else if (column->kind == COLUMN_TEXT)
			put_words(printer, at, cells[i]);
		else
			put_piece(printer, next_at(printer, at), cells[i], strlen(cells[i]));
		at += column->width + 1;
	}
	new_line(printer);
}

static void begin_printing(const struct listing *listing, struct printer *printer)
{
	int total = 0;

	for (size_t i = 0; i < listing->column_count; i++) {
		if (!trails(&listing->columns[i]))
			printer->start = total + listing->columns[i].width + 1;
		total += listing->columns[i].width + 1;
	}
	printer->align = total - 1 <= printer->width;
}

static void print_listing(struct listing *listing, FILE *to, int width)
{
	struct printer printer = {.to = to, .width = width};
	const char *cells[LISTING_COLUMNS], *cell = listing->text;

	find_widths(listing);
	begin_printing(listing, &printer);
	for (size_t i = 0; i < listing->column_count; i++)
		cells[i] = listing->columns[i].heading;
	print_row(listing, &printer, cells);
	for (size_t i = 0; i < listing->cell_count; i++, cell += strlen(cell) + 1) {
		cells[i % listing->column_count] = cell;
		if ((i + 1) % listing->column_count == 0)
			print_row(listing, &printer, cells);
	}
}

int listing_end(struct listing *listing, FILE *to, int width)
{
	bool whole = listing->writer && !fclose(listing->writer);

	if (whole)
		print_listing(listing, to, width);
	free(listing->text);
	return whole ? 0 : -ENOMEM;
}

int listing_screen_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < LISTING_WIDTH)
		return LISTING_WIDTH;
	return size.ws_col;
}
