/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Adding and pruning kernel routes by rtnetlink.
 */
#include "kernel_routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

static const __u8 mapped_start[12] = {[10] = 0xff, [11] = 0xff};

static bool is_ipv4(const struct address *address)
{
	return !memcmp(address->bytes, mapped_start, sizeof(mapped_start));
}

static void put_address(struct nlmsghdr *request, __u16 type, const struct address *address)
{
	if (is_ipv4(address))
		mnl_attr_put(request, type, 4, address->bytes + 12);
	else
		mnl_attr_put(request, type, 16, address->bytes);
}

static struct nlmsghdr *route_request(char *buffer, int type, int flags, bool ipv4)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route;

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = ipv4 ? AF_INET : AF_INET6;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = XFW_ROUTE_PROTOCOL;
	route->rtm_type = RTN_UNICAST;
	return request;
}

static int route_change(const struct prefix *prefix, const struct address *gateway,
			unsigned int ifindex, int type, int flags)
{
	char buffer[512] __attribute__((aligned(8))) = {};
	bool ipv4 = is_ipv4(&prefix->address);
	struct nlmsghdr *request = route_request(buffer, type, flags | NLM_F_ACK, ipv4);
	struct rtmsg *route = mnl_nlmsg_get_payload(request);

	route->rtm_dst_len = ipv4 ? prefix->length - 96 : prefix->length;
	route->rtm_scope = ipv4 && !gateway ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	if (type == RTM_DELROUTE)
		route->rtm_scope = RT_SCOPE_NOWHERE;
	put_address(request, RTA_DST, &prefix->address);
	if (gateway)
		put_address(request, RTA_GATEWAY, gateway);
	if (ifindex)
		mnl_attr_put_u32(request, RTA_OIF, ifindex);
	return netlink_talk(NETLINK_ROUTE, request, NULL, NULL);
}

static void clear_host_bits(struct address *address, unsigned int length)
{
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int bits = length > i * 8 ? length - i * 8 : 0;

		if (bits < 8)
			address->bytes[i] &= bits ? 0xff << (8 - bits) : 0;
	}
}

/* The kernel made a route of its own for the prefix of an address on that interface. */
static bool is_connected(const struct route_config *route, const struct system *system)
{
	for (size_t i = 0; i < system->address_count; i++) {
		struct address network = system->addresses[i].address;

		clear_host_bits(&network, system->addresses[i].prefix_length);
		if (route->kind == ROUTE_ON_LINK &&
		    system->addresses[i].ifindex == route->ifindex &&
		    system->addresses[i].prefix_length == route->prefix.length &&
		    !memcmp(&network, &route->prefix.address, sizeof(network)))
			return true;
	}
	return false;
}

int kernel_routes_add(const struct config *config, const struct system *system,
		      const struct route_config **at_fault)
{
	for (int pass = 0; pass < 2; pass++) {
		/* On-link prefixes first: gateways are reached through them. */
		enum route_kind kind = pass ? ROUTE_GATEWAY : ROUTE_ON_LINK;

		for (size_t i = 0; i < config->route_count; i++) {
			const struct route_config *route = &config->routes[i];
			int error;

			if (route->kind != kind || is_connected(route, system))
				continue;
			error = route_change(&route->prefix,
					     kind == ROUTE_GATEWAY ? &route->gateway : NULL,
					     route->ifindex, RTM_NEWROUTE,
					     NLM_F_CREATE | NLM_F_EXCL);
			if (error && error != -EEXIST) {
				*at_fault = route;
				return error;
			}
		}
	}
	return 0;
}

/* ---- pruning ---- */

struct found_route {
	struct prefix prefix;
	struct address gateway;
	bool has_gateway;
	unsigned int ifindex;
};

struct found_routes {
	struct found_route *routes;
	size_t count;
};

static void take_address(const struct nlattr *attribute, bool ipv4, struct address *address)
{
	memset(address, 0, sizeof(*address));
	if (ipv4)
		memcpy(address->bytes, mapped_start, sizeof(mapped_start));
	if (attribute)
		memcpy(address->bytes + (ipv4 ? 12 : 0), mnl_attr_get_payload(attribute),
		       ipv4 ? 4 : 16);
}

static int take_route(const struct nlmsghdr *answer, void *context)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[RTA_MAX + 1] = {};
	struct netlink_attributes attributes = {table, RTA_MAX};
	struct found_routes *found = context;
	bool ipv4 = header->rtm_family == AF_INET;
	struct found_route *longer;

	if (header->rtm_protocol != XFW_ROUTE_PROTOCOL || header->rtm_table != RT_TABLE_MAIN)
		return MNL_CB_OK;
	longer = reallocarray(found->routes, found->count + 1, sizeof(*longer));
	if (!longer)
		return MNL_CB_ERROR;
	found->routes = longer;
	longer += found->count++;
	memset(longer, 0, sizeof(*longer));
	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	take_address(table[RTA_DST], ipv4, &longer->prefix.address);
	longer->prefix.length = header->rtm_dst_len + (ipv4 ? 96 : 0);
	longer->has_gateway = table[RTA_GATEWAY];
	take_address(table[RTA_GATEWAY], ipv4, &longer->gateway);
	if (table[RTA_OIF])
		longer->ifindex = mnl_attr_get_u32(table[RTA_OIF]);
	return MNL_CB_OK;
}

static bool is_asked_for(const struct config *config, const struct found_route *found)
{
	for (size_t i = 0; config && i < config->route_count; i++) {
		const struct route_config *route = &config->routes[i];

		if (memcmp(&route->prefix, &found->prefix, sizeof(found->prefix)) ||
		    route->ifindex != found->ifindex ||
		    (route->kind == ROUTE_GATEWAY) != found->has_gateway)
			continue;
		if (!found->has_gateway ||
		    !memcmp(&route->gateway, &found->gateway, sizeof(found->gateway)))
			return true;
	}
	return false;
}

int kernel_routes_prune(const struct config *config)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct found_routes found = {};
	int error = 0;

	for (int ipv4 = 0; ipv4 <= 1 && !error; ipv4++)
		error = netlink_talk(NETLINK_ROUTE,
				     route_request(buffer, RTM_GETROUTE, NLM_F_DUMP, ipv4),
				     take_route, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct found_route *route = &found.routes[i];

		if (!is_asked_for(config, route))
			route_change(&route->prefix, route->has_gateway ? &route->gateway : NULL,
				     route->ifindex, RTM_DELROUTE, 0);
	}
	free(found.routes);
	return error;
}
