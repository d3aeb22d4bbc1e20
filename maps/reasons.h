/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lists the data path and its readers share: drop reasons, roles, flow states.
 * Each list exists once, as rows; enums, counter structs, texts and JSON keys are derived.
 * Rows are append-only within a layout version: counters are addressed by position.
 */
#ifndef XFW_REASONS_H
#define XFW_REASONS_H

/*
 * Why a packet was dropped, in the order of the pipeline.
 * Row: identifier, field (the user sees it with dashes), sentence.
 */
#define XFW_DROP_REASONS(ROW)                                                                     \
	ROW(MALFORMED, malformed, "a header is cut short or contradicts itself")                  \
	ROW(CHECKSUM, checksum, "the IPv4 header checksum is wrong")                              \
	ROW(NOT_FOR_US, not_for_us, "the frame is for another station's MAC address")             \
	ROW(VLAN, vlan, "the frame has a VLAN tag that is not configured")                        \
	ROW(ETHERTYPE, ethertype, "neither IP nor ARP")                                           \
	ROW(LINK_BROADCAST, link_broadcast, "a broadcast frame around a unicast packet")          \
	ROW(HEADER_CHAIN, header_chain, "more or longer extension headers than xfw walks")        \
	ROW(ROUTING_HEADER, routing_header, "a type 0 routing header (RFC 5095)")                 \
	ROW(TCP_FLAGS, tcp_flags, "TCP flags that no stack sends together")                       \
	ROW(SOURCE_UNSPECIFIED, source_unspecified, "the source is the unspecified address")      \
	ROW(SOURCE_LOOPBACK, source_loopback, "the source is a loopback address")                 \
	ROW(SOURCE_MULTICAST, source_multicast, "the source is a multicast or broadcast address") \
	ROW(SOURCE_LINK_LOCAL, source_link_local, "a link-local source, a global destination")    \
	ROW(SOURCE_BOGON, source_bogon, "the source is private or reserved (option bogons)")      \
	ROW(SOURCE_OWN, source_own, "the source is one of our own addresses")                     \
	ROW(SOURCE_SPOOFED, source_spoofed, "a guest sent from a source not routed to it")        \
	ROW(HOP_LIMIT, hop_limit, "neighbour discovery from beyond the link (RFC 4861)")          \
	ROW(FRAGMENT_TINY, fragment_tiny, "a first fragment without its whole header chain")      \
	ROW(FRAGMENT_OVERLAP, fragment_overlap, "a fragment that overlaps the first (RFC 5722)")  \
	ROW(FRAGMENT_UNKNOWN, fragment_unknown, "a fragment whose first was not let in")          \
	ROW(DENIED, denied, "a deny rule matches")                                                \
	ROW(NOT_ALLOWED, not_allowed, "no rule lets it in")                                       \
	ROW(NO_POLICY, no_policy, "no policy is loaded")                                          \
	ROW(RATE_LIMITED, rate_limited, "over the limit of the rule that lets it in")

/* What an interface is for. Row: identifier, word. */
#define XFW_ROLES(ROW) \
	ROW(WAN, wan)  \
	ROW(LAN, lan)  \
	ROW(TUN, tun)

/* Where a flow stands, and how long it may idle there (seconds). RFC 5382, 4787, 5508. */
#define XFW_FLOW_STATES(ROW)                                                           \
	ROW(OPENING, opening, 120, "sent from inside, not answered yet")               \
	ROW(ANSWERED, answered, 300, "answered, without a connection (UDP, ESP, GRE)") \
	ROW(ECHO, echo, 60, "an answered ICMP echo")                                   \
	ROW(ESTABLISHED, established, 28800, "a TCP or SCTP connection")               \
	ROW(CLOSING, closing, 240, "both sides have closed")                           \
	ROW(CLOSED, closed, 10, "reset")

/* What became of a packet. Row: identifier, field. */
#define XFW_VERDICTS(ROW)       \
	ROW(PASS, passed)       \
	ROW(FORWARD, forwarded) \
	ROW(DROP, dropped)      \
	ROW(ANSWER, answered)

#define XFW_ENUM_DROP(id, field, text)		DROP_##id,
#define XFW_ENUM_ROLE(id, word)			ROLE_##id,
#define XFW_ENUM_STATE(id, word, timeout, text) FLOW_##id,
#define XFW_ENUM_VERDICT(id, field)		VERDICT_##id,

enum drop_reason { XFW_DROP_REASONS(XFW_ENUM_DROP) };
enum role { XFW_ROLES(XFW_ENUM_ROLE) };
enum flow_state { XFW_FLOW_STATES(XFW_ENUM_STATE) };
/* VERDICT_NEXT: this station has no objection, the next one judges. Never the last word. */
enum verdict { XFW_VERDICTS(XFW_ENUM_VERDICT) VERDICT_NEXT };

#define XFW_COUNT_ROW(...)    +1
#define XFW_DROP_REASON_COUNT (0 XFW_DROP_REASONS(XFW_COUNT_ROW))
#define XFW_ROLE_COUNT	      (0 XFW_ROLES(XFW_COUNT_ROW))
#define XFW_FLOW_STATE_COUNT  (0 XFW_FLOW_STATES(XFW_COUNT_ROW))
#define XFW_VERDICT_COUNT     (0 XFW_VERDICTS(XFW_COUNT_ROW))

#endif
