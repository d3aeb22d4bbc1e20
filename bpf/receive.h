/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a hook's context to a struct packet that the stations can judge.
 *
 * verifier (6.1 to 6.18): the functions that read bytes are global, so that each is verified
 * once; parsed inline, every shape of header chain would be carried through all later stations.
 */
#ifndef XFW_RECEIVE_H
#define XFW_RECEIVE_H

#include "essential.h"
#include "generation.h"
#include "parse.h"

/* VERDICT_NEXT: parsed, to be judged. */
static __always_inline enum verdict receive(const struct frame *frame, struct packet *pkt,
					    enum direction direction)
{
	enum verdict verdict = generation_enter(pkt);

	if (verdict != VERDICT_NEXT)
		return verdict;
	verdict = parse_link(frame, pkt, direction);
	if (verdict != VERDICT_NEXT)
		return verdict;
	if (is_link_protocol(pkt))
		return VERDICT_PASS;
	/*
	 * verifier: what was found is read back and not kept in registers, where each kind of link
	 * would be another state to walk the header chain in: 17 thousand instructions for 142.
	 */
	asm volatile("" : : : "memory");
	return parse_network(frame, pkt, direction);
}

__noinline int receive_unusual_from_wan(struct xdp_md *ctx, struct packet *pkt)
{
	struct frame frame = frame_of_xdp(ctx);

	if (!pkt)
		return VERDICT_DROP;
	if (is_link_protocol(pkt))
		return VERDICT_PASS;
	return parse_network(&frame, pkt, INBOUND);
}

/* TCP right behind a plain IPv6 header: nearly every packet. */
static __always_inline bool is_usual(const struct frame *frame, const struct packet *pkt)
{
	const struct ipv6hdr *ip = frame_at(frame, ETHERNET_HEADER, IPV6_HEADER);

	return ip && pkt->ethertype == ETHERTYPE_IPV6 && pkt->network == ETHERNET_HEADER &&
	       ip->nexthdr == PROTOCOL_TCP;
}

/*
 * The usual packet is parsed by the same functions without a call, which costs as much as
 * parsing does where the processor needs its returns guarded.
 */
static __always_inline enum verdict receive_from_wan(struct xdp_md *ctx, struct packet *pkt)
{
	struct frame frame = frame_of_xdp(ctx);
	enum verdict verdict = generation_enter(pkt);

	if (verdict != VERDICT_NEXT)
		return verdict;
	verdict = parse_link(&frame, pkt, INBOUND);
	if (verdict != VERDICT_NEXT)
		return verdict;
	if (!is_usual(&frame, pkt))
		return receive_unusual_from_wan(ctx, pkt);
	verdict = parse_ipv6_header(&frame, pkt, INBOUND);
	if (verdict != VERDICT_NEXT)
		return verdict;
	pkt->point = PROTOCOL_TCP << 16;
	return parse_tcp(&frame, pkt, INBOUND);
}

__noinline int receive_from_lan(struct xdp_md *ctx, struct packet *pkt)
{
	struct frame frame = frame_of_xdp(ctx);

	return pkt ? receive(&frame, pkt, OUTBOUND) : VERDICT_DROP;
}

/* On tc everything is outbound: from a guest, or leaving by the WAN. */
__noinline int receive_skb(struct __sk_buff *skb, struct packet *pkt)
{
	struct frame frame = frame_of_skb(skb);

	return pkt ? receive(&frame, pkt, OUTBOUND) : VERDICT_DROP;
}

#endif
