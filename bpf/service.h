/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allowed services with a live destination, remembered per CPU: the cell that judges and the
 * next hop in one lookup. A direct-mapped array, so memory is bounded and an entry costs no
 * lock; strangers cannot put anything in, since only what was allowed and resolved is kept.
 */
#ifndef XFW_SERVICE_H
#define XFW_SERVICE_H

#include "policy.h"
#include "route.h"

static __always_inline __u32 service_hash(const struct address *destination, __u32 point)
{
	const __u32 *words = (const __u32 *)destination->bytes;
	/* The odd constant is 2^32 / golden ratio: it spreads neighbouring addresses and ports. */
	__u32 hash = (words[0] ^ words[1] ^ point) * 0x9e3779b1U;

	hash = (hash ^ words[2] ^ (hash >> 15)) * 0x9e3779b1U;
	hash = (hash ^ words[3] ^ (hash >> 15)) * 0x9e3779b1U;
	return hash >> 16;
}

/* The place where the service of this packet is or would be. */
static __always_inline struct service *service_place(const struct packet *pkt)
{
	__u32 index = service_hash(&pkt->key.inside, pkt->point) & (XFW_SERVICES_CAPACITY - 1);

	return bpf_map_lookup_elem(&services, &index);
}

static __always_inline bool service_is(const struct service *service, const struct packet *pkt)
{
	return service->point == pkt->point && service->generation == pkt->generation &&
	       address_equal(&service->destination, &pkt->key.inside);
}

/* Call only with a next hop that may be kept: an address nobody answers for may be anything. */
static __always_inline void service_keep(struct service *service, const struct packet *pkt,
					 const struct cell *cell, const struct next_hop *next_hop)
{
	service->destination = pkt->key.inside;
	service->point = pkt->point;
	service->generation = pkt->generation;
	service->cell = *cell;
	service->next_hop = *next_hop;
}

#endif
