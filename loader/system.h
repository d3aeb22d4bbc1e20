/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel says of this network namespace, asked once through rtnetlink (libmnl).
 * A snapshot: it never changes anything and is never kept across commands.
 */
#ifndef XFW_SYSTEM_H
#define XFW_SYSTEM_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "../maps/layout.h"

struct system_link {
	char name[IFNAMSIZ];
	unsigned int ifindex;
	unsigned int master; /* ifindex of the bridge it is a port of, or 0 */
	unsigned int mtu;
	__u8 mac[6];
	bool has_link_header; /* ARPHRD_ETHER */
	bool is_running;      /* up, and with a carrier */
	bool is_bridge;
	bool bridge_filters_vlans;
	char kind[16]; /* IFLA_INFO_KIND: bridge, veth, tun, wireguard…; "" for hardware */
};

struct system_address {
	struct address address; /* IPv4 as v4-mapped */
	unsigned int ifindex;
	__u8 prefix_length; /* of the mapped form: /24 is 120 */
};

/* A unicast route by one way: prohibitions and multipath routes are not among them. */
struct system_route {
	struct prefix prefix;
	struct address gateway; /* all 0: on link */
	unsigned int ifindex;
	__u32 table;
	__u8 protocol; /* RTPROT_… */
};

struct system {
	struct system_link *links;
	size_t link_count;
	struct system_address *addresses;
	size_t address_count;
	struct system_route *routes; /* of the tables that were asked for */
	size_t route_count;
};

/* Take the snapshot, without routes. Returns 0 or -errno. */
int system_read(struct system *system);

/* Add the routes of the kernel's table number @table. Returns 0 or -errno. */
int system_read_table(struct system *system, __u32 table);
void system_free(struct system *system);

/* Nothing came, went or changed between two snapshots of the same tables. */
bool system_same(const struct system *a, const struct system *b);

/* NULL when there is none. */
const struct system_link *system_link_by_name(const struct system *system, const char *name);
const struct system_link *system_link_by_index(const struct system *system, unsigned int ifindex);

#endif
