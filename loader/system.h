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
	bool is_bridge;
	bool bridge_filters_vlans;
	char kind[16]; /* IFLA_INFO_KIND: bridge, veth, tun, wireguard…; "" for hardware */
};

struct system_address {
	struct address address; /* IPv4 as v4-mapped */
	unsigned int ifindex;
	__u8 prefix_length; /* of the mapped form: /24 is 120 */
};

struct system {
	struct system_link *links;
	size_t link_count;
	struct system_address *addresses;
	size_t address_count;
};

/* Take the snapshot. Returns 0 or -errno. */
int system_read(struct system *system);
void system_free(struct system *system);

/* NULL when there is none. */
const struct system_link *system_link_by_name(const struct system *system, const char *name);
const struct system_link *system_link_by_index(const struct system *system, unsigned int ifindex);

#endif
