/* SPDX-License-Identifier: GPL-2.0 */
/*
 * `limit N/s`: a token bucket a rule, one for all CPUs. Its lock is taken only by packets of
 * rules that have a limit.
 */
#ifndef XFW_LIMIT_H
#define XFW_LIMIT_H

#include "clock.h"
#include "packet.h"

/* Of a TCP connection only the beginning counts: what follows is neither more nor fewer. */
static __always_inline bool limit_counts(const struct packet *pkt)
{
	return pkt->key.protocol != PROTOCOL_TCP ||
	       (pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Gain what is due; *limit is locked. A clock that stood still, or a new rate, is no debt. */
static __always_inline void limit_refill(struct rule_limit *limit, __u64 now)
{
	__u64 full = (__u64)limit->rate_pps * hz;
	__u64 elapsed = now - limit->jiffies;

	if (elapsed > hz)
		elapsed = hz;
	limit->jiffies = now;
	limit->tokens += elapsed * limit->rate_pps;
	if (limit->tokens > full)
		limit->tokens = full;
}

/* Is @rule within its limit with this packet? Takes the packet out of the bucket. */
__noinline bool limit_take(const struct packet *pkt, __u32 rule)
{
	struct rule_limit *limit;
	__u64 now = bpf_jiffies64();
	bool within;

	if (!pkt || !limit_counts(pkt))
		return true;
	limit = bpf_map_lookup_elem(&rule_limits, &rule);
	if (!limit || !limit->rate_pps)
		return true;
	if (pkt->dry)
		return limit->tokens + (now - limit->jiffies) * limit->rate_pps >= hz;
	bpf_spin_lock(&limit->lock);
	limit_refill(limit, now);
	within = limit->tokens >= hz;
	if (within)
		limit->tokens -= hz;
	bpf_spin_unlock(&limit->lock);
	return within;
}

#endif
