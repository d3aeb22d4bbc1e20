/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sources that cannot be, judged by constants alone. Whether a source is one of ours needs the
 * tables and is asked later, on the way of new flows only (route.h).
 */
#ifndef XFW_SANITY_H
#define XFW_SANITY_H

#include "essential.h"

/*
 * IPv4 outside of what is routed on the internet (RFC 6890), without the documentation ranges:
 * 0/8, 10/8, 100.64/10, 169.254/16, 172.16/12, 192.0.0/24, 192.168/16, 198.18/15, 240/4.
 */
static __always_inline bool ipv4_is_bogon(__u32 address)
{
	__u32 first = address >> 24;

	if (first == 0 || first == 10 || first >= 240)
		return true;
	return address >> 22 == 0x6440 >> 6 || address >> 16 == 0xa9fe || address >> 20 == 0xac1 ||
	       address >> 8 == 0xc00000 || address >> 16 == 0xc0a8 || address >> 17 == 0xc612 >> 1;
}

/* IPv6: only 2000::/3 is given out (RFC 3513 2.4), and 64:ff9b::/96 is NAT64's (RFC 6052). */
static __always_inline bool ipv6_is_bogon(const struct address *address)
{
	if (address_word(address, 0) >> 29 == 1)
		return false;
	return address_word(address, 0) != 0x64ff9b || address_word(address, 1) ||
	       address_word(address, 2);
}

static __always_inline bool address_is_bogon(const struct address *address)
{
	return address_is_ipv4(address) ? ipv4_is_bogon(address_word(address, 3))
					: ipv6_is_bogon(address);
}

/* A link-local IPv6 source speaks on the link only. */
static __always_inline bool stays_on_link(const struct address *destination)
{
	return address_is_link_local(destination) || address_is_multicast(destination);
}

/* Sources from the provider's side. */
static __always_inline enum verdict sanity_source(struct packet *pkt)
{
	const struct address *source = packet_source(pkt, INBOUND);

	/* Nearly every packet: global unicast IPv6. */
	if (address_word(source, 0) >> 29 == 1)
		return VERDICT_NEXT;
	if (address_is_unspecified(source))
		return speaks_before_its_address(pkt) ? VERDICT_NEXT
						      : drop(pkt, DROP_SOURCE_UNSPECIFIED);
	if (address_is_loopback(source))
		return drop(pkt, DROP_SOURCE_LOOPBACK);
	if (address_is_multicast(source))
		return drop(pkt, DROP_SOURCE_MULTICAST);
	if (pkt->ipv6 && address_is_link_local(source)) {
		/* A router probes a neighbour from its link-local address (RFC 4861 7.3.3). */
		if (stays_on_link(packet_destination(pkt, INBOUND)) || is_neighbour_discovery(pkt))
			return VERDICT_NEXT;
		return drop(pkt, DROP_SOURCE_LINK_LOCAL);
	}
	/* A provider's DHCP server often has a private address; without it the lease ends. */
	if (pkt->drop_bogons && address_is_bogon(source) && !is_dhcp_reply(pkt))
		return drop(pkt, DROP_SOURCE_BOGON);
	return VERDICT_NEXT;
}

/*
 * One packet for one receiver in a frame for all of them: RFC 1122 3.3.6 has hosts discard it,
 * and a router that forwarded it would multiply it.
 */
static __always_inline enum verdict sanity_broadcast(struct packet *pkt, enum direction direction)
{
	if (!pkt->link_multicast || address_is_multicast(packet_destination(pkt, direction)))
		return VERDICT_NEXT;
	/* Servers answer a client that has no address yet by broadcast (RFC 2131 4.1). */
	if (is_dhcp_reply(pkt))
		return VERDICT_NEXT;
	return drop(pkt, DROP_LINK_BROADCAST);
}

#endif
