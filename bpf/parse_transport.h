/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transport header: ports or ICMP type, what a flow's state needs, nothing of the payload.
 */
#ifndef XFW_PARSE_TRANSPORT_H
#define XFW_PARSE_TRANSPORT_H

#include "packet.h"

enum {
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
	SCTP_HEADER = 12,

	ICMP_ECHO_REPLY = 0,
	ICMP_ECHO_REQUEST = 8,
	ICMP6_ECHO_REQUEST = 128,
	ICMP6_ECHO_REPLY = 129,
};

/*
 * Bytes of IP payload from the transport header on. Too few for the header is malformed, and in
 * a first fragment the old trick to hide the ports from a filter (RFC 1858, RFC 7112).
 */
static __always_inline __u32 transport_length(const struct packet *pkt)
{
	__u32 end = pkt->network + pkt->ip_length;

	return end > pkt->transport ? end - pkt->transport : 0;
}

static __always_inline enum verdict drop_cut_short(struct packet *pkt)
{
	return drop(pkt, pkt->fragment ? DROP_FRAGMENT_TINY : DROP_MALFORMED);
}

static __always_inline void set_ports(struct packet *pkt, enum direction direction, __u16 source,
				      __u16 destination)
{
	pkt->key.inside_port = direction == INBOUND ? destination : source;
	pkt->key.outside_port = direction == INBOUND ? source : destination;
	pkt->point |= destination;
}

static __always_inline bool tcp_flags_sensible(__u8 flags)
{
	if (flags & TCP_SYN)
		return !(flags & (TCP_FIN | TCP_RST));
	return flags & (TCP_ACK | TCP_RST);
}

static __always_inline enum verdict parse_tcp(const struct frame *frame, struct packet *pkt,
					      enum direction direction)
{
	const struct tcphdr *tcp = frame_at(frame, pkt->transport, TCP_HEADER);
	__u32 length = transport_length(pkt);

	if (!tcp || length < TCP_HEADER || length < tcp->doff * 4U)
		return drop_cut_short(pkt);
	if (tcp->doff * 4 < TCP_HEADER)
		return drop(pkt, DROP_MALFORMED);
	pkt->tcp_flags = ((const __u8 *)tcp)[13];
	if (!tcp_flags_sensible(pkt->tcp_flags))
		return drop(pkt, DROP_TCP_FLAGS);
	pkt->tcp_sequence = bpf_ntohl(tcp->seq);
	pkt->tcp_acknowledged = bpf_ntohl(tcp->ack_seq);
	set_ports(pkt, direction, bpf_ntohs(tcp->source), bpf_ntohs(tcp->dest));
	return VERDICT_NEXT;
}

static __always_inline enum verdict parse_udp(const struct frame *frame, struct packet *pkt,
					      enum direction direction)
{
	const struct udphdr *udp = frame_at(frame, pkt->transport, UDP_HEADER);
	__u32 length = transport_length(pkt);

	if (!udp || length < UDP_HEADER)
		return drop_cut_short(pkt);
	if (bpf_ntohs(udp->len) < UDP_HEADER)
		return drop(pkt, DROP_MALFORMED);
	if (pkt->fragment == FRAGMENT_NONE && direction == INBOUND && bpf_ntohs(udp->len) > length)
		return drop(pkt, DROP_MALFORMED);
	set_ports(pkt, direction, bpf_ntohs(udp->source), bpf_ntohs(udp->dest));
	return VERDICT_NEXT;
}

static __always_inline enum verdict parse_sctp(const struct frame *frame, struct packet *pkt,
					       enum direction direction)
{
	const struct sctphdr *sctp = frame_at(frame, pkt->transport, SCTP_HEADER + 4);

	if (!sctp || transport_length(pkt) < SCTP_HEADER + 4)
		return drop_cut_short(pkt);
	pkt->sctp_chunk = ((const __u8 *)sctp)[SCTP_HEADER];
	set_ports(pkt, direction, bpf_ntohs(sctp->source), bpf_ntohs(sctp->dest));
	return VERDICT_NEXT;
}

struct icmp_head {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 identifier;
	__be16 sequence;
};

/* Both ICMPs. An echo's identifier stands for the inside's port (RFC 5508 3.1). */
static __always_inline enum verdict parse_icmp(const struct frame *frame, struct packet *pkt)
{
	const struct icmp_head *icmp = frame_at(frame, pkt->transport, ICMP_HEADER);

	/* Each ICMP belongs to its own IP; MLD and errors are longer, none is shorter. */
	if (pkt->ipv6 != (pkt->key.protocol == PROTOCOL_ICMP6))
		return drop(pkt, DROP_MALFORMED);
	if (!icmp || transport_length(pkt) < ICMP_HEADER)
		return drop_cut_short(pkt);
	pkt->icmp_type = icmp->type;
	pkt->icmp_code = icmp->code;
	pkt->point |= icmp->type;
	pkt->key.inside_port = bpf_ntohs(icmp->identifier);
	return VERDICT_NEXT;
}

static __always_inline enum verdict parse_transport(const struct frame *frame, struct packet *pkt,
						    enum direction direction)
{
	switch (pkt->key.protocol) {
	case PROTOCOL_TCP:
		return parse_tcp(frame, pkt, direction);
	case PROTOCOL_UDP:
		return parse_udp(frame, pkt, direction);
	case PROTOCOL_SCTP:
		return parse_sctp(frame, pkt, direction);
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMP6:
		return parse_icmp(frame, pkt);
	}
	return VERDICT_NEXT;
}

static __always_inline bool is_echo_request(const struct packet *pkt)
{
	return pkt->ipv6
		       ? pkt->key.protocol == PROTOCOL_ICMP6 && pkt->icmp_type == ICMP6_ECHO_REQUEST
		       : pkt->key.protocol == PROTOCOL_ICMP && pkt->icmp_type == ICMP_ECHO_REQUEST;
}

static __always_inline bool is_echo_reply(const struct packet *pkt)
{
	return pkt->ipv6 ? pkt->key.protocol == PROTOCOL_ICMP6 && pkt->icmp_type == ICMP6_ECHO_REPLY
			 : pkt->key.protocol == PROTOCOL_ICMP && pkt->icmp_type == ICMP_ECHO_REPLY;
}

static __always_inline bool is_icmp(const struct packet *pkt)
{
	return pkt->key.protocol == PROTOCOL_ICMP || pkt->key.protocol == PROTOCOL_ICMP6;
}

#endif
