/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cells while the policy is compiled: the points (protocol << 16 | port) of one destination, cut
 * where the answer may change; and the store of finished cells, each distinct list once.
 */
#ifndef XFW_CELLS_H
#define XFW_CELLS_H

#include "source_sets.h"

/* Like struct cell, with chains for its source sets. */
struct working_cell {
	__u32 start;
	__u32 deny_rule;
	__u32 allow_rule;
	source_chain deny_sources;
	source_chain allow_sources;
};

/* Sorted by start; the first starts at 0; each reaches to the next. */
struct cell_list {
	struct working_cell *cells;
	size_t count;
};

int cell_list_init(struct cell_list *list);
int cell_list_copy(struct cell_list *list, const struct cell_list *from);
void cell_list_free(struct cell_list *list);

/* Lay @count rules over the list. 0 or -ENOMEM. */
int cell_list_lay(struct cell_list *list, const struct rule *const *rules, size_t count,
		  struct source_sets *sources);

struct cell_store {
	struct cell *cells;
	size_t count, room;
	struct rule_set *sets; /* every distinct list */
	size_t set_count, set_room;
	__u32 *index; /* open addressing by content, of places in sets, from 1 */
	size_t index_size;
};

/* The set whose cells are @list's, added if no other has the same. 0, -ENOMEM, -E2BIG or -ENOSPC. */
int cell_store_add(struct cell_store *store, const struct cell_list *list,
		   struct source_sets *sources, struct rule_set *set);

/* Everything but the cells, which go into the tables. */
void cell_store_free_index(struct cell_store *store);

#endif
