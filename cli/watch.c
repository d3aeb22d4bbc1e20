// SPDX-License-Identifier: GPL-2.0
/*
 * The one loop of all commands that can watch.
 */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define HOME	    "\033[H"
#define CLEAR	    "\033[H\033[2J"
#define CLEAR_LINE  "\033[K"
#define CLEAR_BELOW "\033[J"
#define NS_PER_S    1000000000LL

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* ---- columns of rates ---- */

void sheet_rate_columns(const struct sheet *sheet, struct listing *listing)
{
	if (!sheet->rates)
		return;
	listing_column(listing, "PPS", COLUMN_RIGHT);
	listing_column(listing, "BIT/S", COLUMN_RIGHT);
}

void sheet_rate_cells(const struct sheet *sheet, struct listing *listing, const struct rate *rate)
{
	if (!sheet->rates)
		return;
	if (!rates_known(sheet->rates)) {
		listing_cell(listing, "-");
		listing_cell(listing, "-");
		return;
	}
	listing_count(listing, rate->packets + 0.5);
	listing_count(listing, rate->bits + 0.5);
}

int sheet_listing(const struct sheet *sheet, struct listing *listing)
{
	if (listing_end(listing, sheet->to, sheet->width))
		return say_error(sheet->invocation, "%s: out of memory",
				 sheet->invocation->words[0]);
	return EXIT_DONE;
}

/* ---- one reading ---- */

/* Text into *@text, to be freed; or sheet->json. */
static int read_view(struct sheet *sheet, view_fn *view, char **text)
{
	const struct invocation *invocation = sheet->invocation;
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	size_t length;
	int status;

	*text = NULL;
	if (!instance)
		return EXIT_REFUSED;
	if (sheet->rates)
		rates_turn(sheet->rates);
	sheet->width = listing_screen_width();
	sheet->to = open_memstream(text, &length);
	if (sheet->to)
		status = view(sheet, instance);
	else
		status = say_error(invocation, "%s: out of memory", invocation->words[0]);
	if (sheet->to && fclose(sheet->to) && !status)
		status = say_error(invocation, "%s: out of memory", invocation->words[0]);
	instance_close(instance);
	return status;
}

/* ---- on a screen ---- */

/* Over what stands there, line by line: no flicker, and never more than the screen holds. */
static void redraw(const char *text)
{
	struct winsize size = {};
	int left = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ? 24 : size.ws_row;

	fputs(HOME, stdout);
	for (left--; *text && left > 0; left--) {
		size_t length = strcspn(text, "\n");

		if (left == 1 && text[length] && text[length + 1])
			fputs("...", stdout);
		else
			fwrite(text, 1, length, stdout);
		fputs(CLEAR_LINE "\n", stdout);
		text += length + !!text[length];
	}
	fputs(CLEAR_BELOW, stdout);
}

static void show(struct sheet *sheet, const char *text)
{
	bool watched = sheet->rates;

	if (sheet->json) {
		if (watched)
			say_json_line(sheet->json);
		else
			say_json(sheet->json);
	} else if (watched && isatty(STDOUT_FILENO)) {
		redraw(text);
	} else {
		printf("%s%s", text, watched ? "\n" : "");
	}
	fflush(stdout);
}

/* ---- again and again ---- */

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Until @due, or a signal of those that @signals lets through. */
static void sleep_until(long long due, const sigset_t *signals)
{
	long long left = due - now_ns();
	struct timespec time = {left / NS_PER_S, left % NS_PER_S};

	if (left > 0 && !stopped)
		ppoll(NULL, 0, &time, signals);
}

/*
 * Signals wait while the maps are read, so that no reading is torn by one; they end a write that
 * nobody takes, hence no SA_RESTART.
 */
static int watch_on(struct sheet *sheet, view_fn *view)
{
	const struct sigaction action = {.sa_handler = stop};
	long long due = now_ns();
	sigset_t stops, before;
	int status = EXIT_DONE;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	if (isatty(STDOUT_FILENO) && !sheet->invocation->json)
		fputs(CLEAR, stdout);
	while (!stopped && !status) {
		char *text;

		sigprocmask(SIG_BLOCK, &stops, &before);
		status = read_view(sheet, view, &text);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (!status)
			show(sheet, text);
		free(text);
		sheet->json = NULL;
		due = due + NS_PER_S > now_ns() ? due + NS_PER_S : now_ns();
		sigprocmask(SIG_BLOCK, &stops, NULL);
		if (!status)
			sleep_until(due, &before);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	return status;
}

int watch_view(const struct invocation *invocation, view_fn *view)
{
	struct sheet sheet = {.invocation = invocation};
	char *text;
	int status;

	if (invocation->watch) {
		sheet.rates = rates_new();
		if (!sheet.rates)
			return say_error(invocation, "%s: out of memory", invocation->words[0]);
		status = watch_on(&sheet, view);
		rates_free(sheet.rates);
		return status;
	}
	status = read_view(&sheet, view, &text);
	if (!status)
		show(&sheet, text);
	free(text);
	return status;
}
