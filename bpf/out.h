/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What leaves by the WAN, after routing and translation: remembered, so that answers get in.
 * Never drops: what may leave was decided where it came from.
 */
#ifndef XFW_OUT_H
#define XFW_OUT_H

#include "flow.h"
#include "receive.h"

static __always_inline void out_record(struct __sk_buff *skb, struct packet *pkt)
{
	const struct control *control = control_read();

	if (!control || receive_skb(skb, pkt) != VERDICT_NEXT)
		return;
	if (pkt->fragment == FRAGMENT_LATER || address_is_multicast(&pkt->key.outside))
		return;
	flow_record_outbound(pkt, skb->gso_segs ?: 1,
			     control->adopt_until && (__s32)(control->adopt_until - pkt->now) > 0);
}

#endif
