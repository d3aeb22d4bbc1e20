/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy compiler: rules → the tables the data path searches.
 * Pure: no system calls, no words, no maps; the same rules always give the same tables.
 */
#ifndef XFW_COMPILE_H
#define XFW_COMPILE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "layout.h"

enum { PROTOCOL_ANY = -1 };

/* Destination ports, or ICMP types; both ends included, host order. */
struct port_range {
	__u16 first;
	__u16 last;
};

/* A rule with every name resolved. Prefixes have no bits set past their length. */
struct rule {
	__u32 id; /* 1 to XFW_RULES_CAPACITY - 1, unique */
	enum rule_action action;
	int protocol;		   /* 0 to 255, or PROTOCOL_ANY */
	struct port_range *ranges; /* no ranges: every port or type */
	size_t range_count;
	struct prefix *destinations; /* at least one; ::/0 is any, IPv4 and IPv6 */
	size_t destination_count;
	struct prefix source; /* length 0 is any */
	__u32 rate_pps;	      /* `limit N/s`; 0 is none */
	__u32 log;	      /* `log`: 1 */
};

/* Parallel arrays, keys and values, in the form batch updates of the maps take. */
struct policy_tables {
	struct address *host_keys;
	struct rule_set *host_sets;
	size_t host_count;
	struct prefix_key *prefix_keys;
	struct rule_set *prefix_sets;
	size_t prefix_count;
	struct cell *cells;
	size_t cell_count;
	struct source_key *source_keys;
	__u32 *source_rules;
	size_t source_count;
};

/*
 * Compile @count rules in any order into @tables, which the caller frees with
 * policy_tables_free(), also after an error.
 *
 * What a lookup in the tables then says, for (destination, protocol, port, source):
 *   denied   when some deny rule matches: the lowest id of those without a source if there is
 *	      one, else the one with the longest source prefix, then the lowest id;
 *   allowed  when not denied and some allow rule matches: chosen likewise among the allows;
 *   neither  otherwise.
 * A rule with ranges matches only the protocols' points (protocol << 16 | port) inside them;
 * a rule without matches every port of its protocol, or of all with PROTOCOL_ANY.
 *
 * Returns 0, -ENOMEM, -E2BIG when the flattened cells exceed what the search can span, or -ENOSPC
 * when the sets of sources exceed what their table can hold.
 */
int policy_compile(const struct rule *rules, size_t count, struct policy_tables *tables);

void policy_tables_free(struct policy_tables *tables);

#endif
