/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting, and the one place that knows what XDP and tc call a verdict.
 */
#ifndef XFW_VERDICT_H
#define XFW_VERDICT_H

#include "event.h"
#include "packet.h"
#include "talkers.h"

enum { TC_GO_ON = -1, TC_SHOT = 2 }; /* TC_ACT_UNSPEC: other filters may have their say */

static __always_inline void count(struct counter *counter, __u32 packets, __u32 bytes)
{
	counter->packets += packets;
	counter->bytes += bytes;
}

/* rule_stats or route_stats. */
static __always_inline void count_hit(void *table, __u32 index, const struct packet *pkt)
{
	struct hit_counter *hits = bpf_map_lookup_elem(table, &index);

	if (!hits || pkt->dry)
		return;
	hits->packets++;
	hits->bytes += pkt->length;
	hits->last_hit = pkt->now;
}

/*
 * A struct of counters generated from a table is an array in all but name.
 * verifier (6.1 to 6.18): the compiler checks a copy of the index and adds another; the barrier
 * makes them one.
 */
static __always_inline void count_in(struct counter *counters, __u32 index, __u32 limit,
				     __u32 bytes)
{
	asm volatile("" : "+r"(index));
	if (counters && index < limit)
		count(&counters[index], 1, bytes);
}

static __always_inline void count_verdict(const struct packet *pkt, enum verdict verdict,
					  enum role role)
{
	__u32 interface = pkt->interface_index, role_index = role;

	count_in(bpf_map_lookup_elem(&interface_stats, &interface), verdict, XFW_VERDICT_COUNT,
		 pkt->length);
	if (verdict == VERDICT_DROP)
		count_in(bpf_map_lookup_elem(&drops, &role_index), pkt->reason,
			 XFW_DROP_REASON_COUNT, pkt->length);
}

static __always_inline bool talkers_wanted(const struct packet *pkt)
{
	return pkt->watched & WATCH_TALKERS && !pkt->dry;
}

static __always_inline int leave_xdp(struct xdp_md *ctx, const struct packet *pkt,
				     enum verdict verdict, enum role role)
{
	if (event_wanted(pkt, verdict))
		event_of_xdp(ctx, pkt, verdict);
	if (talkers_wanted(pkt))
		talkers_count(pkt, verdict);
	count_verdict(pkt, verdict, role);
	switch (verdict) {
	case VERDICT_PASS:
		return XDP_PASS;
	case VERDICT_FORWARD:
		return XDP_REDIRECT;
	case VERDICT_ANSWER:
		return XDP_TX;
	case VERDICT_DROP:
	case VERDICT_NEXT: /* a station forgot to decide: closed */
		return XDP_DROP;
	}
	return XDP_DROP;
}

static __always_inline int leave_tc(struct __sk_buff *skb, const struct packet *pkt,
				    enum verdict verdict, enum role role)
{
	if (event_wanted(pkt, verdict))
		event_of_skb(skb, pkt, verdict);
	if (talkers_wanted(pkt))
		talkers_count(pkt, verdict);
	count_verdict(pkt, verdict, role);
	return verdict == VERDICT_PASS ? TC_GO_ON : TC_SHOT;
}

#endif
