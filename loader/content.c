/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Settings, route rows, rule rows and compiled policy of one generation.
 */
#include "content.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forwarded.h"

/* ---- what is ours, coarsely ---- */

static void mask_of(unsigned int length, struct address *mask)
{
	memset(mask, 0, sizeof(*mask));
	for (unsigned int bit = 0; bit < length; bit++)
		mask->bytes[bit / 8] |= 0x80 >> bit % 8;
}

static bool is_ipv4(const struct address *address)
{
	static const __u8 start[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(address->bytes, start, sizeof(start));
}

/* A cover is as wide as an internet prefix usually is: few of them, and few strangers inside. */
static unsigned int cover_length(const struct prefix *prefix)
{
	unsigned int usual = is_ipv4(&prefix->address) ? 112 : 64;

	return prefix->length < usual ? prefix->length : usual;
}

static void cover_add(struct settings *settings, const struct prefix *prefix)
{
	struct cover cover = {.value = prefix->address};

	mask_of(cover_length(prefix), &cover.mask);
	for (size_t i = 0; i < sizeof(cover.value.bytes); i++)
		cover.value.bytes[i] &= cover.mask.bytes[i];
	for (__u32 i = 0; i < settings->own_cover_count; i++)
		if (!memcmp(&settings->own_covers[i], &cover, sizeof(cover)))
			return;
	if (settings->own_cover_count == XFW_OWN_COVERS) {
		settings->own_covers_overflow = 1;
		return;
	}
	settings->own_covers[settings->own_cover_count++] = cover;
}

/* ---- settings ---- */

static void settings_make(const struct config *config, const struct system *system,
			  struct content *content)
{
	struct settings *settings = &content->settings;

	settings->drop_bogons = config->options.drop_bogons;
	settings->fast_path = config->options.fast_path;
	for (size_t i = 0; i < config->rule_count; i++)
		settings->has_denies |= config->rules[i].action == RULE_DENY;
	for (size_t i = 0; i < config->interface_count; i++) {
		const struct interface_config *from = &config->interfaces[i];
		const struct system_link *link = system_link_by_index(system, from->ifindex);
		struct settings_interface *to = &settings->interfaces[i];

		to->ifindex = from->ifindex;
		to->role = from->role;
		to->enforce_in_tc = from->enforce_in_tc || from->role == ROLE_TUN;
		if (link) {
			memcpy(to->mac, link->mac, sizeof(to->mac));
			to->has_link_header = link->has_link_header;
		}
	}
	settings->interface_count = config->interface_count;
	for (size_t i = 0; i < config->ndp_proxy_count; i++) {
		struct ndp_proxy *proxy = &settings->ndp_proxies[settings->ndp_proxy_count++];

		proxy->ifindex = config->ndp_proxies[i].ifindex;
		proxy->cover.value = config->ndp_proxies[i].prefix.address;
		mask_of(config->ndp_proxies[i].prefix.length, &proxy->cover.mask);
	}
	for (size_t i = 0; i < content->content.route_count; i++) {
		const struct route_row *row = &content->routes[i];
		struct prefix prefix = {row->key.address, row->key.prefixlen};

		cover_add(settings, &prefix);
	}
}

/* ---- routes: slices, and the host's own addresses among them ---- */

static void slice_row(const struct route_config *from, struct route_row *row)
{
	row->key = (struct prefix_key){from->prefix.length, from->prefix.address};
	row->route.kind = from->kind;
	row->route.index = from->index;
	row->route.table = from->table;
	row->route.ifindex = from->ifindex;
	row->route.gateway = from->gateway;
	memcpy(row->route.device, from->device, sizeof(row->route.device));
}

static void host_row(const struct system_address *from, const struct system *system,
		     struct route_row *row)
{
	const struct system_link *link = system_link_by_index(system, from->ifindex);

	row->key = (struct prefix_key){128, from->address};
	row->route.kind = ROUTE_HOST;
	row->route.ifindex = from->ifindex;
	if (link)
		memcpy(row->route.device, link->name, sizeof(row->route.device));
}

/* ---- masqueraded networks: guests send from the parts that are on their interface ---- */

static bool prefix_holds(const struct prefix *wide, const struct address *address)
{
	struct address mask;

	mask_of(wide->length, &mask);
	for (size_t i = 0; i < sizeof(mask.bytes); i++)
		if ((address->bytes[i] ^ wide->address.bytes[i]) & mask.bytes[i])
			return false;
	return true;
}

static const struct interface_config *guest_interface(const struct config *config,
						      unsigned int ifindex)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].ifindex == ifindex &&
		    config->interfaces[i].role != ROLE_WAN)
			return &config->interfaces[i];
	return NULL;
}

/* The only interface with guests; NULL where there are several, and guests might lie. */
static const struct interface_config *only_guest_interface(const struct config *config)
{
	const struct interface_config *only = NULL;

	if (config->absent_count)
		return NULL;
	for (size_t i = 0; i < config->interface_count; i++) {
		if (config->interfaces[i].role == ROLE_WAN)
			continue;
		if (only)
			return NULL;
		only = &config->interfaces[i];
	}
	return only;
}

static void masqueraded_row(const struct prefix *prefix, const struct interface_config *interface,
			    struct route_row *row)
{
	row->key = (struct prefix_key){prefix->length, prefix->address};
	row->route.kind = ROUTE_MASQUERADED;
	if (!interface)
		return;
	row->route.ifindex = interface->ifindex;
	memcpy(row->route.device, interface->name, sizeof(row->route.device));
}

/*
 * The network as a whole belongs to the only interface there is, else to none: then guests may
 * send from what the addresses of their interface say is on it, and from slices.
 */
static struct route_row *masqueraded_rows(const struct prefix *network, const struct config *config,
					  const struct system *system, struct route_row *row)
{
	masqueraded_row(network, only_guest_interface(config), row++);
	for (size_t i = 0; i < system->address_count; i++) {
		const struct system_address *own = &system->addresses[i];
		struct prefix on_link = {own->address, own->prefix_length};
		struct address mask;

		if (!guest_interface(config, own->ifindex) || !is_ipv4(&own->address) ||
		    on_link.length < network->length || !prefix_holds(network, &own->address))
			continue;
		mask_of(on_link.length, &mask);
		for (size_t j = 0; j < sizeof(mask.bytes); j++)
			on_link.address.bytes[j] &= mask.bytes[j];
		masqueraded_row(&on_link, guest_interface(config, own->ifindex), row++);
	}
	return row;
}

/* What answers forwarded packets may send, masqueraded or not. */
static void forward_row(const struct address *target, const struct config *config,
			const struct system *system, struct route_row *row)
{
	const struct interface_config *interface = only_guest_interface(config);
	struct prefix prefix = {*target, 128};

	for (size_t i = 0; i < system->address_count; i++) {
		const struct system_address *own = &system->addresses[i];
		struct prefix on_link = {own->address, own->prefix_length};

		if (guest_interface(config, own->ifindex) && prefix_holds(&on_link, target))
			interface = guest_interface(config, own->ifindex);
	}
	masqueraded_row(&prefix, interface, row);
}

static bool is_link_local(const struct address *address)
{
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static int routes_make(const struct config *config, const struct system *system,
		       struct content *content)
{
	struct route_row *row;

	row = calloc(config->route_count + system->address_count + 1 +
			     config->masquerade_count * (system->address_count + 1) +
			     config->forward_count,
		     sizeof(*row));
	if (!row)
		return -ENOMEM;
	content->routes = row;
	/* Rows of the same prefix: the later one stands. */
	for (size_t i = 0; i < config->masquerade_count; i++)
		row = masqueraded_rows(&config->masquerades[i], config, system, row);
	for (size_t i = 0; i < config->forward_count; i++)
		forward_row(&config->forwards[i].target, config, system, row++);
	for (size_t i = 0; i < config->route_count; i++)
		slice_row(&config->routes[i], row++);
	/* Every link has its fe80::; they say nothing about whose a packet is. */
	for (size_t i = 0; i < system->address_count; i++)
		if (!is_link_local(&system->addresses[i].address))
			host_row(&system->addresses[i], system, row++);
	content->content.route_count = row - content->routes;
	return 0;
}

/* The compiler takes a rule with a limit for one with a number of its own, see struct cell. */
static __u32 reference(const struct rule *rule)
{
	return rule->id | (rule->rate_pps ? RULE_LIMITED : 0) | (rule->log ? RULE_LOGGED : 0);
}

static int compile_rules(const struct config *config, struct policy_tables *tables)
{
	struct forwarded_denies denies;
	size_t count = config->rule_count;
	int error = forwarded_denies_make(config, &denies);
	struct rule *rules = malloc((count + denies.count + 1) * sizeof(*rules));

	if (!error && !rules)
		error = -ENOMEM;
	if (!error) {
		memcpy(rules, config->rules, count * sizeof(*rules));
		memcpy(rules + count, denies.rules, denies.count * sizeof(*rules));
		count += denies.count;
		for (size_t i = 0; i < count; i++)
			rules[i].id = reference(&rules[i]);
		error = policy_compile(rules, count, tables);
	}
	free(rules);
	forwarded_denies_free(&denies);
	return error;
}

static int rules_make(const struct config *config, struct content *content)
{
	content->rules = calloc(config->rule_count + 1, sizeof(*content->rules));
	if (!content->rules)
		return -ENOMEM;
	for (size_t i = 0; i < config->rule_count; i++) {
		struct rule_row *row = &content->rules[i];

		row->id = config->rules[i].id;
		row->view.action = config->rules[i].action;
		snprintf(row->view.text, sizeof(row->view.text), "%s", config->rule_texts[i]);
	}
	return compile_rules(config, &content->policy);
}

int content_make(const struct config *config, const struct system *system, struct content *content)
{
	int error;

	memset(content, 0, sizeof(*content));
	error = routes_make(config, system, content);
	if (!error)
		error = rules_make(config, content);
	if (error) {
		content_free(content);
		return error;
	}
	settings_make(config, system, content);
	content->content.settings = &content->settings;
	content->content.policy = &content->policy;
	content->content.routes = content->routes;
	content->content.rules = content->rules;
	content->content.rule_count = config->rule_count;
	content->content.text = config->text;
	content->content.text_length = config->text_length;
	return 0;
}

void content_free(struct content *content)
{
	policy_tables_free(&content->policy);
	free(content->routes);
	free(content->rules);
	memset(content, 0, sizeof(*content));
}
