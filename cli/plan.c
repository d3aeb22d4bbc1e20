/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the words of a request to the plan.
 */
#include "plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "number.h"

enum {
	SLICE_LENGTH = 77,
	SLICE_STEP = 8, /* in the fifth group, which has 3 bits below a /77 */
	RANGE_LENGTH = 65,
	FIRST_GUEST4 = 9, /* guest n is number 9 + n of the IPv4 network */
};

enum slice { SLICE_LAN, SLICE_TUNNEL, SLICE_FIRST_GUEST };

/* ---- numbers into addresses ---- */

static void set_group(struct address *address, int group, unsigned int value)
{
	address->bytes[group * 2] = value >> 8;
	address->bytes[group * 2 + 1] = value;
}

static struct prefix slice(const struct plan *plan, unsigned int index)
{
	struct prefix prefix = {plan->network.address, SLICE_LENGTH};

	set_group(&prefix.address, 4, 0x8000 + SLICE_STEP * index);
	return prefix;
}

/* Address number @last of @prefix. */
static struct address numbered(const struct prefix *prefix, unsigned int last)
{
	struct address address = prefix->address;

	set_group(&address, 7, last);
	return address;
}

static struct address numbered4(const struct prefix *prefix, __u32 number)
{
	struct address address = prefix->address;

	for (int byte = 15; byte >= 12; byte--, number >>= 8)
		address.bytes[byte] |= number;
	return address;
}

static bool same_address(const struct address *a, const struct address *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool is_link_local(const struct address *address)
{
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static struct prefix network_of(const struct prefix *own)
{
	struct prefix network = *own;

	address_mask(&network.address, network.length);
	return network;
}

static enum family family_of(const struct prefix *prefix)
{
	return prefix_is_ipv4(prefix) ? FAMILY_IPV4 : FAMILY_IPV6;
}

/* ---- reading words ---- */

/* ADDRESS/LENGTH with any host bits. */
static int read_with_length(const char *what, const char *word, struct prefix *prefix,
			    struct fault *fault)
{
	size_t length = strcspn(word, "/");
	char address[PREFIX_TEXT];
	unsigned long bits;
	bool ipv4;

	memset(prefix, 0, sizeof(*prefix));
	snprintf(address, sizeof(address), "%.*s", (int)length, word);
	if (length >= sizeof(address) || !address_read(address, &prefix->address, &ipv4))
		return fault_set(fault, "%s: '%s' is no address with a length", what, word);
	if (!word[length])
		return fault_set(fault, "%s: '%s' has no length; write %s/%d", what, word, word,
				 ipv4 ? 24 : 64);
	if (!number_read(word + length + 1, ipv4 ? 32 : 128, &bits) || !bits)
		return fault_set(fault, "%s: '/%s' in '%s' is no prefix length (1 to %d)", what,
				 word + length + 1, word, ipv4 ? 32 : 128);
	prefix->length = bits + (ipv4 ? IPV4_BITS_BEFORE : 0);
	return 0;
}

static int read_network(const char *what, const char *word, struct prefix *prefix,
			struct fault *fault)
{
	struct prefix right;
	char text[PREFIX_TEXT];

	if (read_with_length(what, word, prefix, fault))
		return -EINVAL;
	right = network_of(prefix);
	if (same_address(&right.address, &prefix->address))
		return 0;
	prefix_format(&right, text, sizeof(text));
	return fault_set(fault, "%s: '%s' has host bits set; the prefix is %s", what, word, text);
}

static int read_provider(const char *word, struct plan *plan, struct fault *fault)
{
	struct prefix *network = &plan->network;
	struct prefix right;
	char text[PREFIX_TEXT];

	if (read_with_length("plan", word, network, fault))
		return -EINVAL;
	if (family_of(network) == FAMILY_IPV4)
		return fault_set(fault, "plan: '%s' is IPv4; the plan is made of an IPv6 /64",
				 word);
	right = (struct prefix){network->address, 64};
	address_mask(&right.address, right.length);
	prefix_format(&right, text, sizeof(text));
	if (network->length != 64)
		return fault_set(fault, "plan: '%s' is a /%u; the plan is made of a /64, as %s",
				 word, (unsigned int)network->length, text);
	if (is_link_local(&network->address) || network->address.bytes[0] == 0xff ||
	    !(network->address.bytes[0] & 0xe0))
		return fault_set(fault,
				 "plan: '%s' is not routed in the Internet; "
				 "take the /64 that the provider assigned",
				 word);
	return read_network("plan", word, network, fault);
}

static int read_interface(const char *option, const char *word, char name[IF_NAMESIZE],
			  struct fault *fault)
{
	size_t length = strlen(word);

	if (length >= IF_NAMESIZE)
		return fault_set(fault, "%s: '%s' is too long for an interface (at most %d bytes)",
				 option, word, IF_NAMESIZE - 1);
	/* The kernel allows more, but the files that the name goes into do not. */
	for (const char *at = word; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("_-.", *at))
			length = 0;
	if (!length || !isalnum((unsigned char)*word))
		return fault_set(fault,
				 "%s: '%s' is no name of an interface: letters, digits, "
				 "'.', '-' and '_'",
				 option, word);
	strcpy(name, word);
	return 0;
}

static int read_interfaces(const struct plan_request *request, struct plan *plan,
			   struct fault *fault)
{
	if (read_interface("--wan", request->wan, plan->wan, fault) ||
	    read_interface("--lan", request->lan, plan->lan, fault) ||
	    read_interface("--tunnel", request->tunnel, plan->tunnel, fault))
		return -EINVAL;
	if (!strcmp(plan->wan, plan->lan) || !strcmp(plan->tunnel, plan->lan))
		return fault_set(fault, "--lan: '%s' is another role's interface already",
				 plan->lan);
	if (!strcmp(plan->tunnel, plan->wan))
		return fault_set(fault, "--tunnel: '%s' is the WAN already", plan->tunnel);
	return 0;
}

/* ---- the WAN ---- */

bool plan_has_wan_gateway(const struct plan *plan, enum family family)
{
	static const struct address none;

	return !same_address(&plan->wan_gateway[family], &none);
}

static int read_wan_address(const char *word, struct plan *plan, struct fault *fault)
{
	struct prefix address;

	if (read_with_length("--wan-address", word, &address, fault))
		return -EINVAL;
	if (plan_has_wan_address(plan, family_of(&address)))
		return fault_set(fault,
				 "--wan-address: '%s' is the second of its family; "
				 "one is right",
				 word);
	plan->wan_address[family_of(&address)] = address;
	return 0;
}

/* Is the gateway on a link that the host has an address of? */
static bool reaches(const struct plan *plan, enum family family, const struct address *gateway)
{
	struct prefix network = network_of(&plan->wan_address[family]);

	if (network.length && prefix_contains(&network, gateway))
		return true;
	if (family == FAMILY_IPV4) /* a /32 has its gateway as its point-to-point peer */
		return network.length == 128;
	return is_link_local(gateway) || prefix_contains(&plan->range_a, gateway);
}

static int read_wan_gateway(const char *word, struct plan *plan, struct fault *fault)
{
	struct prefix gateway = {.length = 128};
	enum family family;
	bool ipv4;

	if (!address_read(word, &gateway.address, &ipv4))
		return fault_set(fault, "--wan-gateway: '%s' is no address", word);
	family = ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;
	if (plan_has_wan_gateway(plan, family))
		return fault_set(fault,
				 "--wan-gateway: '%s' is the second of its family; "
				 "one is right",
				 word);
	if (ipv4 && !plan_has_wan_address(plan, family))
		return fault_set(fault,
				 "--wan-gateway: '%s' needs --wan-address ADDRESS/LENGTH "
				 "of IPv4 beside it",
				 word);
	if (!reaches(plan, family, &gateway.address))
		return fault_set(fault,
				 "--wan-gateway: '%s' is on no link of the host; "
				 "give the --wan-address in its network, or a link-local gateway",
				 word);
	if (same_address(&gateway.address, &plan->host) ||
	    same_address(&gateway.address, &plan->wan_address[family].address))
		return fault_set(fault, "--wan-gateway: '%s' is the host's own address", word);
	plan->wan_gateway[family] = gateway.address;
	return 0;
}

static int read_wan(const struct plan_request *request, struct plan *plan, struct fault *fault)
{
	for (int i = 0; i < PLAN_WORDS_MAX; i++)
		if (request->wan_addresses[i] &&
		    read_wan_address(request->wan_addresses[i], plan, fault))
			return -EINVAL;
	for (int i = 0; i < PLAN_WORDS_MAX; i++)
		if (request->wan_gateways[i] &&
		    read_wan_gateway(request->wan_gateways[i], plan, fault))
			return -EINVAL;
	/* DHCP would bring the route along; a static address has it from here or not at all. */
	if (plan_has_wan_address(plan, FAMILY_IPV4) && !plan_has_wan_gateway(plan, FAMILY_IPV4))
		return fault_set(fault, "--wan-address: the IPv4 address needs --wan-gateway "
					"ADDRESS beside it");
	return 0;
}

/* ---- the guests ---- */

static int check_name(const char *name, struct fault *fault)
{
	struct fault why;

	if (strlen(name) > PLAN_NAME_MAX)
		return fault_set(fault, "host: '%s' is longer than %d letters", name,
				 PLAN_NAME_MAX);
	if (strchr(name, '_')) /* it is the guest's host name, too: RFC 952 */
		return fault_set(fault, "host: '%s' is no host name: letters, digits and -", name);
	if (names_check(name, &why))
		return fault_set(fault, "host: %s", why.text);
	if (!strcmp(name, "rangeB"))
		return fault_set(fault, "host: '%s' is the range's name; choose another", name);
	return 0;
}

static int read_mac(const char *word, char mac[18], struct fault *fault)
{
	size_t length = strlen(word);

	for (size_t i = 0; i < length; i++)
		if (i % 3 == 2 ? word[i] != ':' : !isxdigit((unsigned char)word[i]))
			length = 0;
	if (length != 17)
		return fault_set(fault, "host: '%s' is no MAC address, as bc:24:11:00:00:01", word);
	strcpy(mac, word);
	return 0;
}

/* Read one `host NAME [MAC]` from @at on. Returns the words taken, or -EINVAL. */
static int read_host(const struct plan_request *request, size_t at, struct plan_guest *guest,
		     struct fault *fault)
{
	char *const *words = request->hosts + at;
	size_t left = request->host_word_count - at;

	if (strcmp(words[0], "host"))
		return fault_set(fault,
				 "plan: '%s' is not understood here; host NAME [MAC] names "
				 "a guest",
				 words[0]);
	if (left < 2)
		return fault_set(fault, "plan: 'host' names nobody; write host NAME [MAC]");
	if (check_name(words[1], fault))
		return -EINVAL;
	strcpy(guest->name, words[1]);
	if (left == 2 || !strchr(words[2], ':'))
		return 2;
	return read_mac(words[2], guest->mac, fault) ?: 3;
}

/* Names into the plan's guests, in the order said. */
static int read_hosts(const struct plan_request *request, struct plan *plan, size_t *named,
		      struct fault *fault)
{
	int taken;

	*named = 0;
	for (size_t at = 0; at < request->host_word_count; at += taken) {
		if (*named == PLAN_GUESTS_MAX)
			return fault_set(fault,
					 "host: '%s' is one more than the %d guests that "
					 "have a slice",
					 request->hosts[at + 1], PLAN_GUESTS_MAX);
		taken = read_host(request, at, &plan->guests[*named], fault);
		if (taken < 0)
			return taken;
		(*named)++;
	}
	return 0;
}

static int read_count(const struct plan_request *request, size_t named, struct plan *plan,
		      struct fault *fault)
{
	unsigned long count;

	plan->guest_count = named ?: PLAN_GUESTS_DEFAULT;
	if (!request->vms)
		return 0;
	if (!number_read(request->vms, PLAN_GUESTS_MAX, &count) || !count)
		return fault_set(fault,
				 "--vms: '%s' is no number of VMs: there are slices for 1 "
				 "to %d",
				 request->vms, PLAN_GUESTS_MAX);
	if (count < named)
		return fault_set(fault, "--vms: '%s' is less than the %zu hosts named",
				 request->vms, named);
	plan->guest_count = count;
	return 0;
}

static void place_guest(struct plan *plan, size_t index)
{
	struct plan_guest *guest = &plan->guests[index];
	unsigned int number = index + 1;

	if (!guest->name[0])
		snprintf(guest->name, sizeof(guest->name), "vm%u", number);
	guest->address = numbered(&plan->lan_slice, 1);
	set_group(&guest->address, 5, number);
	guest->address4 = numbered4(&plan->lan4, FIRST_GUEST4 + number);
	guest->containers = slice(plan, SLICE_FIRST_GUEST + index);
}

static int check_names_differ(const struct plan *plan, struct fault *fault)
{
	for (size_t i = 0; i < plan->guest_count; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcasecmp(plan->guests[i].name, plan->guests[j].name))
				return fault_set(fault, "host: '%s' names two guests, %zu and %zu",
						 plan->guests[i].name, j + 1, i + 1);
	return 0;
}

/* ---- the LAN ---- */

/* The lower half of the network is for guests by number, the upper for whoever else comes. */
static __u32 lan4_half(unsigned int length)
{
	return 1U << (31 - length);
}

static int read_lan4(const char *word, size_t guests, struct plan *plan, struct fault *fault)
{
	struct prefix *network = &plan->lan4;
	unsigned int length, right = 24;

	if (read_network("--lan4", word, network, fault))
		return -EINVAL;
	if (family_of(network) != FAMILY_IPV4)
		return fault_set(fault,
				 "--lan4: '%s' is IPv6; an IPv4 network is right, as "
				 "172.16.99.0/24",
				 word);
	length = network->length - IPV4_BITS_BEFORE;
	if (length < 8)
		return fault_set(fault, "--lan4: '%s' is too large; /8 to /27 is right", word);
	while (lan4_half(right) <= FIRST_GUEST4 + guests)
		right--;
	if (length > 27 || lan4_half(length) <= FIRST_GUEST4 + guests)
		return fault_set(fault, "--lan4: '%s' has no room for %zu guests; take a /%u", word,
				 guests, right);
	if (plan_has_wan_address(plan, FAMILY_IPV4) &&
	    (prefix_contains(network, &plan->wan_address[FAMILY_IPV4].address) ||
	     prefix_contains(network, &plan->wan_gateway[FAMILY_IPV4])))
		return fault_set(fault,
				 "--lan4: '%s' holds the WAN's address, too; choose another "
				 "network",
				 word);
	plan->lan4_gateway = numbered4(network, 1);
	plan->pool4_first = numbered4(network, lan4_half(length));
	plan->pool4_last = numbered4(network, lan4_half(length) * 2 - 2);
	return 0;
}

/* ---- all of it ---- */

static void split_network(struct plan *plan)
{
	plan->range_a = (struct prefix){plan->network.address, RANGE_LENGTH};
	plan->range_b = slice(plan, 0);
	plan->range_b.length = RANGE_LENGTH;
	plan->host = numbered(&plan->range_a, 1);

	plan->lan_slice = slice(plan, SLICE_LAN);
	plan->lan_gateway = numbered(&plan->lan_slice, 1);
	/* ::1:0 to ::1:ffff: neither the gateway nor a guest, whose sixth group is its number. */
	plan->pool_first = numbered(&plan->lan_slice, 0);
	set_group(&plan->pool_first, 6, 1);
	plan->pool_last = plan->pool_first;
	set_group(&plan->pool_last, 7, 0xffff);

	plan->tunnel_slice = slice(plan, SLICE_TUNNEL);
	plan->tunnel_host = numbered(&plan->tunnel_slice, 1);
	plan->tunnel_home = numbered(&plan->tunnel_slice, 2);
}

int plan_make(const struct plan_request *request, struct plan *plan, struct fault *fault)
{
	size_t named;

	memset(plan, 0, sizeof(*plan));
	plan->on_link = request->on_link;
	plan->guests = calloc(PLAN_GUESTS_MAX, sizeof(*plan->guests));
	if (!plan->guests)
		return -ENOMEM;
	if (read_provider(request->prefix, plan, fault))
		return -EINVAL;
	split_network(plan);
	if (read_interfaces(request, plan, fault) || read_wan(request, plan, fault) ||
	    read_hosts(request, plan, &named, fault) || read_count(request, named, plan, fault) ||
	    read_lan4(request->lan4, plan->guest_count, plan, fault))
		return -EINVAL;
	for (size_t i = 0; i < plan->guest_count; i++)
		place_guest(plan, i);
	return check_names_differ(plan, fault);
}

void plan_free(struct plan *plan)
{
	free(plan->guests);
	memset(plan, 0, sizeof(*plan));
}
