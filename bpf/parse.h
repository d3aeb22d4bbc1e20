/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From bytes to struct packet. Every length is checked against the frame and the IP packet.
 * Judges only form: what contradicts itself is malformed; meaning is for the later stations.
 */
#ifndef XFW_PARSE_H
#define XFW_PARSE_H

#include "address.h"
#include "parse_ipv4.h"
#include "parse_ipv6.h"
#include "parse_transport.h"

struct vlan_tag {
	__be16 control;
	__be16 ethertype;
};

static __always_inline bool mac_equal(const __u8 *a, const __u8 *b)
{
	return *(const __u32 *)a == *(const __u32 *)b &&
	       *(const __u16 *)(a + 4) == *(const __u16 *)(b + 4);
}

/*
 * A priority tag (VLAN 0) says nothing but a priority: the packet inside is judged like any
 * other, since the kernel would take it. Any other tag belongs to no interface of ours.
 */
static __always_inline enum verdict parse_vlan(const struct frame *frame, struct packet *pkt)
{
	const struct vlan_tag *tag = frame_at(frame, ETHERNET_HEADER, sizeof(*tag));

	if (!tag)
		return drop(pkt, DROP_MALFORMED);
	if (bpf_ntohs(tag->control) & 0xfff)
		return drop(pkt, DROP_VLAN);
	pkt->ethertype = bpf_ntohs(tag->ethertype);
	if (pkt->ethertype == ETHERTYPE_VLAN || pkt->ethertype == ETHERTYPE_QINQ)
		return drop(pkt, DROP_VLAN);
	pkt->network = ETHERNET_HEADER + sizeof(*tag);
	pkt->plain = false;
	return VERDICT_NEXT;
}

/* Ethernet; for a layer-3 device the version of the IP header stands for the ethertype. */
static __always_inline enum verdict parse_link(const struct frame *frame, struct packet *pkt,
					       enum direction direction)
{
	const struct ethhdr *ethernet;
	const __u8 *version;

	pkt->plain = true;
	if (!pkt->has_link_header) {
		version = frame_at(frame, 0, 1);
		if (!version)
			return drop(pkt, DROP_MALFORMED);
		pkt->network = 0;
		pkt->ethertype = *version >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4;
		return VERDICT_NEXT;
	}

	ethernet = frame_at(frame, 0, ETHERNET_HEADER);
	if (!ethernet)
		return drop(pkt, DROP_MALFORMED);
	pkt->network = ETHERNET_HEADER;
	pkt->ethertype = bpf_ntohs(ethernet->h_proto);
	if (!mac_equal(ethernet->h_dest, pkt->mac)) {
		/* A promiscuous NIC hands up what is for others; the kernel would not take it. */
		if (direction == INBOUND && !(ethernet->h_dest[0] & 1))
			return drop(pkt, DROP_NOT_FOR_US);
		pkt->link_multicast = ethernet->h_dest[0] & 1;
	}
	if (pkt->ethertype == ETHERTYPE_VLAN || pkt->ethertype == ETHERTYPE_QINQ)
		return parse_vlan(frame, pkt);
	return VERDICT_NEXT;
}

/* The IP header, the extension headers, and the transport header where there is one. */
static __always_inline enum verdict parse_network(const struct frame *frame, struct packet *pkt,
						  enum direction direction)
{
	enum verdict verdict;

	if (pkt->ethertype == ETHERTYPE_IPV6)
		verdict = parse_ipv6(frame, pkt, direction);
	else if (pkt->ethertype == ETHERTYPE_IPV4)
		verdict = parse_ipv4(frame, pkt, direction);
	else
		return drop(pkt, DROP_ETHERTYPE);
	if (verdict != VERDICT_NEXT)
		return verdict;

	if (pkt->fragment != FRAGMENT_NONE)
		pkt->plain = false;
	pkt->point = (__u32)pkt->key.protocol << 16;
	if (pkt->fragment == FRAGMENT_LATER)
		return VERDICT_NEXT;
	return parse_transport(frame, pkt, direction);
}

#endif
