/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bridge ports: a native program cannot redirect to a bridge, only to the port behind it.
 * A port that does not take redirects, or whose bridge filters VLANs, is left to the kernel.
 */
#include "ports.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/clock.h"
#include "netlink.h"

enum { XDP_FEATURE_NDO_XMIT = 4 }; /* NETDEV_XDP_ACT_NDO_XMIT, linux/netdev.h of 6.3 */

/*
 * A veth takes redirects only while its peer has GRO on or XDP attached, and the kernel says so
 * from 6.3 on. Before that only tap devices are sure to.
 */
static bool takes_redirects(const struct system_link *link)
{
	unsigned long long features;

	if (netlink_xdp_features(link->ifindex, &features))
		return !strcmp(link->kind, "tun");
	return features & XDP_FEATURE_NDO_XMIT;
}

static bool is_lan(const struct config *config, unsigned int ifindex)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].ifindex == ifindex)
			return config->interfaces[i].role == ROLE_LAN;
	return false;
}

/* ---- MAC addresses the bridge knows already ---- */

struct seed {
	const struct pins *pins;
	const struct config *config;
	__u32 tick;
};

static int take_neighbour(const struct nlmsghdr *answer, void *context)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[NDA_MAX + 1] = {};
	struct netlink_attributes attributes = {table, NDA_MAX};
	const struct seed *seed = context;
	struct port port = {.ifindex = header->ndm_ifindex, .last_heard = seed->tick};
	struct port_key key = {};

	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	if (!table[NDA_LLADDR] || !table[NDA_MASTER] ||
	    mnl_attr_get_payload_len(table[NDA_LLADDR]) != sizeof(key.mac))
		return MNL_CB_OK;
	/* Permanent entries are the ports' own addresses, not what is behind them. */
	if (header->ndm_state & NUD_PERMANENT)
		return MNL_CB_OK;
	key.bridge = mnl_attr_get_u32(table[NDA_MASTER]);
	memcpy(key.mac, mnl_attr_get_payload(table[NDA_LLADDR]), sizeof(key.mac));
	if (is_lan(seed->config, key.bridge))
		bpf_map_update_elem(seed->pins->maps[MAP_PORTS], &key, &port, BPF_ANY);
	return MNL_CB_OK;
}

static int seed_from_bridges(const struct pins *pins, const struct config *config)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct seed seed = {pins, config, clock_tick(pins)};
	struct ndmsg *header;

	request->nlmsg_type = RTM_GETNEIGH;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->ndm_family = AF_BRIDGE;
	return netlink_talk(NETLINK_ROUTE, request, take_neighbour, &seed);
}

/* ---- the devices ---- */

/* Is @link a port of a LAN's bridge that is simple enough to bypass? */
static const struct system_link *bridge_of(const struct config *config, const struct system *system,
					   const struct system_link *link)
{
	const struct system_link *bridge;

	if (!link->master || !is_lan(config, link->master))
		return NULL;
	bridge = system_link_by_index(system, link->master);
	return bridge && bridge->is_bridge && !bridge->bridge_filters_vlans ? bridge : NULL;
}

static int keep_device(const struct pins *pins, const struct system_link *link, bool keep)
{
	__u32 ifindex = link->ifindex;

	if (keep)
		return bpf_map_update_elem(pins->maps[MAP_PORT_DEVICES], &ifindex, &ifindex,
					   BPF_ANY)
			       ? -errno
			       : 0;
	bpf_map_delete_elem(pins->maps[MAP_PORT_DEVICES], &ifindex);
	return 0;
}

static int keep_port(const struct pins *pins, const struct system_link *link,
		     const struct system_link *bridge)
{
	__u32 ifindex = link->ifindex, of;

	if (!bridge) {
		int error;

		if (bpf_map_lookup_elem(pins->maps[MAP_BRIDGE_PORTS], &ifindex, &of))
			return 0;
		/* In this order: what the map forgets, nobody would take off any more. */
		error = detach_tc(PROGRAM_PORT, ifindex);
		if (!error)
			bpf_map_delete_elem(pins->maps[MAP_BRIDGE_PORTS], &ifindex);
		return error;
	}
	of = bridge->ifindex;
	if (bpf_map_update_elem(pins->maps[MAP_BRIDGE_PORTS], &ifindex, &of, BPF_ANY))
		return -errno;
	return attach_tc(pins, PROGRAM_PORT, ifindex);
}

/* Guests come and go for years: what is gone must not fill a map of indexes. */
static void forget_gone(int map, const struct system *system)
{
	__u32 ifindex, *previous = NULL, gone = 0;

	while (!bpf_map_get_next_key(map, previous, &ifindex)) {
		if (gone)
			bpf_map_delete_elem(map, &gone);
		gone = system_link_by_index(system, ifindex) ? 0 : ifindex;
		previous = &ifindex;
	}
	if (gone)
		bpf_map_delete_elem(map, &gone);
}

/* A port may go while we look: the kernel forwards for it, nothing is lost. */
static void warn_of_port(const struct system_link *link, int error, struct report *report)
{
	if (error == -E2BIG)
		report_warning(report,
			       "%s: no fast path to it: there is room for %d ports, and no more; "
			       "the kernel forwards",
			       link->name, XFW_PORTS_CAPACITY);
	else if (error && error != -ENODEV)
		report_warning(report, "%s: no fast path to it: %s", link->name, strerror(-error));
}

int ports_sync(const struct pins *pins, const struct config *config, const struct system *system,
	       struct report *report)
{
	/* First: what is gone makes room. */
	forget_gone(pins->maps[MAP_BRIDGE_PORTS], system);
	forget_gone(pins->maps[MAP_PORT_DEVICES], system);
	for (size_t i = 0; i < system->link_count; i++) {
		const struct system_link *link = &system->links[i];
		const struct system_link *bridge = bridge_of(config, system, link);
		bool may_take = bridge || (is_lan(config, link->ifindex) && !link->is_bridge);
		int error = keep_port(pins, link, bridge);

		if (!error)
			error = keep_device(pins, link, may_take && takes_redirects(link));
		warn_of_port(link, error, report);
	}
	return seed_from_bridges(pins, config);
}
