/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notes for xfw_explain, which sends a packet down the same way with `dry` set. On the live path
 * each note is one test of a byte.
 */
#ifndef XFW_EXPLAIN_H
#define XFW_EXPLAIN_H

#include "packet.h"

static __always_inline struct explanation *explanation(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&explained, &zero);
}

static __always_inline void explain_flow(const struct packet *pkt, const struct flow *flow)
{
	struct explanation *notes;

	if (!pkt->dry || !flow)
		return;
	notes = explanation();
	if (!notes)
		return;
	notes->flow_found = true;
	notes->flow_state = flow->state;
	notes->flow_last_seen = flow->last_seen;
	notes->flow_created = flow->created;
}

static __always_inline void explain_next_hop(const struct packet *pkt,
					     const struct next_hop *next_hop)
{
	struct explanation *notes;

	if (!pkt->dry)
		return;
	notes = explanation();
	if (!notes)
		return;
	notes->next_hop_asked = true;
	notes->next_hop = *next_hop;
}

/* The generation asked about: one that is ready and not switched to yet, or the @judging one. */
static __always_inline __u32 explain_generation(__u32 judging)
{
	const struct explanation *notes = explanation();

	return notes && notes->ask ? notes->ask : judging;
}

static __always_inline void explain_end(const struct packet *pkt, enum verdict verdict)
{
	struct explanation *notes = explanation();

	if (!notes)
		return;
	notes->generation = pkt->generation;
	notes->role = pkt->role;
	notes->verdict = verdict;
	notes->reason = pkt->reason;
	notes->rule = pkt->rule;
	notes->key = pkt->key;
	notes->point = pkt->point;
	notes->ip_length = pkt->ip_length;
	notes->fragment = pkt->fragment;
	notes->plain = pkt->plain;
	notes->hop_limit = pkt->hop_limit;
}

#endif
