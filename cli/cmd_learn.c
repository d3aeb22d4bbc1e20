/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ndp learn [PREFIX]: has the provider our prefix on its link, or does it route it to us? An echo
 * request goes to the provider's gateway from an address of the prefix that nobody has. A gateway
 * with the prefix on link must ask for that address before it can answer (RFC 4861 7.2.2); one
 * that routes it sends the answer at once.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../maps/generation.h"
#include "../maps/stats.h"
#include "command.h"
#include "prefix.h"
#include "resolve.h"

enum answer { ANSWER_NONE, ANSWER_ON_LINK, ANSWER_ROUTED };

enum { TRIES = 3, WAIT_MS = 1500 };

struct probe {
	struct prefix prefix;
	struct address from;	/* of the prefix, and nobody's */
	struct address gateway; /* the provider's */
	unsigned int ifindex;
	__u16 identifier; /* of the echo request */
	int wire;	  /* hears what the gateway sends */
	int sender;
	char name[IF_NAMESIZE];
};

/* ---- whom to ask, about what ---- */

static int find_gateway(const struct invocation *invocation, const struct system *system,
			struct probe *probe)
{
	static const struct address none;

	for (size_t i = 0; i < system->route_count; i++) {
		const struct system_route *route = &system->routes[i];

		if (route->prefix.length || !memcmp(&route->gateway, &none, sizeof(none)))
			continue;
		probe->gateway = route->gateway;
		probe->ifindex = route->ifindex;
		if_indextoname(route->ifindex, probe->name);
		return EXIT_DONE;
	}
	return say_error(invocation,
			 "ndp: no IPv6 default route: whom would the provider's gateway be?");
}

/* The first slice there is. */
static int find_slice(const struct invocation *invocation, struct probe *probe)
{
	struct instance *instance = open_running(invocation, INSTANCE_READ);
	struct prefix_key key, *previous = NULL;
	struct route route;
	bool found = false;
	int table;

	if (!instance)
		return EXIT_REFUSED;
	table = generation_table_open(&instance->pins, TABLE_ROUTES);
	while (table >= 0 && !found && !bpf_map_get_next_key(table, previous, &key)) {
		previous = &key;
		probe->prefix = (struct prefix){key.address, key.prefixlen};
		found = !bpf_map_lookup_elem(table, &key, &route) && route.index &&
			!prefix_is_ipv4(&probe->prefix);
	}
	if (table >= 0)
		close(table);
	instance_close(instance);
	return found ? EXIT_DONE
		     : say_error(invocation, "ndp: no slice is routed; name one: ndp learn PREFIX");
}

/* The names of what runs, or none: the provider may be asked before xfw is up. */
static void read_names(const struct invocation *invocation, struct document *running,
		       struct names *names)
{
	struct report ignored = {};
	struct instance *instance;

	document_init(running, NULL);
	if (instance_open(invocation->pin_directory, INSTANCE_READ, &instance, &ignored))
		return;
	if (!read_running(invocation, instance, running))
		collect_names(running, names);
	instance_close(instance);
}

static int read_prefix(const struct invocation *invocation, struct probe *probe)
{
	struct document running;
	struct names names = {};
	struct fault fault = {""};

	if (invocation->word_count == 2)
		return find_slice(invocation, probe);
	read_names(invocation, &running, &names);
	if (!names_prefix(&names, invocation->words[2], &probe->prefix, &fault) &&
	    prefix_is_ipv4(&probe->prefix))
		fault_set(&fault, "'%s' is not IPv6; IPv4 has no neighbour discovery",
			  invocation->words[2]);
	names_free(&names);
	document_free(&running);
	return fault.text[0] ? say_error(invocation, "ndp: %s", fault.text) : EXIT_DONE;
}

/* An address of the prefix that nobody has asked for before: the gateway must not know it. */
static int choose_address(struct probe *probe)
{
	struct address chosen, rest;

	if (getrandom(&chosen, sizeof(chosen), 0) != sizeof(chosen))
		return -errno;
	rest = chosen;
	address_mask(&rest, probe->prefix.length);
	for (size_t i = 0; i < sizeof(chosen.bytes); i++)
		probe->from.bytes[i] =
			probe->prefix.address.bytes[i] | (chosen.bytes[i] ^ rest.bytes[i]);
	probe->identifier = chosen.bytes[0] << 8 | chosen.bytes[1];
	return 0;
}

/* ---- asking ---- */

static int open_sockets(struct probe *probe)
{
	const struct sockaddr_ll wire = {.sll_family = AF_PACKET,
					 .sll_protocol = htons(ETH_P_IPV6),
					 .sll_ifindex = probe->ifindex};
	/* Solicitations go to a group that nobody here is in. */
	const struct packet_mreq groups = {.mr_ifindex = probe->ifindex,
					   .mr_type = PACKET_MR_ALLMULTI};
	struct sockaddr_in6 from = {.sin6_family = AF_INET6};
	int yes = 1;

	memcpy(&from.sin6_addr, &probe->from, sizeof(from.sin6_addr));
	probe->wire =
		socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IPV6));
	if (probe->wire < 0 || bind(probe->wire, (const struct sockaddr *)&wire, sizeof(wire)) ||
	    setsockopt(probe->wire, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &groups, sizeof(groups)))
		return -errno;
	probe->sender = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
	/* The address is not ours to bind to. */
	if (probe->sender < 0 ||
	    setsockopt(probe->sender, SOL_IPV6, IPV6_TRANSPARENT, &yes, sizeof(yes)) ||
	    bind(probe->sender, (const struct sockaddr *)&from, sizeof(from)))
		return -errno;
	return 0;
}

static int send_request(const struct probe *probe)
{
	const struct icmp6_hdr request = {.icmp6_type = ICMP6_ECHO_REQUEST,
					  .icmp6_id = htons(probe->identifier),
					  .icmp6_seq = htons(1)};
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = probe->ifindex};

	memcpy(&to.sin6_addr, &probe->gateway, sizeof(to.sin6_addr));
	return sendto(probe->sender, &request, sizeof(request), 0, (const struct sockaddr *)&to,
		      sizeof(to)) < 0
		       ? -errno
		       : 0;
}

/* A packet off the wire: is it one of the two that tell? */
static enum answer tells(const struct probe *probe, const unsigned char *packet, ssize_t length)
{
	struct ip6_hdr ip;
	struct nd_neighbor_solicit message;

	if (length < (ssize_t)(sizeof(ip) + sizeof(struct icmp6_hdr)))
		return ANSWER_NONE;
	memcpy(&ip, packet, sizeof(ip));
	if (ip.ip6_nxt != IPPROTO_ICMPV6)
		return ANSWER_NONE;
	memset(&message, 0, sizeof(message));
	length -= sizeof(ip);
	memcpy(&message, packet + sizeof(ip),
	       length < (ssize_t)sizeof(message) ? (size_t)length : sizeof(message));
	if (message.nd_ns_type == ND_NEIGHBOR_SOLICIT &&
	    !memcmp(&message.nd_ns_target, &probe->from, sizeof(probe->from)))
		return ANSWER_ON_LINK;
	if (message.nd_ns_type == ICMP6_ECHO_REPLY &&
	    message.nd_ns_hdr.icmp6_id == htons(probe->identifier) &&
	    !memcmp(&ip.ip6_dst, &probe->from, sizeof(probe->from)))
		return ANSWER_ROUTED;
	return ANSWER_NONE;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static enum answer listen_for_answer(const struct probe *probe)
{
	struct pollfd wire = {.fd = probe->wire, .events = POLLIN};
	const long end = now_ms() + WAIT_MS;
	unsigned char packet[256];
	long left;

	while ((left = end - now_ms()) > 0 && poll(&wire, 1, left) > 0) {
		ssize_t length = recv(probe->wire, packet, sizeof(packet), 0);
		enum answer answer = length > 0 ? tells(probe, packet, length) : ANSWER_NONE;

		if (answer)
			return answer;
	}
	return ANSWER_NONE;
}

/* ---- saying ---- */

/* Solicitations that xfw answered in the driver never came so far. */
static __u64 answered(const struct invocation *invocation, const struct probe *probe)
{
	struct counter verdicts[XFW_VERDICT_COUNT] = {};
	struct report ignored = {};
	struct instance *instance;
	struct settings settings;

	if (instance_open(invocation->pin_directory, INSTANCE_READ, &instance, &ignored))
		return 0;
	stats_settings(&instance->pins, &settings);
	for (__u32 i = 0; i < settings.interface_count; i++)
		if (settings.interfaces[i].ifindex == probe->ifindex)
			stats_interface(&instance->pins, i, verdicts);
	instance_close(instance);
	return verdicts[VERDICT_ANSWER].packets;
}

static int say_answer(const struct invocation *invocation, const struct probe *probe,
		      enum answer answer, bool proxied)
{
	static const char *const words[] = {"unknown", "on-link", "routed"};
	char prefix[PREFIX_TEXT], gateway[PREFIX_TEXT];

	prefix_format(&probe->prefix, prefix, sizeof(prefix));
	address_format(&probe->gateway, gateway, sizeof(gateway));
	if (invocation->json)
		say_json(json_pack("{s:s, s:s, s:s, s:s, s:b}", "prefix", prefix, "interface",
				   probe->name, "gateway", gateway, "answer", words[answer],
				   "proxied", proxied));
	else if (answer == ANSWER_ROUTED)
		printf("%s is routed to this host: no ndp line is needed\n", prefix);
	else if (answer == ANSWER_ON_LINK && proxied)
		printf("%s is on the provider's link, and xfw answers for it\n", prefix);
	else if (answer == ANSWER_ON_LINK)
		printf("%s is on the provider's link: its gateway asks for each address; "
		       "'xfw ndp proxy %s' answers\n",
		       prefix, prefix);
	else
		fprintf(stderr, "xfw: ndp: the gateway %s did not answer on %s, neither way\n",
			gateway, probe->name);
	return answer ? EXIT_DONE : EXIT_REFUSED;
}

static int learn(const struct invocation *invocation, struct probe *probe)
{
	__u64 before = answered(invocation, probe);
	enum answer answer = ANSWER_NONE;
	bool proxied;
	int error = choose_address(probe) ?: open_sockets(probe);

	for (int i = 0; i < TRIES && !error && !answer; i++) {
		error = send_request(probe);
		if (!error)
			answer = listen_for_answer(probe);
	}
	if (error)
		return say_error(invocation, "ndp: %s: %s", probe->name, strerror(-error));
	proxied = answered(invocation, probe) > before;
	return say_answer(invocation, probe, proxied ? ANSWER_ON_LINK : answer, proxied);
}

int command_learn(const struct invocation *invocation)
{
	struct probe probe = {.wire = -1, .sender = -1};
	struct system system;
	int status;

	if (invocation->word_count > 3)
		return say_usage(invocation);
	status = read_prefix(invocation, &probe);
	if (status)
		return status;
	if (system_read(&system) || system_read_table(&system, RT_TABLE_MAIN))
		return say_error(invocation, "ndp: the system's routes cannot be read");
	status = find_gateway(invocation, &system, &probe) ?: learn(invocation, &probe);
	if (probe.wire >= 0)
		close(probe.wire);
	if (probe.sender >= 0)
		close(probe.sender);
	system_free(&system);
	return status;
}
