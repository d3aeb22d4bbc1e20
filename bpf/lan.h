/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a guest: it may send from what is routed to it and nothing else; outwards it may do
 * anything that no deny forbids. The kernel forwards; xfw_out records what leaves by the WAN.
 */
#ifndef XFW_LAN_H
#define XFW_LAN_H

#include "explain.h"
#include "flow.h"
#include "receive.h"
#include "route.h"
#include "sanity.h"

/* Sources without a slice: those that only speak on the link. */
static __always_inline enum verdict lan_source_on_link(struct packet *pkt)
{
	const struct address *source = packet_source(pkt, OUTBOUND);

	if (address_is_unspecified(source)) {
		if (speaks_before_its_address(pkt) || (!pkt->ipv6 && is_essential_from_lan(pkt)))
			return VERDICT_PASS;
		return drop(pkt, DROP_SOURCE_UNSPECIFIED);
	}
	if (pkt->ipv6 && address_is_link_local(source)) {
		if (stays_on_link(packet_destination(pkt, OUTBOUND)))
			return VERDICT_PASS;
		return drop(pkt, DROP_SOURCE_LINK_LOCAL);
	}
	return VERDICT_NEXT;
}

static __always_inline enum verdict lan_source_routed(struct packet *pkt)
{
	const struct route *route = route_lookup(pkt->slot, packet_source(pkt, OUTBOUND));

	if (!route)
		return drop(pkt, DROP_SOURCE_SPOOFED);
	if (route->kind == ROUTE_HOST)
		return drop(pkt, DROP_SOURCE_OWN);
	if (route->ifindex != pkt->ifindex)
		return drop(pkt, DROP_SOURCE_SPOOFED);
	return VERDICT_NEXT;
}

static __always_inline enum verdict lan_denies(struct packet *pkt)
{
	struct cell cell;

	if (!pkt->has_denies || is_essential_from_lan(pkt))
		return VERDICT_NEXT;
	if (policy_cell(pkt->slot, packet_destination(pkt, OUTBOUND), pkt->point, &cell))
		return drop(pkt, DROP_NO_POLICY);
	if (policy_decide(pkt, &cell, packet_source(pkt, OUTBOUND), true) != DECISION_DENIED)
		return VERDICT_NEXT;
	count_hit(&rule_stats, pkt->rule, pkt);
	return drop(pkt, DROP_DENIED);
}

static __noinline enum verdict lan_judge_by_policy(struct packet *pkt)
{
	enum verdict verdict;

	verdict = lan_source_on_link(pkt);
	if (verdict != VERDICT_NEXT)
		return verdict;
	pkt->decided = 1;
	verdict = lan_source_routed(pkt);
	if (verdict != VERDICT_NEXT)
		return verdict;
	return lan_denies(pkt);
}

/* @verdict: what receiving it gave. */
static __always_inline enum verdict lan_judge(struct packet *pkt, enum verdict verdict)
{
	struct flow *flow = NULL;

	if (verdict != VERDICT_NEXT)
		return verdict;
	/* Judged once a generation, for the interface it was judged on. */
	if (pkt->fragment == FRAGMENT_NONE)
		flow = bpf_map_lookup_elem(&flows, &pkt->key);
	explain_flow(pkt, flow);
	if (flow && flow->judged_out == pkt->generation && flow->inside_ifindex == pkt->ifindex)
		return VERDICT_PASS;
	verdict = lan_judge_by_policy(pkt);
	if (flow)
		pkt->decided = 0;
	if (verdict != VERDICT_NEXT)
		return verdict;
	if (flow && !pkt->dry) {
		flow->inside_ifindex = pkt->ifindex;
		flow->judged_out = pkt->generation;
	}
	return VERDICT_PASS;
}

#endif
