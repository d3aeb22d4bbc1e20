/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct packet: what parsing found. Later stations read this, not bytes. It holds values and
 * offsets, no pointers, so that global functions, which the verifier walks once, may take it.
 * The frame's bytes are reached through frame_at() alone.
 */
#ifndef XFW_PACKET_H
#define XFW_PACKET_H

#include "tables.h"

#include <bpf/bpf_endian.h>

/* Which end of the flow sent the packet. A constant of each program. */
enum direction {
	INBOUND,  /* from the provider: the destination is inside */
	OUTBOUND, /* from a guest or the host: the source is inside */
};

enum fragment_place {
	FRAGMENT_NONE,
	FRAGMENT_FIRST, /* has the transport header */
	FRAGMENT_LATER, /* has none: no ports */
};

/* The bytes a program may read: of a frame in several buffers, those of the first. */
struct frame {
	void *data;
	void *data_end;
};

struct packet {
	__u32 length; /* of the whole frame */
	__u32 linear; /* of it, bytes in the first buffer */
	__u32 ifindex;

	/* The generation that judges this packet, from its first lookup to its last. */
	__u32 generation;
	__u32 slot;
	__u32 now; /* tick */
	__u32 interface_index;

	/* Copied from its settings. */
	__u8 drop_bogons;
	__u8 fast_path;
	__u8 has_denies;
	__u8 has_link_header;

	__u8 role; /* enum role, of the interface */
	/* Only asked what would be: no map may change (xfw_explain). */
	__u8 dry;
	__u8 watched;	 /* WATCH_… bits: somebody wants to see it */
	__u8 logged;	 /* the rule that decided says `log` */
	__u16 ethertype; /* host order */
	__u16 network;	 /* offset of the IP header */
	__u16 transport; /* offset of the transport header */
	__u8 ipv6;
	__u8 hop_limit;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 tcp_flags;
	__u8 sctp_chunk;
	/* No tag, option, extension header or fragment: the fast path may take it. */
	__u8 plain;
	__u8 decided;				 /* policy was asked, and no flow was there */
	__u8 over_limit;			 /* a rule would have let it in */
	__u8 link_multicast;			 /* to more than our MAC address */
	__u8 fragment;				 /* enum fragment_place */
	__u8 mac[6] __attribute__((aligned(4))); /* of the interface */
	__u32 ip_length;			 /* bytes from the IP header on, padding excluded */
	__u32 fragment_offset;			 /* bytes */
	__u32 fragment_length; /* bytes of the datagram that this fragment carries */
	__be32 fragment_id;
	__u32 tcp_sequence;
	__u32 tcp_acknowledged;

	struct flow_key key;
	/* What policy asks about: protocol << 16 | destination port or ICMP type. */
	__u32 point;

	enum drop_reason reason;
	__u32 rule; /* that decided, 0 is none */
} __attribute__((aligned(8)));

#define ETHERNET_HEADER 14

/* Enough for Ethernet, IPv6, two extension headers and TCP. */
#define PULLED_HEADERS 128

enum {
	/* verifier (6.1 to 6.18): offsets need a constant bound before they meet a pointer. */
	PACKET_OFFSET_MAX = 1024,
};

/* IPv4 and IPv6 protocol numbers (IANA) and ethertypes the stations name. */
enum {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AH = 51,
	PROTOCOL_ICMP6 = 58,
	PROTOCOL_DESTINATION_OPTIONS = 60,
	PROTOCOL_SCTP = 132,
	PROTOCOL_MOBILITY = 135,
};

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_SLOW = 0x8809, /* LACP: without it a bond loses its link */
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_QINQ = 0x88a8,
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_ACK = 0x10,
};

/* The one place that holds an offset against the frame's end; NULL when it lies beyond. */
static __always_inline void *frame_at(const struct frame *frame, __u32 offset, __u32 length)
{
	void *start;

	if (offset > PACKET_OFFSET_MAX)
		return NULL;
	start = frame->data + offset;
	if (start + length > frame->data_end)
		return NULL;
	return start;
}

static __always_inline struct frame frame_of_xdp(const struct xdp_md *ctx)
{
	return (struct frame){(void *)(long)ctx->data, (void *)(long)ctx->data_end};
}

static __always_inline struct frame frame_of_skb(const struct __sk_buff *skb)
{
	return (struct frame){(void *)(long)skb->data, (void *)(long)skb->data_end};
}

/*
 * Copied in words, not bytes: what follows reads words, and a load that spans several fresh
 * stores waits for all of them.
 */
static __always_inline void address_copy(const struct address *to, const void *from)
{
	__u32 *words = (__u32 *)to->bytes;
	const __u32 *given = from;

	words[0] = given[0];
	words[1] = given[1];
	words[2] = given[2];
	words[3] = given[3];
}

static __always_inline void mac_copy(__u8 *to, const __u8 *from)
{
	*(__u32 *)to = *(const __u32 *)from;
	*(__u16 *)(to + 4) = *(const __u16 *)(from + 4);
}

static __always_inline enum verdict drop(struct packet *pkt, enum drop_reason reason)
{
	pkt->reason = reason;
	return VERDICT_DROP;
}

static __always_inline const struct address *packet_source(const struct packet *pkt,
							   enum direction direction)
{
	return direction == INBOUND ? &pkt->key.outside : &pkt->key.inside;
}

static __always_inline const struct address *packet_destination(const struct packet *pkt,
								enum direction direction)
{
	return direction == INBOUND ? &pkt->key.inside : &pkt->key.outside;
}

#endif
