/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a link lives on, let in before any rule: without it a default deny cuts the machine off
 * minutes after it came up.
 */
#ifndef XFW_ESSENTIAL_H
#define XFW_ESSENTIAL_H

#include "address.h"
#include "parse_transport.h"
#include "route.h"

enum {
	ND_ROUTER_SOLICITATION = 133,
	ND_ROUTER_ADVERTISEMENT = 134,
	ND_NEIGHBOUR_SOLICITATION = 135,
	ND_NEIGHBOUR_ADVERTISEMENT = 136,

	MLD_QUERY = 130,
	MLD_REPORT = 131,
	MLD_DONE = 132,
	MLD2_REPORT = 143,

	DHCP_SERVER = 67,
	DHCP_CLIENT = 68,
	DHCP6_CLIENT = 546,
	DHCP6_SERVER = 547,
};

static __always_inline bool is_icmp6(const struct packet *pkt)
{
	/* Fragmented discovery is refused (RFC 6980); its later parts have no type at all. */
	return pkt->key.protocol == PROTOCOL_ICMP6 && pkt->fragment == FRAGMENT_NONE;
}

static __always_inline bool is_neighbour_discovery(const struct packet *pkt)
{
	return is_icmp6(pkt) && pkt->icmp_type >= ND_ROUTER_SOLICITATION &&
	       pkt->icmp_type <= ND_NEIGHBOUR_ADVERTISEMENT;
}

static __always_inline bool is_listener_discovery(const struct packet *pkt)
{
	return is_icmp6(pkt) && ((pkt->icmp_type >= MLD_QUERY && pkt->icmp_type <= MLD_DONE) ||
				 pkt->icmp_type == MLD2_REPORT);
}

static __always_inline bool is_udp_from_to(const struct packet *pkt, __u16 outside, __u16 inside)
{
	return pkt->key.protocol == PROTOCOL_UDP && pkt->fragment == FRAGMENT_NONE &&
	       pkt->key.outside_port == outside && pkt->key.inside_port == inside;
}

/* To this machine as the provider's client. */
static __always_inline bool is_dhcp_reply(const struct packet *pkt)
{
	return !pkt->ipv6 && is_udp_from_to(pkt, DHCP_SERVER, DHCP_CLIENT);
}

static __always_inline bool is_dhcp6_reply(const struct packet *pkt)
{
	return pkt->ipv6 && is_udp_from_to(pkt, DHCP6_SERVER, DHCP6_CLIENT) &&
	       address_is_link_local(&pkt->key.outside) && address_is_link_local(&pkt->key.inside);
}

/* Duplicate address detection and MLD reports have no source yet (RFC 4862 5.4.2, RFC 3590). */
static __always_inline bool speaks_before_its_address(const struct packet *pkt)
{
	return (is_icmp6(pkt) && (pkt->icmp_type == ND_NEIGHBOUR_SOLICITATION ||
				  pkt->icmp_type == ND_ROUTER_SOLICITATION)) ||
	       is_listener_discovery(pkt);
}

/* ARP, and LACP for the link's own sake. */
static __always_inline bool is_link_protocol(const struct packet *pkt)
{
	return pkt->ethertype == ETHERTYPE_ARP ||
	       (pkt->ethertype == ETHERTYPE_SLOW && pkt->link_multicast);
}

/* From the provider's side. */
static __always_inline enum verdict essential_from_wan(struct packet *pkt)
{
	if (is_neighbour_discovery(pkt)) {
		/* 255 proves that no router forwarded it (RFC 4861 6.1, 7.1). */
		if (pkt->hop_limit != 255)
			return drop(pkt, DROP_HOP_LIMIT);
		/* We are no router for the provider's side: its solicitations are not for us. */
		if (pkt->icmp_type != ND_ROUTER_SOLICITATION && pkt->icmp_code == 0)
			return VERDICT_PASS;
		return VERDICT_NEXT;
	}
	if (is_listener_discovery(pkt) && pkt->hop_limit == 1 &&
	    (address_is_link_local(&pkt->key.outside) || address_is_unspecified(&pkt->key.outside)))
		return VERDICT_PASS;
	if (is_dhcp6_reply(pkt))
		return VERDICT_PASS;
	/* The host is the provider's client; guests have their own server, on the LAN. */
	if (is_dhcp_reply(pkt) && !address_is_guests(pkt->slot, &pkt->key.inside))
		return VERDICT_PASS;
	return VERDICT_NEXT;
}

/* From a guest: what it needs to have a gateway at all. Its source has been checked. */
static __always_inline bool is_essential_from_lan(const struct packet *pkt)
{
	if (is_neighbour_discovery(pkt))
		return pkt->hop_limit == 255;
	if (is_listener_discovery(pkt))
		return true;
	/* Outbound: the guest's port is the inside's. */
	return is_udp_from_to(pkt, DHCP_SERVER, DHCP_CLIENT) ||
	       is_udp_from_to(pkt, DHCP6_SERVER, DHCP6_CLIENT);
}

#endif
