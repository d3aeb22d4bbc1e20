/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events for whoever listens. When nobody does, a packet pays one test of a byte.
 */
#ifndef XFW_EVENT_H
#define XFW_EVENT_H

#include "packet.h"

enum { EVENTS_A_TICK = 256 }; /* on each CPU; a tick is 64 jiffies */

static __always_inline bool event_for_monitor(const struct packet *pkt, enum verdict verdict)
{
	return pkt->watched & WATCH_ALL ||
	       (pkt->watched & WATCH_DROPS && verdict == VERDICT_DROP) ||
	       (pkt->watched & WATCH_LOGGED && pkt->logged) ||
	       (pkt->watched & WATCH_DECIDED && pkt->decided);
}

static __always_inline bool event_for_drop_log(const struct packet *pkt, enum verdict verdict)
{
	return pkt->watched & WATCH_DROP_LOG && verdict == VERDICT_DROP;
}

static __always_inline bool event_wanted(const struct packet *pkt, enum verdict verdict)
{
	if (!pkt->watched || pkt->dry)
		return false;
	return event_for_monitor(pkt, verdict) || event_for_drop_log(pkt, verdict);
}

static __always_inline struct event *event_begin(void *ring, enum event_listener listener,
						 const struct packet *pkt, enum verdict verdict)
{
	__u32 index = listener;
	struct event_budget *budget = bpf_map_lookup_elem(&event_budget, &index);
	struct event *event = NULL;

	if (!budget)
		return NULL;
	if (budget->tick != pkt->now) {
		budget->tick = pkt->now;
		budget->spent = 0;
	}
	if (budget->spent++ < EVENTS_A_TICK)
		event = bpf_ringbuf_reserve(ring, sizeof(*event), 0);
	if (!event) {
		budget->unseen++;
		return NULL;
	}
	event->time_ns = bpf_ktime_get_boot_ns();
	event->ifindex = pkt->ifindex;
	event->role = pkt->role;
	event->verdict = verdict;
	event->reason = pkt->reason;
	event->rule = pkt->rule;
	event->length = pkt->length;
	event->captured = pkt->length < XFW_EVENT_BYTES ? pkt->length : XFW_EVENT_BYTES;
	event->point = pkt->point;
	event->key = pkt->key;
	return event;
}

/*
 * verifier: a length that it sees to be 1 to XFW_EVENT_BYTES. By arithmetic: that a number is not 0
 * after a comparison with 0, Linux 6.1 does not conclude. No frame has 0 bytes.
 */
static __always_inline __u32 event_length(const struct event *event)
{
	_Static_assert((XFW_EVENT_BYTES & (XFW_EVENT_BYTES - 1)) == 0, "a power of two");

	return ((event->captured - 1) & (XFW_EVENT_BYTES - 1)) + 1;
}

static __always_inline void event_to_xdp(struct xdp_md *ctx, struct event *event)
{
	if (!event)
		return;
	if (bpf_xdp_load_bytes(ctx, 0, event->bytes, event_length(event)))
		event->captured = 0;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void event_to_skb(struct __sk_buff *skb, struct event *event)
{
	if (!event)
		return;
	if (bpf_skb_load_bytes(skb, 0, event->bytes, event_length(event)))
		event->captured = 0;
	bpf_ringbuf_submit(event, 0);
}

__noinline int event_of_xdp(struct xdp_md *ctx, const struct packet *pkt, __u32 verdict)
{
	if (!pkt)
		return 0;
	if (event_for_monitor(pkt, verdict))
		event_to_xdp(ctx, event_begin(&events, LISTENER_MONITOR, pkt, verdict));
	if (event_for_drop_log(pkt, verdict))
		event_to_xdp(ctx, event_begin(&drop_log, LISTENER_DROP_LOG, pkt, verdict));
	return 0;
}

__noinline int event_of_skb(struct __sk_buff *skb, const struct packet *pkt, __u32 verdict)
{
	if (!pkt)
		return 0;
	if (event_for_monitor(pkt, verdict))
		event_to_skb(skb, event_begin(&events, LISTENER_MONITOR, pkt, verdict));
	if (event_for_drop_log(pkt, verdict))
		event_to_skb(skb, event_begin(&drop_log, LISTENER_DROP_LOG, pkt, verdict));
	return 0;
}

#endif
