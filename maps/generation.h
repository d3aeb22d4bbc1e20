/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generations of policy: staged beside the one that judges, then switched to by one store.
 */
#ifndef XFW_GENERATION_MAPS_H
#define XFW_GENERATION_MAPS_H

#include <stdbool.h>

#include "compile.h"
#include "pins.h"

/* A rule as people see it; the rows of the `rules` map. */
struct rule_row {
	__u32 id;
	struct rule_view view;
};

struct route_row {
	struct prefix_key key;
	struct route route;
};

/* All that a generation is made of. Borrowed, never freed here. */
struct generation_content {
	const struct settings *settings;
	const struct policy_tables *policy;
	const struct route_row *routes;
	size_t route_count;
	const struct rule_row *rules;
	size_t rule_count;
	const char *text;
	size_t text_length;
};

/* What the tables' keys and values are, in a BTF object of the kernel's. */
struct table_types {
	int btf; /* its descriptor */
	__u32 keys[TABLE_COUNT];
	__u32 values[TABLE_COUNT];
};

/* New inner maps, filled, not yet in any slot. */
struct generation_staged {
	int tables[TABLE_COUNT];
};

/*
 * The generation that judges: the one switched to last, or the one before it when that was on
 * trial and its time is over. Its tables are in slot g & 1.
 */
__u32 generation_current(const struct pins *pins);

/* Is a change on trial, and how many seconds has it left? */
bool generation_on_trial(const struct pins *pins, double *seconds_left);

/*
 * End the trial: the new generation stays, or the old one's tables judge under a new number, so
 * that flows judged meanwhile are judged again. False: nothing waits for confirmation.
 */
bool generation_confirm(const struct pins *pins);
bool generation_rollback(const struct pins *pins);

/* Undo a switch to which nobody agreed yet, on trial or not: the old tables under a new number. */
void generation_revert(const struct pins *pins);

/* Tidy up after a trial that ran out: the number of the generation that failed is not used again. */
void generation_settle(const struct pins *pins);

/* The inner map of the current generation, or of @generation, a new descriptor, or -errno. */
int generation_table_open(const struct pins *pins, enum table table);
int generation_table_open_of(const struct pins *pins, enum table table, __u32 generation);

/*
 * Make and fill the maps of a next generation. Returns 0 or -errno with the table at fault in
 * *table; on error nothing stays behind. Nothing judges by them yet.
 */
int generation_stage(const struct pins *pins, const struct table_types *types,
		     const struct generation_content *content, struct generation_staged *staged,
		     enum table *table);
void generation_unstage(struct generation_staged *staged);

/*
 * Put the staged maps into the free slot, verify that they are there, and switch. From the next
 * packet on they judge; with @trial_seconds, for so long and then the old ones again, unless
 * generation_confirm() comes in time. Returns 0, -errno, or -EBUSY while another change is on
 * trial, or what @guard (may be NULL) says; on error the old generation judges on.
 */
struct generation_guard {
	/* Asked when @next is in its slot and does not judge yet. Not 0: it shall not. */
	int (*ask)(const struct pins *pins, __u32 next, void *context);
	void *context;
};

int generation_switch(const struct pins *pins, const struct generation_staged *staged,
		      unsigned int trial_seconds, const struct generation_guard *guard);

/* Let the pins `rules` and `routes` show the current generation, if they do not. */
int generation_repin(const struct pins *pins);

/* The running configuration's text, NUL-terminated, to be freed. 0 or -errno. */
int generation_text(const struct pins *pins, char **text);
int generation_text_of(const struct pins *pins, __u32 generation, char **text);

#endif
