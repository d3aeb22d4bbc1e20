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

static bool has_gateway(const struct system_route *route)
{
	static const struct address none;

	return memcmp(&route->gateway, &none, sizeof(none));
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

static int route_change(const struct system_route *to, int type, int flags)
{
	const struct prefix *prefix = &to->prefix;
	const struct address *gateway = has_gateway(to) ? &to->gateway : NULL;
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
	mnl_attr_put_u32(request, RTA_OIF, to->ifindex);
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

/* ---- ours, as they are ---- */

static int compare_prefixes(const void *a, const void *b)
{
	const struct system_route *left = a, *right = b;

	return memcmp(&left->prefix, &right->prefix, sizeof(left->prefix));
}

static int compare_routes(const void *a, const void *b)
{
	const struct system_route *left = a, *right = b;
	int order = compare_prefixes(a, b)
			    ?: memcmp(&left->gateway, &right->gateway, sizeof(left->gateway));

	return order ?: (left->ifindex > right->ifindex) - (left->ifindex < right->ifindex);
}

int kernel_routes_read(struct kernel_routes *now)
{
	struct system found = {};
	int error = system_read_table(&found, RT_TABLE_MAIN);

	*now = (struct kernel_routes){.routes = found.routes};
	found.routes = NULL;
	for (size_t i = 0; i < found.route_count; i++)
		if (now->routes[i].protocol == XFW_ROUTE_PROTOCOL)
			now->routes[now->count++] = now->routes[i];
	if (now->count)
		qsort(now->routes, now->count, sizeof(*now->routes), compare_routes);
	return error;
}

void kernel_routes_free(struct kernel_routes *routes)
{
	free(routes->routes);
	*routes = (struct kernel_routes){};
}

static bool holds(const struct kernel_routes *routes, const struct system_route *route)
{
	return routes->count && bsearch(route, routes->routes, routes->count,
					sizeof(*routes->routes), compare_routes);
}

/* Any one for the prefix of @route; NULL when there is none. */
static const struct system_route *for_prefix_of(const struct kernel_routes *routes,
						const struct system_route *route)
{
	if (!routes->count)
		return NULL;
	return bsearch(route, routes->routes, routes->count, sizeof(*routes->routes),
		       compare_prefixes);
}

/* ---- as a configuration asks for ---- */

static struct system_route asked(const struct route_config *route)
{
	/* A route on link has no gateway: all 0 on both sides. */
	return (struct system_route){
		.prefix = route->prefix, .gateway = route->gateway, .ifindex = route->ifindex};
}

int kernel_routes_add(const struct config *config, const struct system *system,
		      const struct kernel_routes *before, const struct route_config **at_fault)
{
	for (int pass = 0; pass < 2; pass++) {
		/* On-link prefixes first: gateways are reached through them. */
		enum route_kind kind = pass ? ROUTE_GATEWAY : ROUTE_ON_LINK;

		for (size_t i = 0; i < config->route_count; i++) {
			const struct route_config *route = &config->routes[i];
			struct system_route wanted = asked(route);
			int error;

			if (route->kind != kind || !route->ifindex || is_connected(route, system) ||
			    holds(before, &wanted))
				continue;
			error = route_change(&wanted, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
			if (error && error != -EEXIST) {
				*at_fault = route;
				return error;
			}
		}
	}
	return 0;
}

int kernel_routes_turn(const struct config *config, const struct system *system,
		       const struct kernel_routes *before, const struct route_config **at_fault)
{
	for (size_t i = 0; i < config->route_count; i++) {
		const struct route_config *route = &config->routes[i];
		struct system_route wanted = asked(route);
		int error;

		if (!route->ifindex || is_connected(route, system) || holds(before, &wanted) ||
		    !for_prefix_of(before, &wanted))
			continue;
		error = route_change(&wanted, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
		if (error) {
			*at_fault = route;
			return error;
		}
	}
	return 0;
}

/* ---- away, and back ---- */

static int sorted_asked(const struct config *config, struct kernel_routes *wanted)
{
	*wanted = (struct kernel_routes){};
	if (!config || !config->route_count)
		return 0;
	wanted->routes = calloc(config->route_count, sizeof(*wanted->routes));
	if (!wanted->routes)
		return -ENOMEM;
	for (size_t i = 0; i < config->route_count; i++)
		wanted->routes[wanted->count++] = asked(&config->routes[i]);
	qsort(wanted->routes, wanted->count, sizeof(*wanted->routes), compare_routes);
	return 0;
}

static int delete_but(const struct kernel_routes *now, const struct kernel_routes *keep)
{
	int failed = 0;

	for (size_t i = 0; i < now->count; i++) {
		int error = 0;

		if (!holds(keep, &now->routes[i]))
			error = route_change(&now->routes[i], RTM_DELROUTE, 0);
		/* Gone already, with its interface say. */
		if (error && error != -ESRCH)
			failed = error;
	}
	return failed;
}

int kernel_routes_prune(const struct config *config)
{
	struct kernel_routes now, wanted;
	int error = kernel_routes_read(&now), failed = sorted_asked(config, &wanted);

	if (!error && !failed)
		failed = delete_but(&now, &wanted);
	kernel_routes_free(&now);
	kernel_routes_free(&wanted);
	return error ?: failed;
}

int kernel_routes_take_back(const struct kernel_routes *before)
{
	struct kernel_routes now;
	int error = kernel_routes_read(&now), failed = 0;

	/* Those that were turned first: they are in the way of nothing afterwards. */
	for (size_t i = 0; !error && i < before->count; i++)
		if (!holds(&now, &before->routes[i]))
			failed = route_change(&before->routes[i], RTM_NEWROUTE,
					      NLM_F_CREATE | NLM_F_REPLACE)
					 ?: failed;
	kernel_routes_free(&now);
	if (!error)
		error = kernel_routes_read(&now);
	if (!error)
		error = delete_but(&now, before);
	kernel_routes_free(&now);
	return error ?: failed;
}
