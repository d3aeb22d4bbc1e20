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

			if (route->kind != kind || !route->ifindex || is_connected(route, system))
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

static bool is_asked_for(const struct config *config, const struct system_route *found)
{
	for (size_t i = 0; config && i < config->route_count; i++) {
		const struct route_config *route = &config->routes[i];

		/* A route on link has no gateway: all 0 on both sides. */
		if (!memcmp(&route->prefix, &found->prefix, sizeof(found->prefix)) &&
		    !memcmp(&route->gateway, &found->gateway, sizeof(found->gateway)) &&
		    route->ifindex == found->ifindex)
			return true;
	}
	return false;
}

int kernel_routes_prune(const struct config *config)
{
	struct system found = {};
	int error = system_read_table(&found, RT_TABLE_MAIN);

	for (size_t i = 0; i < found.route_count; i++) {
		const struct system_route *route = &found.routes[i];
		static const struct address none;

		if (route->protocol == XFW_ROUTE_PROTOCOL && !is_asked_for(config, route))
			route_change(&route->prefix,
				     memcmp(&route->gateway, &none, sizeof(none)) ? &route->gateway
										  : NULL,
				     route->ifindex, RTM_DELROUTE, 0);
	}
	system_free(&found);
	return error;
}
