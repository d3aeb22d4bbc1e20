/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flows that started inside: found, opened, answered, closed. One entry for both directions.
 * Expiry is lazy: an entry past its state's timeout is as good as none.
 * Nothing from outside ever makes an entry; it can only answer one.
 */
#ifndef XFW_FLOW_H
#define XFW_FLOW_H

#include "clock.h"
#include "parse_transport.h"
#include "policy.h"
#include "verdict.h"

enum {
	SCTP_INIT = 1,
	SCTP_ABORT = 6,
	SCTP_SHUTDOWN_COMPLETE = 14,
};

#define XFW_STATE_TIMEOUT(id, word, timeout, text) timeout,
static const volatile __u32 flow_timeouts_s[] = {XFW_FLOW_STATES(XFW_STATE_TIMEOUT)};

static __always_inline bool flow_alive(const struct flow *flow, __u32 now)
{
	__u32 state = flow->state;

	if (state >= XFW_FLOW_STATE_COUNT)
		return false;
	return !clock_passed(now, flow->last_seen, flow_timeouts_s[state]);
}

static __always_inline struct flow *flow_at(void *table, const struct flow_key *key, __u32 now)
{
	struct flow *flow = bpf_map_lookup_elem(table, key);

	return flow && flow_alive(flow, now) ? flow : NULL;
}

static __always_inline struct flow *flow_lookup(void *table, const struct packet *pkt)
{
	return flow_at(table, &pkt->key, pkt->now);
}

static __always_inline bool is_tcp_opening(const struct packet *pkt)
{
	return (pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* ---- what a packet does to its flow ---- */

static __always_inline void flow_close_side(struct flow *flow, __u32 side)
{
	flow->closed_by |= side;
	if (flow->closed_by == (FLOW_CLOSED_BY_INSIDE | FLOW_CLOSED_BY_OUTSIDE))
		flow->state = FLOW_CLOSING;
}

static __always_inline void flow_see_inbound(struct flow *flow, const struct packet *pkt)
{
	if (pkt->dry)
		return;
	flow->last_seen = pkt->now;
	count(&flow->in, 1, pkt->length);
	if (pkt->key.protocol != PROTOCOL_TCP)
		return;
	if (pkt->tcp_flags & TCP_FIN)
		flow_close_side(flow, FLOW_CLOSED_BY_OUTSIDE);
	/*
	 * A reset counts only at the very sequence number the inside acknowledged last
	 * (RFC 5961 3.2): a guessed one must not end our memory of a living connection.
	 */
	if (pkt->tcp_flags & TCP_RST && flow->state != FLOW_OPENING &&
	    pkt->tcp_sequence == flow->inside_ack)
		flow->state = FLOW_CLOSED;
}

static __always_inline void flow_see_outbound(struct flow *flow, const struct packet *pkt,
					      __u32 segments)
{
	flow->last_seen = pkt->now;
	count(&flow->out, segments, pkt->length);
	if (pkt->key.protocol == PROTOCOL_TCP) {
		if (pkt->tcp_flags & TCP_ACK)
			flow->inside_ack = pkt->tcp_acknowledged;
		if (pkt->tcp_flags & TCP_FIN)
			flow_close_side(flow, FLOW_CLOSED_BY_INSIDE);
		if (pkt->tcp_flags & TCP_RST)
			flow->state = FLOW_CLOSED;
	} else if (pkt->key.protocol == PROTOCOL_SCTP) {
		if (pkt->sctp_chunk == SCTP_ABORT || pkt->sctp_chunk == SCTP_SHUTDOWN_COMPLETE)
			flow->state = FLOW_CLOSING;
	}
}

/* ---- inbound: an answer to something ---- */

static __always_inline enum flow_state flow_answered_state(const struct packet *pkt)
{
	switch (pkt->key.protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_SCTP:
		return FLOW_ESTABLISHED;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMP6:
		return FLOW_ECHO;
	}
	return FLOW_ANSWERED;
}

/*
 * The first answer moves a flow from the half-open ones, which a scan from inside may push out,
 * to the established ones, which only answers can fill.
 */
static __noinline struct flow *flow_answer(struct packet *pkt)
{
	struct flow *opening = flow_lookup(&flows_opening, pkt);
	struct flow answered;

	if (!opening)
		return NULL;
	if (pkt->tcp_flags & TCP_RST || pkt->dry)
		return opening;
	answered = *opening;
	answered.state = flow_answered_state(pkt);
	if (bpf_map_update_elem(&flows, &pkt->key, &answered, BPF_ANY))
		return opening;
	bpf_map_delete_elem(&flows_opening, &pkt->key);
	return bpf_map_lookup_elem(&flows, &pkt->key);
}

/*
 * The flow an inbound packet answers, or NULL. TCP flags say which table to ask first, so that
 * most packets cost one lookup: a SYN can only meet a half-open flow (simultaneous open,
 * RFC 9293 3.5), a SYN with ACK nearly always, anything else an established one.
 */
static __always_inline struct flow *flow_find_inbound(struct packet *pkt)
{
	struct flow *flow;

	if (is_icmp(pkt) && !is_echo_reply(pkt))
		return NULL;
	if (pkt->tcp_flags & TCP_SYN) {
		flow = flow_answer(pkt);
		if (flow || is_tcp_opening(pkt))
			return flow;
		return flow_lookup(&flows, pkt);
	}
	flow = flow_lookup(&flows, pkt);
	if (flow)
		return flow;
	if (pkt->key.protocol == PROTOCOL_TCP && !(pkt->tcp_flags & TCP_RST))
		return NULL;
	return flow_answer(pkt);
}

/* ---- outbound: something starts ---- */

/* Would the answer be let in without a flow? Then the packet is a service's reply. */
static __noinline bool flow_is_service_reply(struct packet *pkt)
{
	__u32 point = (__u32)pkt->key.protocol << 16 | pkt->key.inside_port;
	struct cell cell;

	if (policy_cell(pkt->slot, &pkt->key.inside, point, &cell))
		return false;
	return policy_would_allow(pkt->slot, &cell, &pkt->key.outside);
}

/*
 * May this packet open a flow? TCP opens with a SYN only, SCTP with an INIT: what is in
 * mid-stream belongs to a service, or to a connection older than xfw, which is taken on for a
 * while after the first `up`.
 */
static __always_inline bool flow_opens(struct packet *pkt, bool adopting)
{
	if (is_icmp(pkt))
		return is_echo_request(pkt);
	if (pkt->key.protocol == PROTOCOL_TCP) {
		if (is_tcp_opening(pkt))
			return true;
		if (!adopting || pkt->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
			return false;
	}
	if (pkt->key.protocol == PROTOCOL_SCTP && !adopting && pkt->sctp_chunk != SCTP_INIT)
		return false;
	if (pkt->key.protocol == PROTOCOL_SCTP && pkt->sctp_chunk == SCTP_INIT)
		return true;
	return !flow_is_service_reply(pkt);
}

static __always_inline void flow_open(struct packet *pkt, __u32 segments)
{
	bool adopted = pkt->key.protocol == PROTOCOL_TCP && !is_tcp_opening(pkt);
	struct flow flow = {
		.created = pkt->now,
		.state = adopted ? FLOW_ESTABLISHED : FLOW_OPENING,
	};

	flow_see_outbound(&flow, pkt, segments);
	bpf_map_update_elem(adopted ? (void *)&flows : (void *)&flows_opening, &pkt->key, &flow,
			    BPF_ANY);
}

/* A port used again: the closed connection's entry makes way for the new one's. */
static __always_inline bool flow_is_reopened(const struct flow *flow, const struct packet *pkt)
{
	return pkt->key.protocol == PROTOCOL_TCP && is_tcp_opening(pkt) &&
	       (flow->state == FLOW_CLOSING || flow->state == FLOW_CLOSED);
}

/* Record an outbound packet: keep its flow alive, or open one. @segments: packets in a GSO one. */
static __always_inline void flow_record_outbound(struct packet *pkt, __u32 segments, bool adopting)
{
	struct flow *flow;

	if (is_icmp(pkt) && !is_echo_request(pkt))
		return;
	flow = flow_lookup(&flows, pkt);
	if (flow && flow_is_reopened(flow, pkt)) {
		bpf_map_delete_elem(&flows, &pkt->key);
		flow = NULL;
	} else if (!flow) {
		flow = flow_lookup(&flows_opening, pkt);
	}
	if (flow)
		flow_see_outbound(flow, pkt, segments);
	else if (flow_opens(pkt, adopting))
		flow_open(pkt, segments);
}

#endif
