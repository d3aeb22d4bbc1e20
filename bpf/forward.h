/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fast path's last step: out of a guest's port as a router must send it, or to the kernel
 * with not one byte changed.
 */
#ifndef XFW_FORWARD_H
#define XFW_FORWARD_H

#include "explain.h"
#include "packet.h"
#include "verdict.h"

/* What the fast path does not fully understand is the kernel's: it replies with errors, too. */
static __always_inline bool forward_can(const struct packet *pkt, const struct next_hop *next_hop)
{
	return next_hop->port && pkt->plain && !pkt->link_multicast && pkt->hop_limit > 1 &&
	       pkt->ip_length <= next_hop->mtu && pkt->fast_path &&
	       /* In one buffer: not every port takes more (NDO_XMIT_SG). */
	       pkt->length == pkt->linear;
}

static __always_inline void forward_hop_limit_ipv6(struct ipv6hdr *ip)
{
	ip->hop_limit--;
}

/* One less in the TTL is one more in the checksum, carry included (RFC 1624). */
static __always_inline void forward_ttl_ipv4(struct iphdr *ip)
{
	__u32 sum = bpf_ntohs(ip->check) + 0x100;

	ip->check = bpf_htons(sum + (sum >= 0xffff));
	ip->ttl--;
}

/* Redirect, and only when the redirect stands, rewrite: a port that is gone leaves the packet
 * whole for the kernel.
 */
static __always_inline enum verdict forward(struct xdp_md *ctx, const struct packet *pkt,
					    const struct next_hop *next_hop)
{
	struct frame frame = frame_of_xdp(ctx);
	struct ethhdr *ethernet;
	void *network;

	explain_next_hop(pkt, next_hop);
	if (next_hop->route)
		count_hit(&route_stats, next_hop->route, pkt);
	if (!forward_can(pkt, next_hop))
		return VERDICT_PASS;
	/* Plain frames have their IP header right behind the Ethernet one. */
	ethernet = frame_at(&frame, 0, ETHERNET_HEADER + sizeof(struct iphdr));
	network = frame_at(&frame, ETHERNET_HEADER,
			   pkt->ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	if (!ethernet || !network)
		return VERDICT_PASS;
	if (bpf_redirect_map(&port_devices, next_hop->port, XDP_PASS) != XDP_REDIRECT)
		return VERDICT_PASS;

	mac_copy(ethernet->h_dest, next_hop->destination);
	mac_copy(ethernet->h_source, next_hop->source);
	if (pkt->ipv6)
		forward_hop_limit_ipv6(network);
	else
		forward_ttl_ipv4(network);
	return VERDICT_FORWARD;
}

#endif
