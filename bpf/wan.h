/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the provider: the order of the stations, top to bottom. What each one does is in its file.
 */
#ifndef XFW_WAN_H
#define XFW_WAN_H

#include "explain.h"
#include "flow.h"
#include "forward.h"
#include "fragment.h"
#include "ndp.h"
#include "next_hop.h"
#include "receive.h"
#include "related.h"
#include "route.h"
#include "sanity.h"
#include "service.h"

static __always_inline enum verdict wan_forward(struct xdp_md *ctx, struct packet *pkt)
{
	struct next_hop answer = {};
	bool kept;

	return forward(ctx, pkt, next_hop_find(ctx, pkt, &answer, &kept));
}

static __always_inline enum verdict wan_established(struct xdp_md *ctx, struct packet *pkt,
						    struct flow *flow)
{
	flow_see_inbound(flow, pkt);
	return wan_forward(ctx, pkt);
}

static __always_inline enum verdict wan_service(struct xdp_md *ctx, struct packet *pkt,
						const struct cell *cell)
{
	struct next_hop answer = {};
	const struct next_hop *next_hop;
	bool kept;

	count_hit(&rule_stats, pkt->rule, pkt);
	next_hop = next_hop_find(ctx, pkt, &answer, &kept);
	/* An address nobody answers for may be anything: those are not kept. */
	if (kept)
		service_keep(&services, pkt, cell);
	return forward(ctx, pkt, next_hop);
}

/*
 * A packet without a flow, or the first of its flow under this generation: the whole policy.
 * A flow outlives a change of rules unless a deny now matches it.
 */
static __noinline enum verdict wan_judge_by_policy(struct xdp_md *ctx, struct packet *pkt,
						   struct flow *flow)
{
	struct cell cell = {};
	enum decision decision;

	pkt->decided = !flow;
	if (address_is_own(pkt->slot, &pkt->key.outside))
		return drop(pkt, DROP_SOURCE_OWN);
	if (!service_cell(pkt, &cell))
		return drop(pkt, DROP_NO_POLICY);

	decision = policy_decide(pkt, &cell, &pkt->key.outside, !flow);
	if (decision == DECISION_DENIED) {
		count_hit(&rule_stats, pkt->rule, pkt);
		service_keep(&refused, pkt, &cell);
		return drop(pkt, DROP_DENIED);
	}
	if (flow) {
		if (!pkt->dry)
			flow->judged_in = pkt->generation;
		return wan_established(ctx, pkt, flow);
	}
	if (is_icmp_error(pkt) && related_to_ours(ctx, pkt))
		return VERDICT_PASS;
	if (decision == DECISION_ALLOWED)
		return wan_service(ctx, pkt, &cell);
	service_keep(&refused, pkt, &cell);
	return drop(pkt, pkt->over_limit ? DROP_RATE_LIMITED : DROP_NOT_ALLOWED);
}

static __always_inline enum verdict wan_judge(struct xdp_md *ctx, struct packet *pkt)
{
	enum verdict verdict;
	struct flow *flow;

	verdict = receive_from_wan(ctx, pkt);
	if (verdict != VERDICT_NEXT)
		return verdict;
	verdict = sanity_source(pkt);
	if (verdict != VERDICT_NEXT)
		return verdict;
	verdict = sanity_broadcast(pkt, INBOUND);
	if (verdict != VERDICT_NEXT)
		return verdict;
	if (pkt->icmp_type == ND_NEIGHBOUR_SOLICITATION && is_answerable(pkt)) {
		verdict = ndp_answer(ctx, pkt);
		if (verdict != VERDICT_NEXT)
			return verdict;
	}
	verdict = essential_from_wan(pkt);
	if (verdict != VERDICT_NEXT)
		return verdict;
	if (pkt->fragment == FRAGMENT_LATER)
		return fragment_judge(pkt);

	flow = flow_find_inbound(pkt);
	explain_flow(pkt, flow);
	if (flow && flow->judged_in == pkt->generation)
		verdict = wan_established(ctx, pkt, flow);
	else
		verdict = wan_judge_by_policy(ctx, pkt, flow);
	if (pkt->fragment == FRAGMENT_FIRST && verdict != VERDICT_DROP)
		fragment_remember(pkt);
	return verdict;
}

#endif
