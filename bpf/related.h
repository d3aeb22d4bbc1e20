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

/* What an error quotes of a packet that inside sent. */
struct quoted {
	struct flow_key key;
	bool ipv6;
	__u8 icmp_type;
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

/*
 * verifier (6.1): what frame_at() compares with a bound must be what it adds, not the same less a
 * constant, as the compiler would have it where offsets follow from each other.
 */
static __always_inline const void *quoted_at(const struct frame *frame, __u32 offset, __u32 length)
{
	asm volatile("" : "+r"(offset));
	return frame_at(frame, offset, length);
}

/* The quoted IPv4 header, as sent from inside. Later fragments quote no ports: refused. */
static __always_inline __u32 quoted_ipv4(const struct frame *frame, __u32 offset,
					 struct quoted *quoted)
{
	const struct iphdr *ip = quoted_at(frame, offset, sizeof(*ip));

	if (!ip || ip->version != 4 || ip->ihl < 5 || bpf_ntohs(ip->frag_off) & 0x1fff)
		return 0;
	address_map_ipv4(&quoted->key.inside, ip->saddr);
	address_map_ipv4(&quoted->key.outside, ip->daddr);
	quoted->key.protocol = ip->protocol;
	return offset + ip->ihl * 4;
}

/* The quoted IPv6 header. One extension header, a first fragment's, is stepped over. */
static __always_inline __u32 quoted_ipv6(const struct frame *frame, __u32 offset,
					 struct quoted *quoted)
{
	const struct ipv6hdr *ip = quoted_at(frame, offset, sizeof(*ip));
	const __u8 *fragment;

	if (!ip || ip->version != 6)
		return 0;
	__builtin_memcpy(&quoted->key.inside, &ip->saddr, sizeof(quoted->key.inside));
	__builtin_memcpy(&quoted->key.outside, &ip->daddr, sizeof(quoted->key.outside));
	quoted->key.protocol = ip->nexthdr;
	offset += sizeof(*ip);
	if (ip->nexthdr != PROTOCOL_FRAGMENT)
		return offset;
	fragment = quoted_at(frame, offset, 8);
	if (!fragment || fragment[2] || fragment[3] & 0xf8)
		return 0;
	quoted->key.protocol = fragment[0];
	return offset + 8;
}

/* Ports of the quoted packet, or an echo's type and identifier. */
static __always_inline bool quoted_transport(const struct frame *frame, __u32 offset,
					     struct quoted *quoted)
{
	const __be16 *ports = quoted_at(frame, offset, QUOTED_TRANSPORT);

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

static __always_inline bool quoted_is_icmp(const struct quoted *quoted)
{
	return quoted->key.protocol == PROTOCOL_ICMP || quoted->key.protocol == PROTOCOL_ICMP6;
}

static __always_inline bool quoted_is_echo(const struct quoted *quoted, __u8 ipv4_type,
					   __u8 ipv6_type)
{
	if (quoted->ipv6)
		return quoted->key.protocol == PROTOCOL_ICMP6 && quoted->icmp_type == ipv6_type;
	return quoted->key.protocol == PROTOCOL_ICMP && quoted->icmp_type == ipv4_type;
}

/* Did the quoted packet belong to a flow that started inside? */
static __always_inline bool quoted_has_flow(const struct quoted *quoted, __u32 now)
{
	if (quoted_is_icmp(quoted) &&
	    !quoted_is_echo(quoted, ICMP_ECHO_REQUEST, ICMP6_ECHO_REQUEST))
		return false;
	return flow_at(&flows, &quoted->key, now) || flow_at(&flows_opening, &quoted->key, now);
}

/*
 * Would the quoted packet have been a service's reply? An echo reply answers a request, whose
 * type is the one the rules name.
 */
static __always_inline bool quoted_is_service_reply(const struct quoted *quoted, __u32 slot)
{
	__u32 point = (__u32)quoted->key.protocol << 16 | quoted->key.inside_port;
	struct cell cell;

	if (quoted_is_icmp(quoted)) {
		if (!quoted_is_echo(quoted, ICMP_ECHO_REPLY, ICMP6_ECHO_REPLY))
			return false;
		point = (__u32)quoted->key.protocol << 16 |
			(quoted->ipv6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO_REQUEST);
	}
	if (policy_cell(slot, &quoted->key.inside, point, &cell))
		return false;
	return policy_would_allow(slot, &cell, &quoted->key.outside);
}

/* Is this ICMP error about a packet that inside sent and we would have let answers to? */
__noinline bool related_to_ours(struct xdp_md *ctx, const struct packet *pkt)
{
	struct frame frame = frame_of_xdp(ctx);
	struct quoted quoted = {};
	__u32 offset;

	if (!pkt)
		return false;
	quoted.ipv6 = pkt->ipv6;
	offset = pkt->transport + ICMP_HEADER;
	offset = pkt->ipv6 ? quoted_ipv6(&frame, offset, &quoted)
			   : quoted_ipv4(&frame, offset, &quoted);
	/* The error must go to whoever sent the packet it quotes. */
	if (!offset || !address_equal(&quoted.key.inside, &pkt->key.inside))
		return false;
	if (!quoted_transport(&frame, offset, &quoted))
		return false;
	return quoted_has_flow(&quoted, pkt->now) || quoted_is_service_reply(&quoted, pkt->slot);
}

#endif
