// SPDX-License-Identifier: GPL-2.0
/*
 * top: rates by rule, guest, reason and source on the whole screen, until q.
 */
#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "command.h"
#include "top.h"

enum {
	RENEW_MS = 500, /* to be looked at ends by itself soon after nobody says so */
	READ_EVERY = 2, /* so many times that */
	KEY_ESCAPE_MS = 25,
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

struct top {
	const struct invocation *invocation;
	struct top_screen screen;
	struct top_reading reading;
	struct rates *rates;
	unsigned int turns; /* of RENEW_MS each */
};

/* ---- keys ---- */

static void turn_to(struct top_screen *screen, int view)
{
	screen->view = view;
	screen->first = 0;
}

static void sort_by(struct top *top, int step)
{
	struct top_screen *screen = &top->screen;
	const struct top_column *columns = top_columns[screen->view];
	int count = 0;

	while (count < TOP_COLUMNS && columns[count].unit != UNIT_NONE)
		count++;
	assert(count); /* every view has a column */
	screen->sorts[screen->view] = (screen->sorts[screen->view] + count + step) % count;
	screen->first = 0;
}

static void scroll_by(struct top_screen *screen, int rows)
{
	if (rows < 0 && screen->first < (size_t)-rows)
		screen->first = 0;
	else
		screen->first += rows; /* drawing knows where it ends */
}

/* False: quit. */
static bool press(struct top *top, int key)
{
	struct top_screen *screen = &top->screen;

	switch (key) {
	case 'q':
		return false;
	case '1':
	case '2':
	case '3':
	case '4':
		turn_to(screen, key - '1');
		break;
	case '\t':
		turn_to(screen, (screen->view + 1) % TOP_VIEWS);
		break;
	case 's':
	case '>':
		sort_by(top, 1);
		break;
	case '<':
		sort_by(top, -1);
		break;
	case 'p':
		screen->paused = !screen->paused;
		break;
	case '?':
	case 'h':
		screen->help = !screen->help;
		break;
	case KEY_UP:
		scroll_by(screen, -1);
		break;
	case KEY_DOWN:
		scroll_by(screen, 1);
		break;
	case KEY_PPAGE:
		scroll_by(screen, -LINES / 2);
		break;
	case KEY_NPAGE:
		scroll_by(screen, LINES / 2);
		break;
	case KEY_HOME:
		screen->first = 0;
		break;
	}
	return true;
}

/* ---- the loop ---- */

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Twice a second say that somebody looks; every second look. */
static void turn(struct top *top)
{
	bool read = top->turns++ % READ_EVERY == 0 && !top->screen.paused;

	top_read(top->invocation->pin_directory, read ? &top->reading : NULL, &top->rates);
}

static void draw(struct top *top)
{
	struct top_screen *screen = &top->screen;

	top_sort(&top->reading.views[screen->view], screen->view, screen->sorts[screen->view]);
	top_draw(screen);
}

/* The first reading has been made. */
static void run(struct top *top)
{
	long long due = now_ms() + RENEW_MS;
	bool on = true;

	top->turns = 1;
	draw(top);
	while (on && !stopped) {
		long long left = due - now_ms();
		int key;

		if (left <= 0) {
			turn(top);
			due = now_ms() + RENEW_MS;
			left = RENEW_MS;
			draw(top);
		}
		timeout(left);
		key = getch();
		if (key != ERR) {
			on = press(top, key);
			draw(top);
		}
	}
}

/* ---- the terminal ---- */

static SCREEN *open_screen(const struct invocation *invocation)
{
	const char *terminal = getenv("TERM");
	SCREEN *screen = NULL;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		say_error(invocation, "top: standard input and output are no terminal; "
				      "'xfw stats --watch' writes to a file or pipe");
		return NULL;
	}
	setlocale(LC_CTYPE, "");
	if (terminal && *terminal)
		screen = newterm(NULL, stdout, stdin);
	if (!screen)
		say_error(invocation,
			  "top: nothing is known of the terminal '%s' (TERM); "
			  "try TERM=xterm, or TERM=vt100",
			  terminal ?: "");
	return screen;
}

static void prepare_screen(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(KEY_ESCAPE_MS);
	curs_set(0);
}

int command_top(const struct invocation *invocation)
{
#define SORT(id, title, heading, sort) [TOP_##id] = sort,
	struct top top = {.invocation = invocation, .screen.sorts = {XFW_TOP_VIEWS(SORT)}};
	/* No SA_RESTART: waiting for a key ends. */
	const struct sigaction action = {.sa_handler = stop};
	SCREEN *screen;
	int error;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	if (invocation->json)
		return say_error(invocation,
				 "top: a screen has no JSON; 'xfw rules --watch --json' "
				 "and 'xfw stats --watch --json' have");
	top.screen.reading = &top.reading;
	top_reading_init(&top.reading);
	error = top_read(invocation->pin_directory, &top.reading, &top.rates);
	/* Not to be up may change; not to be root does not. */
	if (error && error != -ENOENT)
		return say_error(invocation, "%s", top.reading.fault);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	screen = open_screen(invocation);
	if (screen) {
		prepare_screen();
		run(&top);
		endwin();
		delscreen(screen);
	}
	top_reading_free(&top.reading);
	rates_free(top.rates);
	return screen ? EXIT_DONE : EXIT_REFUSED;
}
