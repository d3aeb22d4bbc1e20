/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who talks how much, for whoever looks. When nobody does, a packet pays one test of a byte, and the
 * map stays as it was. Strangers fill it with addresses they make up: it is an LRU, so that those
 * push out each other and not what is heard all the time.
 */
#ifndef XFW_TALKERS_H
#define XFW_TALKERS_H

#include "address.h"
#include "packet.h"

static __always_inline struct talker *talker_find(const struct talker_key *key)
{
	struct talker *talker = bpf_map_lookup_elem(&talkers, key);
	struct talker silent = {};

	if (talker)
		return talker;
	bpf_map_update_elem(&talkers, key, &silent, BPF_NOEXIST);
	return bpf_map_lookup_elem(&talkers, key);
}

/*
 * verifier (6.1): a map's key may not lie in what a global function was given, so the address is
 * copied.
 */
static __always_inline void talker_count(const struct address *address, enum talker_kind kind,
					 const struct packet *pkt, __u32 verdict)
{
	struct talker_key key = {.kind = kind};
	struct talker *talker;
	struct counter *way;

	address_copy(&key.address, address);
	/* What was not parsed has no addresses, and a group of hosts is none. */
	if (address_is_unspecified(&key.address) || address_is_multicast(&key.address))
		return;
	talker = talker_find(&key);
	if (!talker)
		return;
	way = pkt->role == ROLE_WAN ? &talker->in : &talker->out;
	way->packets++;
	way->bytes += pkt->length;
	if (verdict == VERDICT_DROP)
		talker->dropped++;
}

__noinline int talkers_count(const struct packet *pkt, __u32 verdict)
{
	if (!pkt)
		return 0;
	talker_count(&pkt->key.inside, TALKER_GUEST, pkt, verdict);
	if (pkt->role == ROLE_WAN)
		talker_count(&pkt->key.outside, TALKER_SOURCE, pkt, verdict);
	return 0;
}

#endif
