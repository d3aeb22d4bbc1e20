/* SPDX-License-Identifier: GPL-2.0 */
/*
 * route PREFIX dev IF | route PREFIX via ADDR [dev IF]; for imported ones see resolve_import.c
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/content_hash.h"
#include "resolve.h"

/* ---- the index ---- */

int route_index_open(struct route_index *index, size_t count)
{
	memset(index, 0, sizeof(*index));
	for (index->size = 64; index->size < count * 2;)
		index->size *= 2;
	index->lines = calloc(count, sizeof(*index->lines));
	index->places = calloc(index->size, sizeof(*index->places));
	return index->lines && index->places ? 0 : -ENOMEM;
}

void route_index_close(struct route_index *index)
{
	free(index->lines);
	free(index->places);
}

/* The slot of the route of @prefix, or the free one where it belongs. */
static __u32 *slot_of(const struct route_index *index, const struct config *config,
		      const struct prefix *prefix)
{
	size_t slot = content_hash(prefix, sizeof(*prefix), 0) & (index->size - 1);

	while (index->places[slot] &&
	       memcmp(&config->routes[index->places[slot] - 1].prefix, prefix, sizeof(*prefix)))
		slot = (slot + 1) & (index->size - 1);
	return &index->places[slot];
}

bool route_index_add(struct route_index *index, struct config *config,
		     const struct route_config *route, const struct statement *line)
{
	__u32 *place = slot_of(index, config, &route->prefix);

	if (*place)
		return false;
	config->routes[config->route_count] = *route;
	index->lines[config->route_count++] = line;
	*place = config->route_count;
	if (route->kind == ROUTE_ON_LINK)
		index->lengths[route->prefix.length] = true;
	return true;
}

/* ---- reading ---- */

static int read_gateway(struct reader *reader, struct route_words *words)
{
	const char *word = reader_peek(reader);
	struct prefix gateway = {.length = 128};

	words->kind = ROUTE_GATEWAY;
	if (!word)
		return reader_wants(reader, "the gateway's address");
	reader->at++;
	if (names_address(reader->names, word, &gateway.address, reader->fault))
		return -EINVAL;
	if (prefix_is_ipv4(&gateway) != prefix_is_ipv4(&words->prefix))
		return fault_set(reader->fault,
				 "the gateway '%s' and the prefix are of different families", word);
	words->gateway = gateway.address;
	return 0;
}

int read_route(struct reader *reader, struct route_words *words)
{
	bool device;

	memset(words, 0, sizeof(*words));
	words->kind = ROUTE_ON_LINK;
	words->device = "";
	if (reader_prefix(reader, "a prefix", &words->prefix))
		return -EINVAL;
	if (reader_take(reader, "via")) {
		if (read_gateway(reader, words))
			return -EINVAL;
		device = reader_take(reader, "dev");
	} else {
		device = reader_take(reader, "dev");
		if (!device)
			return reader_wants(reader, "'dev IF' or 'via ADDR'");
	}
	if (!device)
		return reader_end(reader);
	words->device = reader_next(reader);
	return words->device ? reader_end(reader) : reader_wants(reader, "an interface");
}

/* ---- where it leads ---- */

static bool is_inside(const struct config *config, unsigned int ifindex)
{
	const struct interface_config *interface = interface_of(config, ifindex);

	return interface && interface->role != ROLE_WAN;
}

/* Of the inside interfaces' own networks, the smallest that holds @gateway. */
static unsigned int network_of(const struct system *system, const struct config *config,
			       const struct address *gateway, unsigned int *length)
{
	unsigned int ifindex = 0;

	*length = 0;
	for (size_t i = 0; i < system->address_count; i++) {
		const struct system_address *own = &system->addresses[i];
		struct prefix network = {own->address, own->prefix_length};

		address_mask(&network.address, network.length);
		if (network.length <= *length || !prefix_contains(&network, gateway) ||
		    !is_inside(config, own->ifindex))
			continue;
		ifindex = own->ifindex;
		*length = network.length;
	}
	return ifindex;
}

/* Of the on-link slices longer than @shortest, the smallest that holds @gateway. */
static unsigned int slice_of(const struct route_index *index, const struct config *config,
			     const struct address *gateway, unsigned int shortest)
{
	for (unsigned int length = 128; length > shortest; length--) {
		struct prefix prefix = {*gateway, length};
		__u32 place;

		if (!index->lengths[length])
			continue;
		address_mask(&prefix.address, length);
		place = *slot_of(index, config, &prefix);
		if (place && config->routes[place - 1].kind == ROUTE_ON_LINK)
			return config->routes[place - 1].ifindex;
	}
	return 0;
}

static bool is_link_local(const struct address *address)
{
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/* The inside interface that reaches the gateway directly. */
static const struct system_link *link_towards(struct reader *reader, const struct config *config,
					      const struct route_index *index,
					      const struct address *gateway)
{
	const char *word = reader->statement->words[3];
	unsigned int length, ifindex, slice;

	if (is_link_local(gateway)) {
		fault_set(reader->fault,
			  "'%s' is link-local, it could be on any link; name one: via %s dev IF",
			  word, word);
		return NULL;
	}
	ifindex = network_of(reader->system, config, gateway, &length);
	slice = slice_of(index, config, gateway, length);
	if (slice || ifindex)
		return system_link_by_index(reader->system, slice ?: ifindex);
	fault_set(reader->fault,
		  "no lan interface reaches the gateway '%s'; name one: via %s dev IF", word, word);
	return NULL;
}

static int check_gateway(struct reader *reader, const struct address *gateway)
{
	for (size_t i = 0; i < reader->system->address_count; i++)
		if (!memcmp(&reader->system->addresses[i].address, gateway, sizeof(*gateway)))
			return fault_set(reader->fault,
					 "the gateway '%s' is this host's own address",
					 reader->statement->words[3]);
	return 0;
}

static const struct system_link *find_link(struct reader *reader, const struct config *config,
					   const struct route_index *index,
					   const struct route_words *words)
{
	if (words->kind == ROUTE_GATEWAY && check_gateway(reader, &words->gateway))
		return NULL;
	if (!words->device[0])
		return link_towards(reader, config, index, &words->gateway);
	/* The device is the last word of its line. */
	reader->at = reader->statement->word_count - 1;
	return reader_link(reader);
}

static bool is_absent(const struct config *config, const char *device)
{
	for (size_t i = 0; i < config->absent_count; i++)
		if (!strcmp(config->absent[i].name, device))
			return true;
	return false;
}

/* Leads the route to an interface that is waited for, as far as can be known without it? */
static bool route_waits(const struct reader *reader, const struct config *config,
			const struct route_words *words)
{
	if (words->device[0])
		return is_absent(config, words->device);
	return reader->patient && config->absent_count;
}

static int check_route(struct reader *reader, const struct config *config,
		       const struct prefix *prefix, const struct system_link *link)
{
	const struct interface_config *interface = interface_of(config, link->ifindex);
	const char *word = reader->statement->words[1];

	if (prefix_is_default(prefix))
		return fault_set(reader->fault, "'%s' is everything; a slice is a part of it",
				 word);
	if (interface && interface->role == ROLE_WAN)
		return fault_set(reader->fault,
				 "'%s' is a wan interface; a slice lies behind a lan or tun",
				 link->name);
	if (!interface)
		return fault_set(reader->fault,
				 "'%s' is not a lan or tun interface; say 'lan %s' first",
				 link->name, link->name);
	return 0;
}

static int fault_twice(struct reader *reader, const struct statement *before)
{
	const char *word = reader->statement->words[1];

	return fault_set(reader->fault, "'%s' is routed already%s: %s", word,
			 statement_where(before).text, before->text);
}

int resolve_route(struct reader *reader, struct config *config, struct route_index *index)
{
	const struct system_link *link;
	struct route_config route;
	struct route_words words;
	__u32 place;

	if (read_route(reader, &words))
		return -EINVAL;
	place = *slot_of(index, config, &words.prefix);
	if (place)
		return fault_twice(reader, index->lines[place - 1]);
	link = find_link(reader, config, index, &words);
	if (!link && !route_waits(reader, config, &words))
		return -EINVAL;
	if (!link)
		reader->fault->text[0] = '\0';
	else if (check_route(reader, config, &words.prefix, link))
		return -EINVAL;
	route = (struct route_config){.prefix = words.prefix,
				      .kind = words.kind,
				      .gateway = words.gateway,
				      .ifindex = link ? link->ifindex : 0,
				      .index = reader->statement->id};
	snprintf(route.device, sizeof(route.device), "%s", link ? link->name : words.device);
	route_index_add(index, config, &route, reader->statement);
	return 0;
}
