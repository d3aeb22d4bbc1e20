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
	enum verdict verdict;

	if (!generation_enter(pkt))
		return drop(pkt, DROP_NO_POLICY);
	verdict = parse_link(frame, pkt, direction);
	if (verdict != VERDICT_NEXT)
		return verdict;
	if (is_link_protocol(pkt))
		return VERDICT_PASS;
	return parse_network(frame, pkt, direction);
}

__noinline int receive_from_wan(struct xdp_md *ctx, struct packet *pkt)
{
	struct frame frame = frame_of_xdp(ctx);

	return pkt ? receive(&frame, pkt, INBOUND) : VERDICT_DROP;
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
