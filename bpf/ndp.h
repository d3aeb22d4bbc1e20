/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Neighbour solicitations for slices, answered where the provider has the /64 on link: in place,
 * the advertisement leaves by the interface the solicitation came in by (RFC 4861 7.2.3, 7.2.8).
 * Only for what is both inside a proxied prefix and inside a slice: hosters cut off servers that
 * answer for others.
 */
#ifndef XFW_NDP_H
#define XFW_NDP_H

#include "essential.h"
#include "parse_ipv6.h"
#include "route.h"

enum {
	ND_MESSAGE = 24, /* up to the options */
	ND_OPTION = 8,	 /* a link-layer address with its head */
	ND_LONGEST = 96, /* of a solicitation; with more it has options we need not know */
	ND_OPTION_TARGET = 2,
	ND_OPTION_LENGTH = 1, /* in units of 8 bytes */
	ND_ANSWER_FRAME = ETHERNET_HEADER + IPV6_HEADER + ND_MESSAGE + ND_OPTION,
};

/* Router, solicited. Not override: a guest that answers itself goes before its proxy. */
#define ND_FLAG_ROUTER	  0x80000000U
#define ND_FLAG_SOLICITED 0x40000000U

struct nd_answer {
	struct ethhdr ethernet;
	struct ipv6hdr ip;
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 flags;
	struct address target;
	__u8 option;
	__u8 option_length;
	__u8 mac[6];
} __attribute__((packed, aligned(2)));
_Static_assert(sizeof(struct nd_answer) == ND_ANSWER_FRAME, "struct nd_answer");

static __always_inline __u16 checksum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The pseudo header (RFC 8200 8.1); the addresses stand in front of what is summed. */
static __always_inline __u32 checksum_start(__u32 length)
{
	return bpf_htons(length) + bpf_htons(PROTOCOL_ICMP6);
}

/* Addresses and message alike: 16-bit words from the source address on. */
static __always_inline bool nd_checksum_right(const struct frame *frame, __u32 length)
{
	const __u32 start = ETHERNET_HEADER + 8;
	__u32 sum = checksum_start(length), words = (32 + length) / 2;

	for (__u32 i = 0; i < (32 + ND_LONGEST) / 2; i++) {
		const __u16 *word;

		if (i >= words)
			break;
		word = frame_at(frame, start + i * 2, 2);
		if (!word)
			return false;
		sum += *word;
	}
	return !checksum_fold(sum);
}

/*
 * A solicitation whose form RFC 4861 7.1.1 accepts; *target is whom it asks for. The options are
 * not read: the answer goes to the frame's sender.
 */
static __always_inline bool nd_solicitation(const struct frame *frame, const struct packet *pkt,
					    struct address *target)
{
	const __u32 message = ETHERNET_HEADER + IPV6_HEADER;
	__u32 length = pkt->ip_length - IPV6_HEADER;
	const void *asked = frame_at(frame, message + 8, sizeof(*target));

	if (!asked || !pkt->plain || length < ND_MESSAGE || length > ND_LONGEST || length & 7)
		return false;
	address_copy(target, asked);
	if (address_is_multicast(target) || !nd_checksum_right(frame, length))
		return false;
	/* Without a source it is duplicate address detection, and asks the group. */
	return !address_is_unspecified(&pkt->key.outside) || address_is_multicast(&pkt->key.inside);
}

static __always_inline bool nd_proxied(const struct packet *pkt, const struct address *target)
{
	void *table = generation_table(&gen_settings, pkt->slot);
	const struct settings *settings;
	bool inside = false;
	__u32 zero = 0;

	if (!table)
		return false;
	settings = bpf_map_lookup_elem(table, &zero);
	if (!settings)
		return false;
	for (__u32 i = 0; i < XFW_NDP_PROXIES && i < settings->ndp_proxy_count; i++) {
		const struct ndp_proxy *proxy = &settings->ndp_proxies[i];

		inside |= (!proxy->ifindex || proxy->ifindex == pkt->ifindex) &&
			  address_covered(target, &proxy->cover);
	}
	return inside && address_is_guests(pkt->slot, target);
}

/* Not static: libbpf 1.1 gives static variables no place in their section's BTF. */
const struct address all_nodes = {{0xff, 0x02, [15] = 1}};
const __u8 all_nodes_mac[6] = {0x33, 0x33, [5] = 1};

static __always_inline void nd_fill(struct nd_answer *answer, const struct packet *pkt,
				    const struct address *target)
{
	bool unnamed = address_is_unspecified(&pkt->key.outside);
	const struct address *to = unnamed ? &all_nodes : &pkt->key.outside;

	__builtin_memcpy(answer->ethernet.h_dest, answer->ethernet.h_source, 6);
	if (unnamed) {
		__builtin_memcpy(answer->ethernet.h_dest, all_nodes_mac, 6);
	}
	__builtin_memcpy(answer->ethernet.h_source, pkt->mac, 6);
	answer->ip.payload_len = bpf_htons(ND_MESSAGE + ND_OPTION);
	answer->ip.hop_limit = 255;
	__builtin_memcpy(&answer->ip.saddr, target, 16);
	__builtin_memcpy(&answer->ip.daddr, to, 16);
	answer->type = ND_NEIGHBOUR_ADVERTISEMENT;
	answer->code = 0;
	answer->checksum = 0;
	answer->flags = bpf_htonl(ND_FLAG_ROUTER | (unnamed ? 0 : ND_FLAG_SOLICITED));
	answer->option = ND_OPTION_TARGET;
	answer->option_length = ND_OPTION_LENGTH;
	__builtin_memcpy(answer->mac, pkt->mac, 6);
}

static __always_inline void nd_sign(struct nd_answer *answer)
{
	const __u16 *words = (const __u16 *)&answer->ip.saddr;
	__u32 sum = checksum_start(ND_MESSAGE + ND_OPTION);

	for (__u32 i = 0; i < (32 + ND_MESSAGE + ND_OPTION) / 2; i++)
		sum += words[i];
	answer->checksum = checksum_fold(sum);
}

static __always_inline bool is_answerable(const struct packet *pkt)
{
	return is_icmp6(pkt) && pkt->icmp_code == 0 && pkt->hop_limit == 255;
}

/* VERDICT_ANSWER when the frame is now the answer, VERDICT_NEXT when it is not for us to give. */
__noinline int ndp_answer(struct xdp_md *ctx, struct packet *pkt)
{
	struct frame frame = frame_of_xdp(ctx);
	struct nd_answer *answer;
	struct address target;

	if (!pkt || !nd_solicitation(&frame, pkt, &target) || !nd_proxied(pkt, &target))
		return VERDICT_NEXT;
	if (bpf_xdp_adjust_tail(ctx, ND_ANSWER_FRAME - (int)pkt->length))
		return VERDICT_NEXT;
	frame = frame_of_xdp(ctx);
	answer = frame_at(&frame, 0, sizeof(*answer));
	if (!answer)
		return VERDICT_DROP; /* cut to the answer's length, and yet shorter: cannot be */
	nd_fill(answer, pkt, &target);
	nd_sign(answer);
	return VERDICT_ANSWER;
}

#endif
