// SPDX-License-Identifier: GPL-2.0
/*
 * top's screen, drawn anew from what was read. Bold and reverse are all it asks of a terminal, and
 * no line reaches the last column, where terminals differ.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>

#include "command.h"
#include "top.h"

enum { NUMBER_WIDTH = 7, INTERFACE_LINES = 4 };

/* ---- lines ---- */

/* As much of @text as the line has room for. What the terminal's character set has not is a '?'. */
static void put(int line, int at, const char *text)
{
	wchar_t wide[TOP_TEXT];
	mbstate_t state = {};
	int room = COLS - 1 - at, count = 0;

	while (*text && count < TOP_TEXT - 1) {
		wchar_t character;
		size_t length = mbrtowc(&character, text, strlen(text), &state);
		int columns;

		if (length == (size_t)-1 || length == (size_t)-2) {
			memset(&state, 0, sizeof(state));
			character = L'?';
			length = 1;
			while (((unsigned char)text[length] & 0xc0) == 0x80)
				length++;
		}
		columns = wcwidth(character);
		if (columns < 0) {
			character = L'?';
			columns = 1;
		}
		room -= columns;
		if (room < 0)
			break;
		wide[count++] = character;
		text += length;
	}
	if (line < LINES && count)
		mvaddnwstr(line, at, wide, count);
}

static void put_format(int line, int at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put_format(int line, int at, const char *format, ...)
{
	char text[TOP_TEXT];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	put(line, at, text);
}

/* "12k", or "-" while there is one reading only. */
static const char *rate_text(const struct top_reading *reading, double rate, char text[16])
{
	if (reading->rates_known)
		format_count(rate + 0.5, text, 16);
	else
		strcpy(text, "-");
	return text;
}

/* ---- the summary ---- */

static void put_interface(const struct top_reading *reading, int line,
			  const struct top_interface *interface)
{
	char packets[16], bits[16], dropped[16];

	/* What comes in by a LAN or tunnel is on its way out. */
	put_format(line, 0, "%-15s %s  %-3s %6s pps %6s bit/s %6s dropped/s", interface->name,
		   role_names[interface->role], interface->role == ROLE_WAN ? "in" : "out",
		   rate_text(reading, interface->in.packets, packets),
		   rate_text(reading, interface->in.bits, bits),
		   rate_text(reading, interface->dropped.packets, dropped));
}

static double percent(const struct map_fill *fill)
{
	return fill->capacity ? 100.0 * fill->used / fill->capacity : 0;
}

/* Returns the line below. */
static int put_summary(const struct top_screen *screen, int line)
{
	const struct top_reading *reading = screen->reading;
	size_t shown = reading->interface_count;

	if (shown > INTERFACE_LINES)
		shown = INTERFACE_LINES - 1;
	for (size_t i = 0; i < shown; i++)
		put_interface(reading, line++, &reading->interfaces[i]);
	if (shown < reading->interface_count)
		put_format(line++, 0, "and %zu more (xfw stats --watch)",
			   reading->interface_count - shown);
	put_format(line++, 0, "flows %u of %u (%.0f%%)  half-open %u of %u (%.0f%%)  generation %u",
		   reading->flows.used, reading->flows.capacity, percent(&reading->flows),
		   reading->opening.used, reading->opening.capacity, percent(&reading->opening),
		   reading->generation);
	if (reading->on_trial) {
		attron(A_BOLD);
		put_format(line++, 0, "on trial: goes back in %.0f s unless 'xfw confirm' comes",
			   reading->seconds_left);
		attroff(A_BOLD);
	}
	return line;
}

/* ---- the view ---- */

static int column_count(enum top_view view)
{
	int count = 0;

	while (count < TOP_COLUMNS && top_columns[view][count].unit != UNIT_NONE)
		count++;
	return count;
}

static void put_tabs(const struct top_screen *screen, int line)
{
	int at = 0;

	for (int i = 0; i < TOP_VIEWS; i++) {
		attr_t look = i == (int)screen->view ? A_REVERSE : A_NORMAL;

		attron(look);
		put_format(line, at, " %d %s ", i + 1, top_titles[i]);
		attroff(look);
		at += strlen(top_titles[i]) + 5;
	}
	if (screen->paused) {
		attron(A_BOLD);
		put(line, at, "paused");
		attroff(A_BOLD);
	}
}

/* The column that the rows are sorted by has a mark: not every terminal can underline. */
static void put_headings(const struct top_screen *screen, int line)
{
	int columns = column_count(screen->view), at = 0;

	attron(A_BOLD);
	for (int i = 0; i < columns; i++, at += NUMBER_WIDTH + 1)
		put_format(line, at, "%c%*s", i == screen->sorts[screen->view] ? '*' : ' ',
			   NUMBER_WIDTH - 1 + (i > 0), top_columns[screen->view][i].heading);
	put(line, at + 1, top_headings[screen->view]);
	attroff(A_BOLD);
}

static void put_value(const struct top_screen *screen, int line, int column, double value)
{
	char text[16];

	if (top_columns[screen->view][column].unit == UNIT_AGE)
		format_age(value, value >= 0, text, sizeof(text));
	else
		rate_text(screen->reading, value, text);
	put_format(line, column * (NUMBER_WIDTH + 1), "%*s", NUMBER_WIDTH + (column > 0), text);
}

static void put_row(const struct top_screen *screen, int line, const struct top_row *row)
{
	int columns = column_count(screen->view);
	char text[TOP_TEXT];

	for (int i = 0; i < columns; i++)
		put_value(screen, line, i, row->values[i]);
	top_row_text(screen->reading, screen->view, row, text, sizeof(text));
	put(line, columns * (NUMBER_WIDTH + 1) + 1, text);
}

static void put_rows(struct top_screen *screen, int line, int end)
{
	const struct top_rows *rows = &screen->reading->views[screen->view];
	size_t room = end > line ? end - line : 0;

	if (screen->first + room > rows->count)
		screen->first = rows->count > room ? rows->count - room : 0;
	if (!rows->count)
		put(line, 1, "nothing");
	for (size_t i = screen->first; i < rows->count && line < end; i++)
		put_row(screen, line++, &rows->rows[i]);
}

static void put_help(int line)
{
	static const char *const lines[] = {
		"1 2 3 4    rules, guests, drop reasons, sources",
		"Tab        the next of these",
		"s  < >     sort by the next column, by the one to the left or right",
		"up down    other rows (also PageUp, PageDown, Home)",
		"p          pause, and go on",
		"?          this help, and back",
		"q          quit",
		"",
		"Rates are those of the last second. A guest is an address inside: in is what",
		"came for it by the WAN, out what came from it by a LAN or tunnel. A source is",
		"an address outside that sent something. Both are counted only while top runs.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		put(line + i, 1, lines[i]);
}

void top_draw(struct top_screen *screen)
{
	int line = 0;

	erase();
	if (screen->reading->fault[0]) {
		put(line, 0, screen->reading->fault);
	} else {
		line = put_summary(screen, line);
		put_tabs(screen, ++line);
		line += 1;
		if (!screen->help) {
			put_headings(screen, line++);
			put_rows(screen, line, LINES - 1);
		}
	}
	if (screen->help)
		put_help(line + 1);
	put(LINES - 1, 0, "1-4 Tab view   s < > sort   p pause   ? help   q quit");
	refresh();
}
