/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The IPv4 header (RFC 791, RFC 1812 5.2.2).
 */
#ifndef XFW_PARSE_IPV4_H
#define XFW_PARSE_IPV4_H

#include "address.h"

enum {
	IPV4_HEADER = 20,
	IPV4_MORE_FRAGMENTS = 0x2000,
	IPV4_OFFSET_MASK = 0x1fff,
	IPV4_OPTION_WORDS = 10,
};

/* One's complement sum of the header, options included; 0xffff when the checksum is right. */
static __always_inline bool ipv4_checksum_right(const struct frame *frame, const struct packet *pkt,
						__u32 header_length)
{
	const __u16 *halves = frame_at(frame, pkt->network, IPV4_HEADER);
	__u32 sum = 0;

	if (!halves)
		return false;
	for (int i = 0; i < IPV4_HEADER / 2; i++)
		sum += halves[i];
	for (__u32 i = 0; i < IPV4_OPTION_WORDS; i++) {
		__u32 offset = IPV4_HEADER + i * 4;
		const __u16 *option;

		if (offset >= header_length)
			break;
		option = frame_at(frame, pkt->network + offset, 4);
		if (!option)
			return false;
		sum += option[0] + option[1];
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static __always_inline enum verdict parse_ipv4_fragment(struct packet *pkt, const struct iphdr *ip,
							__u32 payload)
{
	__u32 field = bpf_ntohs(ip->frag_off);
	bool more = field & IPV4_MORE_FRAGMENTS;

	pkt->fragment_offset = (field & IPV4_OFFSET_MASK) * 8;
	if (!more && !pkt->fragment_offset)
		return VERDICT_NEXT;
	if (more && payload % 8)
		return drop(pkt, DROP_MALFORMED);
	if (pkt->fragment_offset + payload > 0xffff)
		return drop(pkt, DROP_MALFORMED);
	pkt->fragment_length = payload;
	pkt->fragment_id = bpf_htonl(bpf_ntohs(ip->id));
	pkt->fragment = pkt->fragment_offset ? FRAGMENT_LATER : FRAGMENT_FIRST;
	return VERDICT_NEXT;
}

static __always_inline enum verdict parse_ipv4(const struct frame *frame, struct packet *pkt,
					       enum direction direction)
{
	const struct iphdr *ip = frame_at(frame, pkt->network, IPV4_HEADER);
	__u32 header_length;

	if (!ip || ip->version != 4)
		return drop(pkt, DROP_MALFORMED);
	header_length = ip->ihl * 4;
	pkt->ip_length = bpf_ntohs(ip->tot_len);
	if (header_length < IPV4_HEADER || pkt->ip_length < header_length ||
	    pkt->ip_length > pkt->length - pkt->network)
		return drop(pkt, DROP_MALFORMED);
	/* Ours may leave their checksums to the NIC. */
	if (direction == INBOUND && !ipv4_checksum_right(frame, pkt, header_length))
		return drop(pkt, DROP_CHECKSUM);
	if (header_length != IPV4_HEADER)
		pkt->plain = false;

	address_map_ipv4((struct address *)packet_source(pkt, direction), ip->saddr);
	address_map_ipv4((struct address *)packet_destination(pkt, direction), ip->daddr);
	pkt->hop_limit = ip->ttl;
	pkt->key.protocol = ip->protocol;
	pkt->transport = pkt->network + header_length;
	return parse_ipv4_fragment(pkt, ip, pkt->ip_length - header_length);
}

#endif
