/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every key and value of every map, for the programs and for user space alike.
 * A change of any size or meaning here raises XFW_LAYOUT_VERSION.
 *
 * Addresses are 16 bytes in network order; IPv4 is v4-mapped (::ffff:a.b.c.d, RFC 4291 2.5.5.2),
 * and so are its prefix lengths: 10.0.0.0/8 is ::ffff:10.0.0.0/104.
 * Ports are in host order. Times are ticks: 64 jiffies each (64 ms at HZ=1000, 640 ms at HZ=100).
 */
#ifndef XFW_LAYOUT_H
#define XFW_LAYOUT_H

#ifndef __bpf__ /* the programs have vmlinux.h */
#include <linux/types.h>
#endif

#include "reasons.h"

#define XFW_LAYOUT_VERSION 1

#define XFW_TICK_SHIFT 6 /* jiffies >> XFW_TICK_SHIFT = ticks */

enum {
	XFW_INTERFACES_CAPACITY = 16,	  /* wan, lan and tun lines together */
	XFW_RULES_CAPACITY = 131072,	  /* rule ids run from 1 to this, exclusive */
	XFW_ROUTES_CAPACITY = 16384,	  /* slices; index 0 of route_stats stands for none */
	XFW_TRIE_CAPACITY = 1 << 20,	  /* entries of gen_prefixes, gen_sources and gen_routes */
	XFW_NDP_PROXIES = 16,		  /* `ndp proxy` lines */
	XFW_OWN_COVERS = 8,		  /* coarse prefixes around all that is ours */
	XFW_PORTS_CAPACITY = 8192,	  /* MAC addresses learned behind bridge ports */
	XFW_FLOWS_DEFAULT = 262144,	  /* `option flows N` */
	XFW_OPENING_DEFAULT = 65536,	  /* half-open flows, a map of their own */
	XFW_FRAGMENTS_CAPACITY = 16384,	  /* datagrams in flight as fragments */
	XFW_SERVICES_CAPACITY = 4096,	  /* per CPU, direct-mapped; a power of two */
	XFW_DESTINATIONS_CAPACITY = 4096, /* the same */
	XFW_CELL_SEARCH_STEPS = 21,	  /* binary search over at most 2^20 cells of one set */
	XFW_RULE_TEXT = 208,		  /* bytes of a rule as typed, with its NUL */
	XFW_CONFIG_CHUNK = 4096,	  /* bytes of configuration text per array element */
	XFW_TALKERS_CAPACITY = 4096,	  /* addresses counted while somebody looks, per CPU */
	XFW_PORT_LIFETIME_S = 30,     /* a learned MAC not heard for so long goes to the kernel */
	XFW_NEXT_HOP_LIFETIME_S = 1,  /* a cached next hop is looked up again after this */
	XFW_FRAGMENT_LIFETIME_S = 30, /* RFC 791's reassembly time; RFC 8200 says 60 */
};

struct address {
	__u8 bytes[16];
} __attribute__((aligned(4)));

struct counter {
	__u64 packets;
	__u64 bytes;
};

/* ---- the switch between generations of policy ---- */

/*
 * control: one element, mapped by user space, so that `judging` changes in one 8-byte store.
 * The tables of generation g are in slot g & 1 of each gen_* map.
 */
struct control {
	/*
	 * Bits 0-31: the generation that judges. Bits 32-63: tick after which, unless
	 * confirmed, the one before it judges again; 0 is never.
	 */
	__u64 judging;
	__u32 layout_version;
	/*
	 * Until this tick a TCP connection seen in mid-stream from inside is taken on as
	 * established: those that lived before xfw came up. 0 is never.
	 */
	__u32 adopt_until;
	/*
	 * Until this tick somebody listens, and renews it: a listener that dies costs nothing
	 * soon after. 0 is nobody.
	 */
	__u32 watched_until;
	__u32 watched_what;   /* WATCH_… bits */
	__u32 drop_log_until; /* as watched_until, of who writes `option drop-log` */
	__u32 talkers_until;  /* the same, of who reads `talkers` */
};

/* gen_settings: one element, what the programs need to know besides the tables. */
struct settings_interface {
	__u32 ifindex;
	__u32 role; /* enum role */
	__u8 mac[6];
	__u8 has_link_header; /* 0: a layer-3 device, frames begin with the IP header */
	__u8 enforce_in_tc;   /* a tunnel, or a LAN with `hook tc` */
};

struct prefix {
	struct address address; /* bits past length are 0 */
	__u32 length;		/* 0 to 128 */
};

/* A prefix in the form that needs no branch to match: (address ^ value) & mask is 0. */
struct cover {
	struct address value;
	struct address mask;
};

/* ndp proxy PREFIX [on IF]; the cover's host bits are clear. */
struct ndp_proxy {
	__u32 ifindex; /* 0: every WAN */
	struct cover cover;
};

struct settings {
	__u32 interface_count;
	__u32 own_cover_count; /* 0 with own_covers_overflow: ask gen_routes every time */
	__u32 own_covers_overflow;
	__u8 drop_bogons;
	__u8 fast_path;	 /* 0: policy only, the kernel forwards everything (option fast-path off) */
	__u8 has_denies; /* 0: no deny rule exists, outbound packets skip the policy */
	__u8 pad;
	struct settings_interface interfaces[XFW_INTERFACES_CAPACITY];
	/* Every slice and host address lies in one of these; a quick "not ours" for the rest. */
	struct cover own_covers[XFW_OWN_COVERS];
	__u32 ndp_proxy_count;
	struct ndp_proxy ndp_proxies[XFW_NDP_PROXIES];
};

/* ---- policy: destination → set, {set, protocol, port} → cell, {source set, source} → rule ---- */

/* A set names its cells: cells[first] to cells[first + count - 1], sorted by start. */
struct rule_set {
	__u32 first;
	__u32 count; /* at least 1: the first cell starts at 0 */
};

/* gen_hosts (hash): struct address → struct rule_set, for destinations that rules name whole. */

/* gen_prefixes (LPM): struct prefix_key → struct rule_set, for all others; holds ::/0 always. */
struct prefix_key {
	__u32 prefixlen; /* 0 to 128 */
	struct address address;
};

/*
 * gen_cells (array): what holds from `start` up to the next cell's start.
 * A point is protocol << 16 | port: destination port, ICMP type, or 0.
 * Rules: an id, 0 is none, with RULE_LIMITED where rule_limits has a say and
 * RULE_LOGGED where the rule says `log`. Of rules that say the
 * same the lowest number is kept, so that one without a limit beats those with. Source sets: 0 is
 * empty.
 */
struct cell {
	__u32 start;
	__u32 deny_rule;     /* denies whatever the source */
	__u32 allow_rule;    /* allows whatever the source */
	__u32 deny_sources;  /* source set whose members are denied */
	__u32 allow_sources; /* source set whose members are allowed */
};

enum {
	RULE_LIMITED = 1 << 30,
	RULE_LOGGED = 1 << 29,
	RULE_ID_MASK = RULE_LOGGED - 1,
};

/* gen_sources (LPM): → __u32 rule, as in a cell, that names the source. */
struct source_key {
	__u32 prefixlen; /* 32 + 0 to 128 */
	__u32 set;
	struct address address;
};

/* ---- rules and routes as people see them ---- */

enum rule_action { RULE_ALLOW, RULE_DENY };

/* rules (hash, __u32 id →): the rule as typed. A view: the compiled tables above judge. */
struct rule_view {
	enum rule_action action;
	__u32 pad;
	char text[XFW_RULE_TEXT];
};

/* rule_stats (per-CPU array, by rule id) and route_stats (by struct route.index). */
struct hit_counter {
	__u64 packets;
	__u64 bytes;
	__u32 last_hit; /* tick */
	__u32 pad;
};

/*
 * rule_limits (array, by rule id): a bucket that gains `rate` packets a second and holds as many,
 * shared by all CPUs. In packets times HZ, so that a jiffy's gain is a whole number.
 */
struct rule_limit {
#ifdef __bpf__
	struct bpf_spin_lock lock;
#else
	__u32 lock;
#endif
	__u32 rate_pps;
	__u64 tokens;
	__u64 jiffies; /* of the last gain */
};

enum route_kind {
	ROUTE_HOST,	   /* an address of the host: the kernel's */
	ROUTE_ON_LINK,	   /* `dev IF` */
	ROUTE_GATEWAY,	   /* `via ADDR dev IF` */
	ROUTE_MASQUERADED, /* `masquerade NET`: guests may send from it, the kernel translates */
};

/* routes (LPM, struct prefix_key →), also in gen_routes: slices and the host's own addresses. */
struct route {
	enum route_kind kind;
	__u32 index;   /* in route_stats, one for all of an import; 0 for ROUTE_HOST */
	__u32 table;   /* the kernel's table that it was imported from; 0: typed */
	__u32 ifindex; /* where it leads; anti-spoof holds sources to it */
	struct address gateway;
	char device[16];
};

/* gen_config (array of chunks): the running configuration as text. Its length first. */
struct config_chunk {
	__u32 length; /* bytes used in this chunk */
	char text[XFW_CONFIG_CHUNK];
};

/* ---- flows ---- */

/* Inside is the host's or guest's end whichever way the packet goes. */
struct flow_key {
	struct address inside;
	struct address outside;
	__u16 inside_port; /* host order; ICMP echo: the identifier */
	__u16 outside_port;
	__u32 protocol; /* 0 to 255 */
};

/* Where packets towards the inside go. */
struct next_hop {
	__u32 resolved; /* tick; 0 is never */
	__u32 port;	/* ifindex to redirect to; 0: the kernel forwards */
	__u32 route;	/* index in route_stats */
	__u8 destination[6];
	__u16 mtu; /* bytes of IP packet the egress takes */
	__u8 source[6];
	__u8 pad[2];
};

/* flows, flows_opening (LRU hash): struct flow_key → struct flow. */
struct flow {
	__u32 last_seen;  /* tick */
	__u32 judged_in;  /* generation under which inbound packets were last judged */
	__u32 judged_out; /* the same for outbound ones, on the LAN they come from: */
	__u32 inside_ifindex;
	__u32 inside_ack; /* TCP: the last acknowledgement sent from inside, RFC 5961 3.2 */
	__u32 closed_by;  /* FLOW_CLOSED_BY_… bits */
	enum flow_state state;
	__u32 created; /* tick */
	struct counter in;
	struct counter out;
};

enum {
	FLOW_CLOSED_BY_INSIDE = 1,
	FLOW_CLOSED_BY_OUTSIDE = 2,
};

/* fragments (LRU hash): datagrams whose first fragment was let in. */
struct fragment_key {
	struct address source;
	struct address destination;
	__be32 identification;
	__u32 protocol;
};

struct fragment {
	__u32 seen; /* tick of the first fragment */
	__u32 generation;
	__u32 first_length; /* bytes of payload in the first fragment: later ones start past it */
	__u32 pad;
};

/*
 * services (per-CPU array, direct-mapped by a hash of its key): an allowed service with a live
 * destination, so that inbound packets to it cost one lookup. Attackers cannot add entries:
 * only what policy allows and a neighbour answers for is kept. What was refused last is
 * remembered alike in a table of its own, `refused`, so that a flood at one closed port is cheap
 * to drop; those entries strangers make, and may push out.
 */
struct service {
	struct address destination;
	__u32 point; /* protocol << 16 | port */
	__u32 generation;
	struct cell cell;
};

/*
 * destinations (per-CPU array, direct-mapped by a hash of its key): next hops, by destination and
 * not by flow, since a million flows to a guest share one answer of the FIB.
 */
struct destination {
	struct address address;
	__u32 generation;
	struct next_hop next_hop;
};

/* ---- explaining ---- */

/*
 * explained (per-CPU array, one element): what xfw_explain found on its way; user space reads the
 * element of the CPU it ran it on.
 */
struct explanation {
	__u32 ask; /* set before: the generation to ask, 0 is the one that judges */
	__u32 generation;
	enum role role;
	enum verdict verdict;
	enum drop_reason reason; /* when dropped */
	__u32 rule;		 /* that decided, 0 is none */
	struct flow_key key;
	__u32 point;
	__u32 ip_length;
	__u32 fragment; /* 0 whole, 1 the first fragment, 2 a later one */
	__u32 plain;	/* nothing that the fast path leaves to the kernel */
	__u32 hop_limit;
	__u32 flow_found;
	enum flow_state flow_state;
	__u32 flow_last_seen;
	__u32 flow_created;
	__u32 next_hop_asked;
	struct next_hop next_hop;
};

/* ---- events ---- */

enum {
	WATCH_ALL = 1,
	WATCH_DROPS = 2,
	WATCH_LOGGED = 4,   /* of rules that say `log` */
	WATCH_DROP_LOG = 8, /* drops, for the other ring */
	WATCH_DECIDED = 16, /* what no flow let through: policy was asked */
	WATCH_TALKERS = 32, /* who talks how much; no events */
};

enum { XFW_EVENT_BYTES = 128, XFW_EVENTS_SIZE = 1 << 20, XFW_DROP_LOG_SIZE = 1 << 18 };

/*
 * events, drop_log (ring buffers, one for each that may listen): what became of a packet; only
 * while control.watched_until or drop_log_until says so.
 */
struct event {
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u32 ifindex; /* it came in by */
	enum role role;
	enum verdict verdict;
	enum drop_reason reason; /* when dropped */
	__u32 rule;
	__u32 length;	/* of the frame */
	__u32 captured; /* bytes of it in `bytes` */
	__u32 point;
	struct flow_key key;
	__u8 bytes[XFW_EVENT_BYTES]; /* the frame as it leaves */
};

enum event_listener { LISTENER_MONITOR, LISTENER_DROP_LOG, XFW_LISTENERS };

/* event_budget (per-CPU array, by listener): a flood must not become a flood of events. */
struct event_budget {
	__u32 tick;
	__u32 spent;
	__u64 unseen; /* events over the budget, or that found the ring full */
};

/* ---- who talks ---- */

enum talker_kind {
	TALKER_GUEST,  /* an address inside: in from the WAN, out from a LAN or tunnel */
	TALKER_SOURCE, /* an address outside: in from the WAN */
};

/* talkers (LRU per-CPU hash): counted only while control.talkers_until says so, and never emptied. */
struct talker_key {
	struct address address;
	enum talker_kind kind;
};

struct talker {
	struct counter in;
	struct counter out;
	__u64 dropped; /* packets of both */
};

/* ---- bridge ports ---- */

/* ports (LRU hash): behind which port of a bridge a MAC address was last heard. */
struct port_key {
	__u32 bridge; /* ifindex */
	__u8 mac[6];
	__u8 pad[2];
};

struct port {
	__u32 ifindex;
	__u32 last_heard; /* tick */
};

/* bridge_ports (hash, ifindex of a port → ifindex of its bridge): where xfw_port may learn. */

/* port_devices (devmap hash, ifindex → ifindex): devices that take redirected frames. */

/* ---- counters ---- */

/* drops (per-CPU array, by enum role): one counter a reason. */
#define XFW_DROP_FIELD(id, field, text) struct counter field;
struct drop_counters {
	XFW_DROP_REASONS(XFW_DROP_FIELD)
};

/* interface_stats (per-CPU array, by position in settings.interfaces): one a verdict. */
#define XFW_VERDICT_FIELD(id, field) struct counter field;
struct interface_counters {
	XFW_VERDICTS(XFW_VERDICT_FIELD)
};

#define XFW_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
XFW_ASSERT_SIZE(struct address, 16);
XFW_ASSERT_SIZE(struct control, 32);
XFW_ASSERT_SIZE(struct settings_interface, 16);
XFW_ASSERT_SIZE(struct prefix, 20);
XFW_ASSERT_SIZE(struct settings, 16 + 16 * 16 + 8 * 32 + 4 + 16 * 36);
XFW_ASSERT_SIZE(struct cell, 20);
XFW_ASSERT_SIZE(struct source_key, 24);
XFW_ASSERT_SIZE(struct rule_view, 216);
XFW_ASSERT_SIZE(struct hit_counter, 24);
XFW_ASSERT_SIZE(struct route, 48);
XFW_ASSERT_SIZE(struct flow_key, 40);
XFW_ASSERT_SIZE(struct next_hop, 28);
XFW_ASSERT_SIZE(struct flow, 8 * 4 + 2 * 16);
XFW_ASSERT_SIZE(struct fragment_key, 40);
XFW_ASSERT_SIZE(struct service, 44);
XFW_ASSERT_SIZE(struct destination, 48);
XFW_ASSERT_SIZE(struct talker_key, 20);
XFW_ASSERT_SIZE(struct talker, 40);
XFW_ASSERT_SIZE(struct port_key, 12);
XFW_ASSERT_SIZE(struct drop_counters, XFW_DROP_REASON_COUNT * sizeof(struct counter));

#endif
