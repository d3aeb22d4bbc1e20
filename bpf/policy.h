/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rules, compiled: destination → rule set → cell → decision. Constant work whatever the
 * number of rules: one hash, one trie, one binary search, and a trie for each source list.
 */
#ifndef XFW_POLICY_H
#define XFW_POLICY_H

#include "address.h"
#include "limit.h"

enum decision { DECISION_NONE, DECISION_ALLOWED, DECISION_DENIED };

/*
 * Destinations named whole are in the hash: most rules name a host, and it does not deepen.
 * verifier (6.1): a map's key may not lie in what a global function was given, so it is the copy.
 */
static __always_inline const struct rule_set *policy_rule_set(__u32 slot,
							      const struct address *destination)
{
	void *hosts_table = generation_table(&gen_hosts, slot);
	void *prefixes_table = generation_table(&gen_prefixes, slot);
	const struct rule_set *set;
	struct prefix_key key;

	if (!hosts_table || !prefixes_table)
		return NULL;
	key.prefixlen = 128;
	key.address = *destination;
	set = bpf_map_lookup_elem(hosts_table, &key.address);
	if (set)
		return set;
	return bpf_map_lookup_elem(prefixes_table, &key);
}

/*
 * The last cell of [first, first + count) that starts at or below @point.
 * verifier (6.1 to 6.18): without a branch on what was read, so that a step has one outcome and
 * not two to the number of steps.
 */
static __always_inline const struct cell *policy_search(void *cells_table, __u32 first, __u32 count,
							__u32 point)
{
	const struct cell *cell;

	for (int i = 0; i < XFW_CELL_SEARCH_STEPS && count > 1; i++) {
		__u32 half = count / 2, middle = first + half;
		__u64 at_or_below;

		cell = bpf_map_lookup_elem(cells_table, &middle);
		if (!cell)
			return NULL;
		at_or_below = (__s64)((__u64)cell->start - point - 1) >> 63; /* all ones or none */
		first += half & at_or_below;
		count -= half;
	}
	return bpf_map_lookup_elem(cells_table, &first);
}

/*
 * The cell that holds for @point at @destination, copied to @found.
 * Returns 0, or -1 when the tables are not there: then nothing may pass.
 * verifier: global functions are verified once, static ones for every state of every caller.
 */
__noinline int policy_cell(__u32 slot, const struct address *destination, __u32 point,
			   struct cell *found)
{
	void *cells_table = generation_table(&gen_cells, slot);
	const struct rule_set *set;
	const struct cell *cell;

	if (!destination || !found || !cells_table)
		return -1;
	set = policy_rule_set(slot, destination);
	if (!set)
		return -1;
	cell = policy_search(cells_table, set->first, set->count, point);
	if (!cell)
		return -1;
	*found = *cell;
	return 0;
}

/* The rule of @set that names @source, 0 when none does. */
__noinline __u32 policy_source_rule(__u32 slot, __u32 set, const struct address *source)
{
	void *table = generation_table(&gen_sources, slot);
	struct source_key key;
	const __u32 *rule;

	if (!table || !source)
		return 0;
	key.prefixlen = 32 + 128;
	key.set = set;
	key.address = *source;
	rule = bpf_map_lookup_elem(table, &key);
	return rule ? *rule : 0;
}

/*
 * Does @rule, as a cell has it, hold? An allow with a limit holds within it, a deny with one
 * beyond it. Without @count the limit is left as it is, and holds.
 */
static __always_inline bool policy_holds(struct packet *pkt, __u32 rule, bool denies, bool count)
{
	pkt->rule = rule & RULE_ID_MASK;
	pkt->logged = !!(rule & RULE_LOGGED);
	if (!(rule & RULE_LIMITED))
		return rule;
	if (!count)
		return !denies;
	if (limit_take(pkt, pkt->rule) != denies)
		return true;
	pkt->over_limit = !denies;
	return false;
}

static __always_inline bool policy_source_holds(struct packet *pkt, __u32 set,
						const struct address *source, bool denies,
						bool count)
{
	if (!set)
		return false;
	return policy_holds(pkt, policy_source_rule(pkt->slot, set, source), denies, count);
}

/*
 * Denies first. pkt->rule is set to the rule that decided. @count: the packet is judged, and
 * counts against limits; not so where one only asks what would be.
 */
__noinline enum decision policy_decide_by_source(struct packet *pkt, const struct cell *cell,
						 const struct address *source, bool count)
{
	if (!pkt || !cell || !source)
		return DECISION_DENIED;
	if (policy_holds(pkt, cell->deny_rule, true, count) ||
	    policy_source_holds(pkt, cell->deny_sources, source, true, count))
		return DECISION_DENIED;
	if (policy_holds(pkt, cell->allow_rule, false, count) ||
	    policy_source_holds(pkt, cell->allow_sources, source, false, count))
		return DECISION_ALLOWED;
	pkt->rule = 0;
	pkt->logged = false;
	return DECISION_NONE;
}

/* Does the cell say the same of every source, within no limit? Then nothing is to be looked up. */
static __always_inline bool policy_is_plain(const struct cell *cell)
{
	if ((cell->deny_rule | cell->allow_rule) & RULE_LIMITED)
		return false;
	return cell->deny_rule ||
	       (!cell->deny_sources && (cell->allow_rule || !cell->allow_sources));
}

/* As policy_decide_by_source(), without a call where the cell decides by itself: most do. */
static __always_inline enum decision policy_decide(struct packet *pkt, const struct cell *cell,
						   const struct address *source, bool count)
{
	__u32 rule = cell->deny_rule ?: cell->allow_rule;

	if (!policy_is_plain(cell))
		return policy_decide_by_source(pkt, cell, source, count);
	pkt->rule = rule & RULE_ID_MASK;
	pkt->logged = !!(rule & RULE_LOGGED);
	if (!rule)
		return DECISION_NONE;
	return cell->deny_rule ? DECISION_DENIED : DECISION_ALLOWED;
}

/* The rule of a cell's two that names @source, 0 when neither does. */
static __always_inline __u32 policy_rule_for(__u32 slot, __u32 rule, __u32 set,
					     const struct address *source)
{
	return rule || !set ? rule : policy_source_rule(slot, set, source);
}

/*
 * Would @source be let in? Only asked: no packet is judged, limits are taken to hold. Takes little
 * stack: an ICMP error asks at the end of the longest chain of calls (6.1: 512 bytes in all, each
 * function's rounded up to 32).
 */
static __always_inline bool policy_would_allow(__u32 slot, const struct cell *cell,
					       const struct address *source)
{
	__u32 denies = policy_rule_for(slot, cell->deny_rule, cell->deny_sources, source);

	/* A deny with a limit stops only what is beyond it. */
	if (denies && !(denies & RULE_LIMITED))
		return false;
	return policy_rule_for(slot, cell->allow_rule, cell->allow_sources, source);
}

#endif
