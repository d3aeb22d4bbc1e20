/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose an address is, and where packets towards it go next. The FIB is the kernel's: xfw asks
 * it and believes it, and leaves to the kernel whatever it will not answer.
 */
#ifndef XFW_ROUTE_H
#define XFW_ROUTE_H

#include "address.h"
#include "clock.h"

enum { FIB_AF_INET = 2, FIB_AF_INET6 = 10 };

/* The slice or host address that holds @address, NULL when it is not ours. */
static __noinline const struct route *route_lookup(__u32 slot, const struct address *address)
{
	void *table = generation_table(&gen_routes, slot);
	struct prefix_key key;

	if (!table || !address)
		return NULL;
	key.prefixlen = 128;
	key.address = *address;
	return bpf_map_lookup_elem(table, &key);
}

static __always_inline bool address_is_guests(__u32 slot, const struct address *address)
{
	const struct route *route = route_lookup(slot, address);

	return route && route->kind != ROUTE_HOST;
}

/*
 * Is an address from outside one of ours? The covers, a few prefixes around everything that is,
 * spare strangers the trie. Without settings everything is: closed.
 * verifier: global, so that it is verified once and not for every state of every caller.
 */
__noinline bool address_is_own(__u32 slot, const struct address *address)
{
	void *table = generation_table(&gen_settings, slot);
	const struct settings *settings;
	__u32 zero = 0;
	bool covered;

	if (!table || !address)
		return true;
	settings = bpf_map_lookup_elem(table, &zero);
	if (!settings)
		return true;
	covered = settings->own_covers_overflow;
	for (__u32 i = 0; i < XFW_OWN_COVERS && i < settings->own_cover_count; i++)
		covered |= address_covered(address, &settings->own_covers[i]);
	return covered && route_lookup(slot, address);
}

/* ---- next hop ---- */

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
 * Find the next hop of an inbound packet anew. Where anything is unresolved or unlike what the
 * configuration says, port stays 0 and the kernel forwards: it resolves neighbours, sends
 * Packet Too Big, and knows its own mind. Returns whether the answer may be kept.
 */
static __noinline bool next_hop_resolve(void *ctx, const struct packet *pkt,
					struct next_hop *next_hop)
{
	const struct route *route = route_lookup(pkt->slot, &pkt->key.inside);
	struct bpf_fib_lookup fib;
	long answer;

	next_hop->port = 0;
	next_hop->route = 0;
	next_hop->resolved = pkt->now ?: 1;
	if (!route || route->kind == ROUTE_HOST)
		return true;
	next_hop->route = route->index;

	next_hop_ask(&fib, pkt, route->kind == ROUTE_GATEWAY ? &route->gateway : &pkt->key.inside);
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

#endif
