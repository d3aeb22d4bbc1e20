/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From words to a packet.
 */
#include "question.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "points.h"

enum { ANY_SOURCE_PORT = 40000, HOP_LIMIT = 64 };

/* ---- words ---- */

static bool is_address(const struct reader *reader, const char *word)
{
	return strpbrk(word, ":.") || names_value(reader->names, word);
}

static int read_address(struct reader *reader, const char *what, struct address *address)
{
	const char *word = reader_next(reader);

	if (!word)
		return reader_wants(reader, what);
	return names_address(reader->names, word, address, reader->fault);
}

/* One port, by number or name. */
static int read_port(struct reader *reader, int protocol, __u16 *port)
{
	const char *word = reader_peek(reader);
	struct rule rule = {.protocol = protocol};
	int error = read_ports(reader, &rule);

	if (!error) {
		*port = rule.ranges[0].first;
		if (rule.range_count != 1 || rule.ranges[0].last != *port)
			error = fault_set(reader->fault, "'%s': a packet has one port", word);
	}
	free(rule.ranges);
	return error;
}

static int read_icmp_type(struct reader *reader, struct question *question)
{
	struct rule rule = {.protocol = question->protocol};
	int error;

	question->icmp_type = question->protocol == IPPROTO_ICMPV6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	if (!reader_peek(reader) || !strcmp(reader_peek(reader), "in") ||
	    !strcmp(reader_peek(reader), "fragment"))
		return 0;
	error = read_type(reader, &rule);
	if (!error)
		question->icmp_type = rule.ranges[0].first;
	free(rule.ranges);
	return error;
}

static int read_flags(struct reader *reader, struct question *question)
{
	static const char letters[] = "FSRPAU";
	const char *word;

	if (!reader_take(reader, "flags"))
		return 0;
	word = reader_next(reader);
	if (!word)
		return reader_wants(reader, "TCP flags, some of SAFRPU");
	question->tcp_flags = 0;
	for (const char *letter = word; *letter; letter++) {
		const char *known = strchr(letters, toupper((unsigned char)*letter));

		if (!known)
			return fault_set(reader->fault, "'%s' is no set of TCP flags (SAFRPU)",
					 word);
		question->tcp_flags |= 1 << (known - letters);
	}
	return 0;
}

static int read_fragment(struct reader *reader, struct question *question)
{
	if (!reader_take(reader, "fragment"))
		return 0;
	if (reader_take(reader, "first"))
		question->fragment = QUESTION_FIRST;
	else if (reader_take(reader, "later"))
		question->fragment = QUESTION_LATER;
	else
		return reader_wants(reader, "'first' or 'later'");
	return 0;
}

int question_read_interface(struct reader *reader, unsigned int *interface)
{
	const struct system_link *link;

	*interface = 0;
	if (!reader_take(reader, "in"))
		return reader_end(reader);
	link = reader_link(reader);
	if (!link)
		return -EINVAL;
	*interface = link->ifindex;
	return reader_end(reader);
}

static bool is_ipv4(const struct address *address)
{
	struct prefix prefix = {*address, 128};

	return prefix_is_ipv4(&prefix);
}

static int read_ends(struct reader *reader, struct question *question)
{
	bool ports = protocol_has_ports(question->protocol);
	const char *next;
	int error = read_address(reader, "a source address", &question->source);

	if (error)
		return error;
	next = reader_peek(reader);
	if (ports && next && !is_address(reader, next))
		error = read_port(reader, question->protocol, &question->source_port);
	if (!error)
		error = read_address(reader, "a destination address", &question->destination);
	if (!error && ports)
		error = reader_peek(reader)
				? read_port(reader, question->protocol, &question->destination_port)
				: reader_wants(reader, "a destination port");
	if (!error && protocol_has_types(question->protocol))
		error = read_icmp_type(reader, question);
	if (!error && is_ipv4(&question->source) != is_ipv4(&question->destination))
		error = fault_set(reader->fault, "one address is IPv4, the other IPv6");
	return error;
}

int question_read(struct reader *reader, struct question *question)
{
	int error;

	*question = (struct question){.source_port = ANY_SOURCE_PORT, .tcp_flags = TH_SYN};
	error = read_protocol(reader, &question->protocol);
	if (!error && question->protocol == PROTOCOL_ANY)
		error = fault_set(reader->fault, "'any': a packet has one protocol");
	if (!error)
		error = read_ends(reader, question);
	if (!error)
		error = read_flags(reader, question);
	if (!error)
		error = read_fragment(reader, question);
	return error ?: question_read_interface(reader, &question->interface);
}

/* ---- bytes ---- */

static __u16 checksum(const void *bytes, size_t length)
{
	const __u16 *words = bytes;
	__u32 sum = 0;

	for (size_t i = 0; i < length / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static size_t fill_transport(const struct question *question, __u8 *at)
{
	switch (question->protocol) {
	case IPPROTO_TCP: {
		struct tcphdr tcp = {.th_sport = htons(question->source_port),
				     .th_dport = htons(question->destination_port),
				     .th_off = sizeof(tcp) / 4,
				     .th_flags = question->tcp_flags,
				     .th_win = htons(65535)};

		memcpy(at, &tcp, sizeof(tcp));
		return sizeof(tcp);
	}
	case IPPROTO_UDP: {
		struct udphdr udp = {.uh_sport = htons(question->source_port),
				     .uh_dport = htons(question->destination_port),
				     .uh_ulen = htons(sizeof(udp))};

		memcpy(at, &udp, sizeof(udp));
		return sizeof(udp);
	}
	case IPPROTO_SCTP: {
		/* The common header, and the head of an INIT chunk. */
		__u16 sctp[10] = {
			htons(question->source_port),
			htons(question->destination_port), [6] = htons(1 << 8), [7] = htons(8)};

		memcpy(at, sctp, sizeof(sctp));
		return sizeof(sctp);
	}
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		at[0] = question->icmp_type;
		/* Long enough for what any type needs: an error quotes, a solicitation has a target. */
		return 40;
	}
	return 8;
}

enum { LATER_AT = 1024, IDENTIFICATION = 1, MORE_FRAGMENTS = 1 };

/* What is not the last fragment has a multiple of 8 bytes, a later one data and no header. */
static size_t fill_payload(const struct question *question, __u8 *at)
{
	size_t length = question->fragment == QUESTION_LATER ? 8 : fill_transport(question, at);

	return question->fragment == QUESTION_FIRST ? (length + 7) & ~7UL : length;
}

static size_t fill_ipv4(const struct question *question, __u8 *at)
{
	size_t length = sizeof(struct iphdr) + fill_payload(question, at + sizeof(struct iphdr));
	struct iphdr ip = {.version = 4,
			   .ihl = sizeof(ip) / 4,
			   .tot_len = htons(length),
			   .id = htons(IDENTIFICATION),
			   .ttl = HOP_LIMIT,
			   .protocol = question->protocol};

	if (question->fragment == QUESTION_FIRST)
		ip.frag_off = htons(IP_MF);
	else if (question->fragment == QUESTION_LATER)
		ip.frag_off = htons(LATER_AT / 8);
	memcpy(&ip.saddr, question->source.bytes + 12, 4);
	memcpy(&ip.daddr, question->destination.bytes + 12, 4);
	ip.check = checksum(&ip, sizeof(ip));
	memcpy(at, &ip, sizeof(ip));
	return length;
}

static size_t fill_fragment_header(const struct question *question, __u8 *at)
{
	struct ip6_frag fragment = {.ip6f_nxt = question->protocol,
				    .ip6f_ident = htonl(IDENTIFICATION)};

	if (question->fragment == QUESTION_WHOLE)
		return 0;
	fragment.ip6f_offlg =
		htons(question->fragment == QUESTION_FIRST ? MORE_FRAGMENTS : LATER_AT);
	memcpy(at, &fragment, sizeof(fragment));
	return sizeof(fragment);
}

static size_t fill_ipv6(const struct question *question, __u8 *at)
{
	size_t header = fill_fragment_header(question, at + sizeof(struct ip6_hdr));
	size_t length = header + fill_payload(question, at + sizeof(struct ip6_hdr) + header);
	struct ip6_hdr ip = {.ip6_flow = htonl(6U << 28),
			     .ip6_plen = htons(length),
			     .ip6_nxt = header ? IPPROTO_FRAGMENT : question->protocol,
			     .ip6_hlim = HOP_LIMIT};

	memcpy(&ip.ip6_src, question->source.bytes, 16);
	memcpy(&ip.ip6_dst, question->destination.bytes, 16);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip) + length;
}

size_t question_frame(const struct question *question, const __u8 *mac, __u8 *frame)
{
	bool ipv4 = is_ipv4(&question->source);
	size_t link = mac ? sizeof(struct ethhdr) : 0;

	memset(frame, 0, QUESTION_FRAME_MAX);
	if (mac) {
		struct ethhdr ethernet = {.h_source = {2},
					  .h_proto = htons(ipv4 ? ETH_P_IP : ETH_P_IPV6)};

		memcpy(ethernet.h_dest, mac, sizeof(ethernet.h_dest));
		memcpy(frame, &ethernet, sizeof(ethernet));
	}
	return link +
	       (ipv4 ? fill_ipv4(question, frame + link) : fill_ipv6(question, frame + link));
}
