/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fragments: the first one is judged like any packet; the later ones, which have no ports,
 * get in only after it, under the same policy, and only past its end.
 * A datagram whose fragments arrive out of order loses the early ones: the sender repeats it.
 */
#ifndef XFW_FRAGMENT_H
#define XFW_FRAGMENT_H

#include "clock.h"
#include "packet.h"

static __always_inline void fragment_key_of(const struct packet *pkt, struct fragment_key *key)
{
	key->source = pkt->key.outside;
	key->destination = pkt->key.inside;
	key->identification = pkt->fragment_id;
	/* IPv6 identifies by addresses and identification alone (RFC 8200 4.5). */
	key->protocol = pkt->ipv6 ? 0 : pkt->key.protocol;
}

/* Call for a first fragment that was let in. */
static __always_inline void fragment_remember(struct packet *pkt)
{
	struct fragment fragment = {
		.seen = pkt->now,
		.generation = pkt->generation,
		.first_length = pkt->fragment_length,
	};
	struct fragment_key key;

	if (pkt->dry)
		return;
	fragment_key_of(pkt, &key);
	bpf_map_update_elem(&fragments, &key, &fragment, BPF_ANY);
}

static __noinline enum verdict fragment_judge(struct packet *pkt)
{
	const struct fragment *first;
	struct fragment_key key;

	/* RFC 1858 3.2: nothing honest starts in the middle of a TCP header. */
	if (pkt->key.protocol == PROTOCOL_TCP && pkt->fragment_offset < 16)
		return drop(pkt, DROP_FRAGMENT_OVERLAP);
	fragment_key_of(pkt, &key);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (!first || first->generation != pkt->generation ||
	    clock_passed(pkt->now, first->seen, XFW_FRAGMENT_LIFETIME_S))
		return drop(pkt, DROP_FRAGMENT_UNKNOWN);
	if (pkt->fragment_offset < first->first_length)
		return drop(pkt, DROP_FRAGMENT_OVERLAP);
	return VERDICT_PASS;
}

#endif
