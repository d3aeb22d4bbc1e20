/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IPv6 header and its chain of extension headers (RFC 8200), walked with a bound.
 */
#ifndef XFW_PARSE_IPV6_H
#define XFW_PARSE_IPV6_H

#include "address.h"

enum {
	IPV6_HEADER = 40,
	IPV6_CHAIN_MAX = 6, /* extension headers; RFC 8200 4.1 knows no use for more */
	IPV6_MORE_FRAGMENTS = 1,
};

struct ipv6_extension {
	__u8 next_header;
	__u8 length; /* in 8 bytes, without the first 8; AH: in 4 bytes, without the first 8 */
	__u8 routing_type;
	__u8 segments_left;
};

struct ipv6_fragment_header {
	__u8 next_header;
	__u8 reserved;
	__be16 offset; /* low bit: more fragments */
	__be32 identification;
};

/*
 * An atomic fragment (offset 0, none to follow) is a whole packet (RFC 6946), but nothing the
 * fast path should touch.
 */
static __always_inline enum verdict parse_ipv6_fragment(const struct frame *frame,
							struct packet *pkt, __u32 offset)
{
	const struct ipv6_fragment_header *header = frame_at(frame, offset, sizeof(*header));
	__u32 field, payload;
	bool more;

	if (!header)
		return drop(pkt, DROP_MALFORMED);
	field = bpf_ntohs(header->offset);
	more = field & IPV6_MORE_FRAGMENTS;
	pkt->fragment_offset = field & 0xfff8;
	pkt->plain = false;
	pkt->key.protocol = header->next_header;
	if (!more && !pkt->fragment_offset)
		return VERDICT_NEXT;

	if (offset + sizeof(*header) > pkt->network + pkt->ip_length)
		return drop(pkt, DROP_MALFORMED);
	payload = pkt->network + pkt->ip_length - offset - sizeof(*header);
	if (more && payload % 8)
		return drop(pkt, DROP_MALFORMED);
	if (pkt->fragment_offset + payload > 0xffff)
		return drop(pkt, DROP_MALFORMED);
	pkt->fragment_length = payload;
	pkt->fragment_id = header->identification;
	pkt->fragment = pkt->fragment_offset ? FRAGMENT_LATER : FRAGMENT_FIRST;
	return VERDICT_NEXT;
}

/* One header of the chain; *offset moves past it. */
static __always_inline enum verdict parse_ipv6_extension(const struct frame *frame,
							 struct packet *pkt, __u32 *offset)
{
	const struct ipv6_extension *extension = frame_at(frame, *offset, sizeof(*extension));

	if (!extension)
		return drop(pkt, pkt->fragment ? DROP_FRAGMENT_TINY : DROP_MALFORMED);
	if (pkt->key.protocol == PROTOCOL_ROUTING && extension->routing_type == 0)
		return drop(pkt, DROP_ROUTING_HEADER);
	if (pkt->key.protocol == PROTOCOL_AH)
		*offset += (extension->length + 2) * 4;
	else
		*offset += (extension->length + 1) * 8;
	pkt->key.protocol = extension->next_header;
	pkt->plain = false;
	return VERDICT_NEXT;
}

static __always_inline bool ipv6_is_extension(__u8 protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_DESTINATION_OPTIONS ||
	       protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_AH ||
	       protocol == PROTOCOL_MOBILITY;
}

/* Leaves pkt->transport at the first header that is none of IPv6's own. */
static __always_inline enum verdict parse_ipv6_chain(const struct frame *frame, struct packet *pkt)
{
	__u32 offset = pkt->network + IPV6_HEADER;

	for (int i = 0; i <= IPV6_CHAIN_MAX; i++) {
		enum verdict verdict;

		pkt->transport = offset;
		if (pkt->key.protocol == PROTOCOL_FRAGMENT) {
			/* A second fragment header inside the first is nobody's honest packet. */
			if (i == IPV6_CHAIN_MAX || pkt->fragment != FRAGMENT_NONE)
				return drop(pkt, DROP_HEADER_CHAIN);
			verdict = parse_ipv6_fragment(frame, pkt, offset);
			offset += sizeof(struct ipv6_fragment_header);
			pkt->transport = offset;
			if (pkt->fragment == FRAGMENT_LATER)
				return verdict;
		} else if (ipv6_is_extension(pkt->key.protocol)) {
			/* Hop-by-hop options stand first or nowhere (RFC 8200 4.1). */
			if (i == IPV6_CHAIN_MAX || (i && pkt->key.protocol == PROTOCOL_HOP_BY_HOP))
				return drop(pkt, DROP_HEADER_CHAIN);
			verdict = parse_ipv6_extension(frame, pkt, &offset);
		} else {
			return VERDICT_NEXT;
		}
		if (verdict != VERDICT_NEXT)
			return verdict;
		if (offset > PACKET_OFFSET_MAX)
			return drop(pkt, DROP_HEADER_CHAIN);
	}
	return drop(pkt, DROP_HEADER_CHAIN);
}

/* The fixed header; what comes behind it may be an extension header yet. */
static __always_inline enum verdict parse_ipv6_header(const struct frame *frame, struct packet *pkt,
						      enum direction direction)
{
	const struct ipv6hdr *ip = frame_at(frame, pkt->network, IPV6_HEADER);

	if (!ip || ip->version != 6)
		return drop(pkt, DROP_MALFORMED);
	pkt->ipv6 = true;
	pkt->ip_length = IPV6_HEADER + bpf_ntohs(ip->payload_len);
	if (pkt->ip_length > pkt->length - pkt->network)
		return drop(pkt, DROP_MALFORMED);
	address_copy(packet_source(pkt, direction), &ip->saddr);
	address_copy(packet_destination(pkt, direction), &ip->daddr);
	/* On the wire a v4-mapped address would stand for an IPv4 host (RFC 4942 2.2). */
	if (address_is_ipv4(&pkt->key.inside) || address_is_ipv4(&pkt->key.outside))
		return drop(pkt, DROP_MALFORMED);
	pkt->hop_limit = ip->hop_limit;
	pkt->key.protocol = ip->nexthdr;
	pkt->transport = pkt->network + IPV6_HEADER;
	return VERDICT_NEXT;
}

static __always_inline enum verdict parse_ipv6(const struct frame *frame, struct packet *pkt,
					       enum direction direction)
{
	enum verdict verdict = parse_ipv6_header(frame, pkt, direction);

	if (verdict != VERDICT_NEXT)
		return verdict;
	if (!ipv6_is_extension(pkt->key.protocol) && pkt->key.protocol != PROTOCOL_FRAGMENT)
		return VERDICT_NEXT;
	return parse_ipv6_chain(frame, pkt);
}

#endif
