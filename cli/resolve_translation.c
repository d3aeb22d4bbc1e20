/* SPDX-License-Identifier: GPL-2.0 */
/*
 * masquerade PREFIX; forward PROTO PORTS to ADDR[:PORT] [from SRC]; ndp proxy PREFIX [on IF]
 */
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "points.h"
#include "resolve.h"

int resolve_masquerade(struct reader *reader, struct config *config)
{
	struct prefix prefix;
	const char *word = reader_peek(reader);

	if (reader_prefix(reader, "an IPv4 prefix", &prefix))
		return -EINVAL;
	if (!prefix_is_ipv4(&prefix))
		return fault_set(reader->fault, "'%s' is not IPv4; only IPv4 is masqueraded", word);
	if (reader_end(reader))
		return -EINVAL;
	config->masquerades[config->masquerade_count++] = prefix;
	return 0;
}

/* ---- forward ---- */

/* ADDR:PORT or ADDR; the port is 0 where none is named. @copy keeps the address alone. */
static int split_target(struct reader *reader, const char *word, char *copy, size_t size,
			__u16 *port)
{
	unsigned long number;
	char *colon;

	*port = 0;
	if (strlen(word) >= size)
		return fault_set(reader->fault, "'%.40s…' is too long", word);
	strcpy(copy, word);
	colon = strrchr(copy, ':');
	if (copy[0] != '[' && !(colon && strchr(copy, ':') == colon && strchr(copy, '.')))
		return 0;
	if (!colon || !number_read(colon + 1, 65535, &number) || !number)
		return fault_set(reader->fault, "'%s' names no port (1 to 65535)", word);
	*colon = '\0';
	*port = number;
	if (copy[0] != '[')
		return 0;
	if (colon[-1] != ']')
		return fault_set(reader->fault, "'%s' has no ']' before its port", word);
	colon[-1] = '\0';
	memmove(copy, copy + 1, strlen(copy));
	return 0;
}

static int read_target(struct reader *reader, struct forward_config *forward)
{
	const char *word = reader_next(reader);
	struct prefix target = {.length = 128};
	char address[192];

	if (!word)
		return reader_wants(reader, "an address, or ADDR:PORT");
	if (split_target(reader, word, address, sizeof(address), &forward->target_port) ||
	    names_address(reader->names, address, &target.address, reader->fault))
		return -EINVAL;
	if (!prefix_is_ipv4(&target))
		return fault_set(reader->fault,
				 "'%s' is IPv6, which needs no forwarding: allow its own address",
				 word);
	forward->target = target.address;
	return 0;
}

static int read_forward_ports(struct reader *reader, struct rule *rule)
{
	int error = read_protocol(reader, &rule->protocol);

	if (error)
		return error;
	if (!protocol_has_ports(rule->protocol))
		return fault_set(reader->fault, "'%s' has no ports to forward (tcp, udp, sctp)",
				 reader->statement->words[1]);
	if (!reader_peek(reader))
		return reader_wants(reader, "ports");
	return read_ports(reader, rule);
}

static int read_forward_source(struct reader *reader, struct rule *rule)
{
	if (!reader_take(reader, "from") || reader_take(reader, "any"))
		return 0;
	if (reader_prefix(reader, "a source", &rule->source))
		return -EINVAL;
	if (rule->source.length && !prefix_is_ipv4(&rule->source))
		return fault_set(reader->fault, "only IPv4 is forwarded, and the source is IPv6");
	return 0;
}

/* Every IPv4 address of the host's own: what comes to one of them is forwarded. */
static int add_host_addresses(struct reader *reader, struct rule *rule)
{
	const struct system *system = reader->system;

	rule->destinations = calloc(system->address_count + 1, sizeof(*rule->destinations));
	if (!rule->destinations)
		return -ENOMEM;
	for (size_t i = 0; i < system->address_count; i++) {
		struct prefix own = {system->addresses[i].address, 128};

		if (prefix_is_ipv4(&own) && own.address.bytes[12] != IN_LOOPBACKNET)
			rule->destinations[rule->destination_count++] = own;
	}
	if (!rule->destination_count)
		return fault_set(reader->fault, "the host has no IPv4 address to forward from");
	return 0;
}

int resolve_forward(struct reader *reader, struct rule *rule, struct forward_config *forward)
{
	int error;

	rule->id = reader->statement->id;
	rule->action = RULE_ALLOW;
	error = read_forward_ports(reader, rule);
	if (error)
		return error;
	if (!reader_take(reader, "to"))
		return reader_wants(reader, "'to ADDR[:PORT]'");
	error = read_target(reader, forward);
	if (!error)
		error = read_forward_source(reader, rule);
	if (!error)
		error = reader_end(reader);
	return error ?: add_host_addresses(reader, rule);
}

/* ---- ndp ---- */

/* No interface has this index. */
enum { INTERFACE_ABSENT = INT_MAX };

static int read_ndp_interface(struct reader *reader, const struct config *config,
			      struct ndp_config *proxy)
{
	const struct interface_config *interface;
	const struct system_link *link;

	if (!reader_take(reader, "on"))
		return reader_end(reader);
	if (reader_waits(reader)) {
		proxy->ifindex = INTERFACE_ABSENT;
		reader->at++;
		return reader_end(reader);
	}
	link = reader_link(reader);
	if (!link)
		return -EINVAL;
	interface = interface_of(config, link->ifindex);
	if (!interface || interface->role != ROLE_WAN)
		return fault_set(reader->fault, "'%s' is not a wan interface", link->name);
	proxy->ifindex = link->ifindex;
	return reader_end(reader);
}

int resolve_ndp(struct reader *reader, struct config *config)
{
	struct ndp_config proxy = {};
	const char *word;

	if (!reader_take(reader, "proxy"))
		return reader_wants(reader, "'proxy PREFIX'");
	word = reader_peek(reader);
	if (reader_prefix(reader, "an IPv6 prefix", &proxy.prefix))
		return -EINVAL;
	if (prefix_is_ipv4(&proxy.prefix))
		return fault_set(reader->fault, "'%s' is not IPv6; IPv4 has no neighbour discovery",
				 word);
	if (read_ndp_interface(reader, config, &proxy))
		return -EINVAL;
	if (config->ndp_proxy_count == XFW_NDP_PROXIES)
		return fault_set(reader->fault, "more than %d prefixes are proxied",
				 XFW_NDP_PROXIES);
	if (proxy.ifindex != INTERFACE_ABSENT)
		config->ndp_proxies[config->ndp_proxy_count++] = proxy;
	return 0;
}
