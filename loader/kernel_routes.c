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

static int note(struct kernel_routes_done *done, const struct system_route *was,
		const struct system_route *is)
{
	struct kernel_route_step *longer =
		reallocarray(done->steps, done->count + 1, sizeof(*longer));

	if (!longer)
		return -ENOMEM;
	done->steps = longer;
	longer[done->count] = (struct kernel_route_step){.is = *is};
	if (was)
		longer[done->count].was = *was;
	done->count++;
	return 0;
}

static struct system_route asked(const struct route_config *route)
{
	/* A route on link has no gateway: all 0 on both sides. */
	return (struct system_route){
		.prefix = route->prefix, .gateway = route->gateway, .ifindex = route->ifindex};
}

static int add(const struct route_config *route, struct kernel_routes_done *done)
{
	struct system_route is = asked(route);
	int error = note(done, NULL, &is);

	if (error)
		return error;
	error = route_change(&is, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	if (error)
		done->count--;
	return error == -EEXIST ? 0 : error;
}

int kernel_routes_add(const struct config *config, const struct system *system,
		      struct kernel_routes_done *done, const struct route_config **at_fault)
{
	for (int pass = 0; pass < 2; pass++) {
		/* On-link prefixes first: gateways are reached through them. */
		enum route_kind kind = pass ? ROUTE_GATEWAY : ROUTE_ON_LINK;

		for (size_t i = 0; i < config->route_count; i++) {
			const struct route_config *route = &config->routes[i];
			int error;

			if (route->kind != kind || !route->ifindex || is_connected(route, system))
				continue;
			error = add(route, done);
			if (error) {
				*at_fault = route;
				return error;
			}
		}
	}
	return 0;
}

/* ---- another way for the same prefix ---- */

static bool same_way(const struct system_route *a, const struct system_route *b)
{
	return !memcmp(&a->gateway, &b->gateway, sizeof(a->gateway)) && a->ifindex == b->ifindex;
}

/* A route of ours for the prefix of @wanted that leads elsewhere; NULL if one leads there. */
static const struct system_route *leads_elsewhere(const struct system *found,
						  const struct system_route *wanted)
{
	const struct system_route *other = NULL;

	for (size_t i = 0; i < found->route_count; i++) {
		const struct system_route *route = &found->routes[i];

		if (route->protocol != XFW_ROUTE_PROTOCOL ||
		    memcmp(&route->prefix, &wanted->prefix, sizeof(route->prefix)))
			continue;
		if (same_way(route, wanted))
			return NULL;
		other = route;
	}
	return other;
}

static int turn(const struct system *found, const struct route_config *route,
		struct kernel_routes_done *done)
{
	struct system_route is = asked(route);
	const struct system_route *was = leads_elsewhere(found, &is);
	int error = was ? note(done, was, &is) : 0;

	if (error || !was)
		return error;
	error = route_change(&is, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
	if (error)
		done->count--;
	return error;
}

int kernel_routes_turn(const struct config *config, const struct system *system,
		       struct kernel_routes_done *done, const struct route_config **at_fault)
{
	struct system found = {};
	int error = system_read_table(&found, RT_TABLE_MAIN);

	*at_fault = NULL;
	for (size_t i = 0; !error && i < config->route_count; i++) {
		const struct route_config *route = &config->routes[i];

		if (!route->ifindex || is_connected(route, system))
			continue;
		error = turn(&found, route, done);
		if (error)
			*at_fault = route;
	}
	system_free(&found);
	return error;
}

/* ---- back ---- */

int kernel_routes_take_back(struct kernel_routes_done *done)
{
	int failed = 0;

	while (done->count) {
		const struct kernel_route_step *step = &done->steps[--done->count];
		int error = step->was.ifindex ? route_change(&step->was, RTM_NEWROUTE,
							     NLM_F_CREATE | NLM_F_REPLACE)
					      : route_change(&step->is, RTM_DELROUTE, 0);

		failed = error && error != -ESRCH ? error : failed;
	}
	return failed;
}

void kernel_routes_done_free(struct kernel_routes_done *done)
{
	free(done->steps);
	*done = (struct kernel_routes_done){};
}

/* ---- pruning ---- */

static bool is_asked_for(const struct config *config, const struct system_route *found)
{
	for (size_t i = 0; config && i < config->route_count; i++) {
		struct system_route wanted = asked(&config->routes[i]);

		if (!memcmp(&wanted.prefix, &found->prefix, sizeof(found->prefix)) &&
		    same_way(&wanted, found))
			return true;
	}
	return false;
}

int kernel_routes_prune(const struct config *config)
{
	struct system found = {};
	int error = system_read_table(&found, RT_TABLE_MAIN), failed = 0;

	for (size_t i = 0; i < found.route_count; i++) {
		const struct system_route *route = &found.routes[i];

		if (route->protocol == XFW_ROUTE_PROTOCOL && !is_asked_for(config, route))
			failed = route_change(route, RTM_DELROUTE, 0) ?: failed;
	}
	system_free(&found);
	return error ?: failed;
}
