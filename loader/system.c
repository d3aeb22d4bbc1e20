/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The snapshot of links, addresses and routes, by a rtnetlink dump each.
 */
#include "system.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

/* Room for one more element of an array that grows by doubling; NULL when memory is out. */
static void *array_grow(void *array, size_t count, size_t size)
{
	if (count & (count - 1) || (count && count < 8))
		return array;
	return realloc(array, (count < 8 ? 8 : count * 2) * size);
}

static void take_link_kind(const struct nlattr *nested, struct system_link *link)
{
	const struct nlattr *table[IFLA_INFO_MAX + 1] = {}, *bridge[IFLA_BR_MAX + 1] = {};
	struct netlink_attributes attributes = {table, IFLA_INFO_MAX};
	struct netlink_attributes bridge_attributes = {bridge, IFLA_BR_MAX};

	mnl_attr_parse_nested(nested, netlink_collect, &attributes);
	if (!table[IFLA_INFO_KIND])
		return;
	strncpy(link->kind, mnl_attr_get_str(table[IFLA_INFO_KIND]), sizeof(link->kind) - 1);
	link->is_bridge = !strcmp(link->kind, "bridge");
	if (!link->is_bridge || !table[IFLA_INFO_DATA])
		return;
	mnl_attr_parse_nested(table[IFLA_INFO_DATA], netlink_collect, &bridge_attributes);
	if (bridge[IFLA_BR_VLAN_FILTERING])
		link->bridge_filters_vlans = mnl_attr_get_u8(bridge[IFLA_BR_VLAN_FILTERING]);
}

static int take_link(const struct nlmsghdr *answer, void *context)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[IFLA_MAX + 1] = {};
	struct netlink_attributes attributes = {table, IFLA_MAX};
	struct system *system = context;
	struct system_link *link;
	void *longer = array_grow(system->links, system->link_count, sizeof(*link));

	if (!longer)
		return MNL_CB_ERROR;
	system->links = longer;
	link = &system->links[system->link_count];
	memset(link, 0, sizeof(*link));
	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	if (!table[IFLA_IFNAME])
		return MNL_CB_OK;
	system->link_count++;
	strncpy(link->name, mnl_attr_get_str(table[IFLA_IFNAME]), sizeof(link->name) - 1);
	link->ifindex = header->ifi_index;
	link->has_link_header = header->ifi_type == ARPHRD_ETHER;
	link->is_running = header->ifi_flags & IFF_UP && header->ifi_flags & IFF_RUNNING;
	if (table[IFLA_MASTER])
		link->master = mnl_attr_get_u32(table[IFLA_MASTER]);
	if (table[IFLA_MTU])
		link->mtu = mnl_attr_get_u32(table[IFLA_MTU]);
	if (table[IFLA_ADDRESS] && mnl_attr_get_payload_len(table[IFLA_ADDRESS]) == 6)
		memcpy(link->mac, mnl_attr_get_payload(table[IFLA_ADDRESS]), 6);
	if (table[IFLA_LINKINFO])
		take_link_kind(table[IFLA_LINKINFO], link);
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *answer, void *context)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[IFA_MAX + 1] = {}, *own;
	struct netlink_attributes attributes = {table, IFA_MAX};
	struct system *system = context;
	struct system_address *address;
	void *longer = array_grow(system->addresses, system->address_count, sizeof(*address));

	if (!longer)
		return MNL_CB_ERROR;
	system->addresses = longer;
	address = &system->addresses[system->address_count];
	memset(address, 0, sizeof(*address));
	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	/* On a point-to-point link IFA_ADDRESS is the peer's. */
	own = table[IFA_LOCAL] ?: table[IFA_ADDRESS];
	if (!own)
		return MNL_CB_OK;
	if (header->ifa_family == AF_INET6) {
		memcpy(address->address.bytes, mnl_attr_get_payload(own), 16);
		address->prefix_length = header->ifa_prefixlen;
	} else if (header->ifa_family == AF_INET) {
		memcpy(address->address.bytes, mapped, 12);
		memcpy(address->address.bytes + 12, mnl_attr_get_payload(own), 4);
		address->prefix_length = 96 + header->ifa_prefixlen;
	} else {
		return MNL_CB_OK;
	}
	address->ifindex = header->ifa_index;
	system->address_count++;
	return MNL_CB_OK;
}

static void take_route_address(const struct nlattr *attribute, bool ipv4, struct address *address)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (ipv4)
		memcpy(address->bytes, mapped, sizeof(mapped));
	if (attribute)
		memcpy(address->bytes + (ipv4 ? 12 : 0), mnl_attr_get_payload(attribute),
		       ipv4 ? 4 : 16);
}

/* What a dump of routes goes into, and whose routes are wanted. */
struct route_dump {
	struct system *system;
	__u32 table;
};

static int take_route(const struct nlmsghdr *answer, void *context)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[RTA_MAX + 1] = {};
	struct netlink_attributes attributes = {table, RTA_MAX};
	const struct route_dump *wanted = context;
	struct system *system = wanted->system;
	bool ipv4 = header->rtm_family == AF_INET;
	struct system_route *route;
	void *longer;

	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	if ((!ipv4 && header->rtm_family != AF_INET6) || header->rtm_type != RTN_UNICAST ||
	    header->rtm_flags & RTM_F_CLONED || !table[RTA_OIF] || !table[RTA_TABLE] ||
	    mnl_attr_get_u32(table[RTA_TABLE]) != wanted->table)
		return MNL_CB_OK;
	longer = array_grow(system->routes, system->route_count, sizeof(*route));
	if (!longer)
		return MNL_CB_ERROR;
	system->routes = longer;
	route = &system->routes[system->route_count++];
	memset(route, 0, sizeof(*route));
	take_route_address(table[RTA_DST], ipv4, &route->prefix.address);
	route->prefix.length = header->rtm_dst_len + (ipv4 ? 96 : 0);
	if (table[RTA_GATEWAY])
		take_route_address(table[RTA_GATEWAY], ipv4, &route->gateway);
	route->ifindex = mnl_attr_get_u32(table[RTA_OIF]);
	route->table = wanted->table;
	route->protocol = header->rtm_protocol;
	return MNL_CB_OK;
}

static int dump(int type, mnl_cb_t callback, void *context)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtgenmsg *family;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	family = mnl_nlmsg_put_extra_header(request, sizeof(*family));
	family->rtgen_family = AF_UNSPEC;
	return netlink_talk(NETLINK_ROUTE, request, callback, context);
}

int system_read(struct system *system)
{
	int error;

	memset(system, 0, sizeof(*system));
	error = dump(RTM_GETLINK, take_link, system);
	if (!error)
		error = dump(RTM_GETADDR, take_address, system);
	if (error)
		system_free(system);
	return error;
}

int system_read_table(struct system *system, __u32 table)
{
	struct route_dump wanted = {system, table};

	return dump(RTM_GETROUTE, take_route, &wanted);
}

bool system_same(const struct system *a, const struct system *b)
{
	return a->link_count == b->link_count && a->address_count == b->address_count &&
	       a->route_count == b->route_count &&
	       !memcmp(a->links, b->links, a->link_count * sizeof(*a->links)) &&
	       !memcmp(a->addresses, b->addresses, a->address_count * sizeof(*a->addresses)) &&
	       (!a->route_count ||
		!memcmp(a->routes, b->routes, a->route_count * sizeof(*a->routes)));
}

void system_free(struct system *system)
{
	free(system->routes);
	free(system->links);
	free(system->addresses);
	memset(system, 0, sizeof(*system));
}

const struct system_link *system_link_by_name(const struct system *system, const char *name)
{
	for (size_t i = 0; i < system->link_count; i++)
		if (!strcmp(system->links[i].name, name))
			return &system->links[i];
	return NULL;
}

const struct system_link *system_link_by_index(const struct system *system, unsigned int ifindex)
{
	for (size_t i = 0; i < system->link_count; i++)
		if (system->links[i].ifindex == ifindex)
			return &system->links[i];
	return NULL;
}
