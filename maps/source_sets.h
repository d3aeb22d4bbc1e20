/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets of sources while the policy is compiled. A working set is a chain: one more rule on top
 * of an older set, so that ten thousand denied sources cost ten thousand links however many
 * cells share them. A final set is a chain's members sorted, each distinct content once.
 */
#ifndef XFW_SOURCE_SETS_H
#define XFW_SOURCE_SETS_H

#include "compile.h"

/* A chain's place; 0 is the empty set. */
typedef __u32 source_chain;

struct source_link {
	source_chain below;
	const struct rule *rule;
	__u32 final; /* set id of this chain, 0 until asked for */
};

struct source_sets {
	struct source_link *links; /* [0] is not used */
	size_t link_count, link_room;
	source_chain *link_index; /* open addressing by (below, rule) */
	size_t link_index_size;

	/* Members of final set i are members[starts[i - 1]] up to starts[i]. */
	struct source_member {
		struct prefix source;
		__u32 rule;
	} * members;
	size_t member_count, member_room;
	size_t *starts;
	size_t set_count, set_room;
	__u32 *set_index; /* open addressing by content */
	size_t set_index_size;
};

/* @below and @rule's source. 0, -ENOMEM, or -ENOSPC when there are far more than can be held. */
int source_sets_extend(struct source_sets *sets, source_chain below, const struct rule *rule,
		       source_chain *chain);

/* The final set of @chain, from 1 on; 0 for the empty one. 0, -ENOMEM or -ENOSPC. */
int source_sets_final(struct source_sets *sets, source_chain chain, __u32 *set);

/* Write every final set into the tables. 0 or -ENOMEM. */
int source_sets_emit(const struct source_sets *sets, struct policy_tables *tables);

void source_sets_free(struct source_sets *sets);

#endif
