/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where packets towards a guest go next. The FIB is the kernel's: xfw asks it, remembers the
 * answer for a second, and leaves to the kernel whatever it will not answer.
 */
#ifndef XFW_NEXT_HOP_H
#define XFW_NEXT_HOP_H

#include "clock.h"
#include "route.h"

enum { FIB_AF_INET = 2, FIB_AF_INET6 = 10 };

static __always_inline bool next_hop_fresh(const struct next_hop *next_hop, __u32 now)
{
	return next_hop->resolved &&
	       !clock_passed(now, next_hop->resolved, XFW_NEXT_HOP_LIFETIME_S);
}

/* The port of a bridge behind which @fib's MAC was heard of late; 0 is unknown. */
static __always_inline __u32 next_hop_port(const struct bpf_fib_lookup *fib, __u32 now)
{
	struct port_key key = {.bridge = fib->ifindex};
	const struct port *port;

	__builtin_memcpy(key.mac, fib->dmac, sizeof(key.mac));
	port = bpf_map_lookup_elem(&ports, &key);
	if (port)
		return clock_passed(now, port->last_heard, XFW_PORT_LIFETIME_S) ? 0 : port->ifindex;
	/* No bridge, perhaps: a device that takes redirects itself, or else the kernel's. */
	return fib->ifindex;
}

static __always_inline void next_hop_ask(struct bpf_fib_lookup *fib, const struct packet *pkt,
					 const struct address *gateway)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->ifindex = pkt->ifindex;
	fib->l4_protocol = pkt->key.protocol;
	if (pkt->ipv6) {
		fib->family = FIB_AF_INET6;
		__builtin_memcpy(fib->ipv6_src, &pkt->key.outside, 16);
		__builtin_memcpy(fib->ipv6_dst, gateway, 16);
	} else {
		fib->family = FIB_AF_INET;
		fib->ipv4_src = ((const __be32 *)pkt->key.outside.bytes)[3];
		fib->ipv4_dst = ((const __be32 *)gateway->bytes)[3];
	}
}

/*
 * Ask for the next hop of an inbound packet. Where anything is unresolved or unlike what the
 * configuration says, port stays 0 and the kernel forwards: it resolves neighbours, sends
 * Packet Too Big, and knows its own mind. Returns whether the answer may be kept.
 */
static __noinline bool next_hop_resolve(void *ctx, const struct packet *pkt,
					struct next_hop *next_hop)
{
	const struct route *route = route_lookup(pkt->slot, &pkt->key.inside);
	struct bpf_fib_lookup fib;
	bool gateway;
	long answer;

	next_hop->port = 0;
	next_hop->route = 0;
	next_hop->resolved = pkt->now ?: 1;
	if (!route || route->kind == ROUTE_HOST || route->kind == ROUTE_MASQUERADED)
		return true;
	next_hop->route = route->index;

	/* A link-local gateway says nothing without its link: the kernel's own route has it. */
	gateway = route->kind == ROUTE_GATEWAY && !address_is_link_local(&route->gateway);
	next_hop_ask(&fib, pkt, gateway ? &route->gateway : &pkt->key.inside);
	answer = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	if (answer == BPF_FIB_LKUP_RET_NO_NEIGH)
		next_hop->resolved = 0; /* the kernel is asking: look again with the next packet */
	if (answer != BPF_FIB_LKUP_RET_SUCCESS || fib.ifindex != route->ifindex)
		return false;
	next_hop->mtu = fib.mtu_result;
	__builtin_memcpy(next_hop->destination, fib.dmac, sizeof(fib.dmac));
	__builtin_memcpy(next_hop->source, fib.smac, sizeof(fib.smac));
	next_hop->port = next_hop_port(&fib, pkt->now);
	return next_hop->port;
}

/* ---- the answers remembered ---- */

static __always_inline struct destination *destination_place(const struct address *address)
{
	__u32 index = address_hash(address, 0) & (XFW_DESTINATIONS_CAPACITY - 1);

	return bpf_map_lookup_elem(&destinations, &index);
}

static __always_inline bool destination_is(const struct destination *place,
					   const struct packet *pkt)
{
	return place->generation == pkt->generation &&
	       address_equal(&place->address, &pkt->key.inside);
}

/*
 * The next hop of an inbound packet: remembered, or asked for into @answer. *@kept says whether
 * it is remembered; strangers cannot fill the cache with addresses nobody answers for.
 */
static __always_inline const struct next_hop *next_hop_find(void *ctx, const struct packet *pkt,
							    struct next_hop *answer, bool *kept)
{
	struct destination *place = destination_place(&pkt->key.inside);

	*kept = true;
	if (place && destination_is(place, pkt) && next_hop_fresh(&place->next_hop, pkt->now))
		return &place->next_hop;
	*kept = next_hop_resolve(ctx, pkt, answer);
	if (*kept && place && !pkt->dry) {
		place->address = pkt->key.inside;
		place->generation = pkt->generation;
		place->next_hop = *answer;
	}
	return answer;
}

#endif
