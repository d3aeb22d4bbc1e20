/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ICMP errors: let in when the packet they quote is one of ours, that is, of a flow that
 * started inside or of an allowed service's reply. Eight quoted bytes of transport are enough
 * (RFC 792); an error never changes the flow it speaks of.
 */
#ifndef XFW_RELATED_H
#define XFW_RELATED_H

#include "flow.h"

enum {
	ICMP_UNREACHABLE = 3,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
	ICMP6_ERROR_FIRST = 1, /* unreachable, too big, time exceeded, parameter problem */
	ICMP6_ERROR_LAST = 4,
	QUOTED_TRANSPORT = 8,
};

static __always_inline bool is_icmp_error(const struct packet *pkt)
{
	if (pkt->fragment != FRAGMENT_NONE)
		return false;
	if (pkt->key.protocol == PROTOCOL_ICMP6)
		return pkt->icmp_type >= ICMP6_ERROR_FIRST && pkt->icmp_type <= ICMP6_ERROR_LAST;
	return pkt->key.protocol == PROTOCOL_ICMP &&
	       (pkt->icmp_type == ICMP_UNREACHABLE || pkt->icmp_type == ICMP_TIME_EXCEEDED ||
		pkt->icmp_type == ICMP_PARAMETER_PROBLEM);
}

/* The quoted IPv4 header, as sent from inside. Later fragments quote no ports: refused. */
static __always_inline __u32 quoted_ipv4(const struct frame *frame, __u32 offset,
					 struct packet *quoted)
{
	const struct iphdr *ip = frame_at(frame, offset, sizeof(*ip));

	if (!ip || ip->version != 4 || ip->ihl < 5 || bpf_ntohs(ip->frag_off) & 0x1fff)
		return 0;
	address_map_ipv4(&quoted->key.inside, ip->saddr);
	address_map_ipv4(&quoted->key.outside, ip->daddr);
	quoted->key.protocol = ip->protocol;
	return offset + ip->ihl * 4;
}

/* The quoted IPv6 header. One extension header, a first fragment's, is stepped over. */
static __always_inline __u32 quoted_ipv6(const struct frame *frame, __u32 offset,
					 struct packet *quoted)
{
	const struct ipv6hdr *ip = frame_at(frame, offset, sizeof(*ip));
	const __u8 *fragment;

	if (!ip || ip->version != 6)
		return 0;
	__builtin_memcpy(&quoted->key.inside, &ip->saddr, sizeof(quoted->key.inside));
	__builtin_memcpy(&quoted->key.outside, &ip->daddr, sizeof(quoted->key.outside));
	quoted->key.protocol = ip->nexthdr;
	offset += sizeof(*ip);
	if (ip->nexthdr != PROTOCOL_FRAGMENT)
		return offset;
	fragment = frame_at(frame, offset, 8);
	if (!fragment || fragment[2] || fragment[3] & 0xf8)
		return 0;
	quoted->key.protocol = fragment[0];
	return offset + 8;
}

/* Ports of the quoted packet, or an echo's type and identifier. */
static __always_inline bool quoted_transport(const struct frame *frame, __u32 offset,
					     struct packet *quoted)
{
	const __be16 *ports = frame_at(frame, offset, QUOTED_TRANSPORT);

	if (!ports)
		return false;
	switch (quoted->key.protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
	case PROTOCOL_SCTP:
		quoted->key.inside_port = bpf_ntohs(ports[0]);
		quoted->key.outside_port = bpf_ntohs(ports[1]);
		break;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMP6:
		quoted->icmp_type = *(const __u8 *)ports;
		quoted->key.inside_port = bpf_ntohs(ports[2]);
		break;
	}
	return true;
}

/*
 * Would the quoted packet have been a service's reply? An echo reply answers a request, whose
 * type is the one the rules name.
 */
static __always_inline bool quoted_is_service_reply(struct packet *quoted)
{
	__u32 point = (__u32)quoted->key.protocol << 16 | quoted->key.inside_port;
	struct cell cell;

	if (is_icmp(quoted)) {
		if (!is_echo_reply(quoted))
			return false;
		point = (__u32)quoted->key.protocol << 16 |
			(quoted->ipv6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO_REQUEST);
	}
	if (policy_cell(quoted->slot, &quoted->key.inside, point, &cell))
		return false;
	return policy_decide(quoted, &cell, &quoted->key.outside, false) == DECISION_ALLOWED;
}

/* Is this ICMP error about a packet that inside sent and we would have let answers to? */
__noinline bool related_to_ours(struct xdp_md *ctx, const struct packet *pkt)
{
	struct frame frame = frame_of_xdp(ctx);
	struct packet quoted = {};
	__u32 offset;

	if (!pkt)
		return false;
	quoted.now = pkt->now;
	quoted.slot = pkt->slot;
	quoted.ipv6 = pkt->ipv6;
	offset = pkt->transport + ICMP_HEADER;
	offset = pkt->ipv6 ? quoted_ipv6(&frame, offset, &quoted)
			   : quoted_ipv4(&frame, offset, &quoted);
	/* The error must go to whoever sent the packet it quotes. */
	if (!offset || !address_equal(&quoted.key.inside, &pkt->key.inside))
		return false;
	if (!quoted_transport(&frame, offset, &quoted))
		return false;
	if (!is_icmp(&quoted) || is_echo_request(&quoted))
		if (flow_lookup(&flows, &quoted) || flow_lookup(&flows_opening, &quoted))
			return true;
	return quoted_is_service_reply(&quoted);
}

#endif
