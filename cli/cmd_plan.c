/* SPDX-License-Identifier: GPL-2.0 */
/*
 * plan: from a provider's /64 to the addresses and the files of a host. Reads nothing of the
 * machine and changes nothing but the directory to write.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "plan.h"

/* ---- options ---- */

struct plan_words {
	struct plan_request request;
	const char *write; /* the directory, or NULL */
	bool json;
	bool help;
};

enum {
	OPTION_VMS = 256,
	OPTION_WAN,
	OPTION_LAN,
	OPTION_TUNNEL,
	OPTION_LAN4,
	OPTION_WAN_ADDRESS,
	OPTION_WAN_GATEWAY,
	OPTION_ON_LINK,
	OPTION_WRITE,
	OPTION_JSON,
	OPTION_HELP,
};

static const struct option options[] = {
	{"vms", required_argument, NULL, OPTION_VMS},
	{"wan", required_argument, NULL, OPTION_WAN},
	{"lan", required_argument, NULL, OPTION_LAN},
	{"tunnel", required_argument, NULL, OPTION_TUNNEL},
	{"lan4", required_argument, NULL, OPTION_LAN4},
	{"wan-address", required_argument, NULL, OPTION_WAN_ADDRESS},
	{"wan-gateway", required_argument, NULL, OPTION_WAN_GATEWAY},
	{"onlink", no_argument, NULL, OPTION_ON_LINK},
	{"write", required_argument, NULL, OPTION_WRITE},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, OPTION_HELP},
	{},
};

static const char options_help[] =
	"\n"
	"  host NAME [MAC]    name the next guest (vm1, vm2 ... without); with its MAC address\n"
	"                     DHCP knows it by that, else by the host name that it sends\n"
	"  --vms N            this many guests (2, or as many as are named)\n"
	"  --wan IF           the provider's interface (eth0)\n"
	"  --lan IF           the guests' bridge (vmbr0)\n"
	"  --tunnel IF        WireGuard to the home network (wg0)\n"
	"  --lan4 NET         the guests' IPv4 network, masqueraded (172.16.99.0/24)\n"
	"  --wan-address A/L  the WAN's own address; once for IPv4 (else DHCP), once for IPv6\n"
	"  --wan-gateway A    its gateway; once for IPv4, once for IPv6 (else advertised)\n"
	"  --onlink           the provider has the /64 on its link: answer for the guests\n"
	"  --write DIR        write the files into DIR, which is new or empty\n";

static bool add_word(const char *list[PLAN_WORDS_MAX], const char *word)
{
	for (int i = 0; i < PLAN_WORDS_MAX; i++) {
		if (list[i])
			continue;
		list[i] = word;
		return true;
	}
	fprintf(stderr, "xfw: plan: '%s' is one too many; one for each family is right\n", word);
	return false;
}

#define PLACE(option) (OPTION_##option - OPTION_VMS)

static bool take_option(int option, const char *argument, struct plan_words *words)
{
	struct plan_request *request = &words->request;
	const char **const places[] = {
		[PLACE(VMS)] = &request->vms,	[PLACE(WAN)] = &request->wan,
		[PLACE(LAN)] = &request->lan,	[PLACE(TUNNEL)] = &request->tunnel,
		[PLACE(LAN4)] = &request->lan4, [PLACE(WRITE)] = &words->write,
	};

	switch (option) {
	case OPTION_WAN_ADDRESS:
		return add_word(request->wan_addresses, argument);
	case OPTION_WAN_GATEWAY:
		return add_word(request->wan_gateways, argument);
	case OPTION_ON_LINK:
		return request->on_link = true;
	case OPTION_JSON:
		return words->json = true;
	case OPTION_HELP:
		return words->help = true;
	case '?':
		return false;
	default:
		*places[option - OPTION_VMS] = argument;
		return true;
	}
}

/* False when an option is wrong, which getopt has told. */
static bool read_words(const struct invocation *invocation, struct plan_words *words)
{
	char **argv = invocation->words;
	int option;

	optind = 0; /* main has read the options before the command; begin anew */
	while ((option = getopt_long(invocation->word_count, argv, "", options, NULL)) != -1)
		if (!take_option(option, optarg, words))
			return false;
	words->request.prefix = argv[optind];
	words->request.hosts = argv + optind + 1;
	words->request.host_word_count = invocation->word_count - optind - 1;
	return words->help || argv[optind];
}

/* ---- as JSON ---- */

static json_t *address_json(const struct address *address)
{
	char text[PREFIX_TEXT];

	address_format(address, text, sizeof(text));
	return json_string(text);
}

static json_t *prefix_json(const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	prefix_format(prefix, text, sizeof(text));
	return json_string(text);
}

static json_t *wan_json(const struct plan *plan)
{
	static const char *const names[FAMILIES][2] = {{"address4", "gateway4"},
						       {"address6", "gateway6"}};
	json_t *wan = json_pack("{s:s, s:b}", "interface", plan->wan, "on_link", plan->on_link);

	for (int family = 0; family < FAMILIES; family++) {
		const struct prefix *own = &plan->wan_address[family];

		json_object_set_new(wan, names[family][0],
				    own->length ? prefix_json(own) : json_null());
		json_object_set_new(wan, names[family][1],
				    plan_has_wan_gateway(plan, family)
					    ? address_json(&plan->wan_gateway[family])
					    : json_null());
	}
	return wan;
}

static json_t *lan_json(const struct plan *plan)
{
	return json_pack("{s:s, s:o, s:o, s:[o,o], s:o, s:o, s:[o,o]}", "interface", plan->lan,
			 "prefix", prefix_json(&plan->lan_slice), "gateway",
			 address_json(&plan->lan_gateway), "pool", address_json(&plan->pool_first),
			 address_json(&plan->pool_last), "prefix4", prefix_json(&plan->lan4),
			 "gateway4", address_json(&plan->lan4_gateway), "pool4",
			 address_json(&plan->pool4_first), address_json(&plan->pool4_last));
}

static json_t *tunnel_json(const struct plan *plan)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "interface", plan->tunnel, "prefix",
			 prefix_json(&plan->tunnel_slice), "host", address_json(&plan->tunnel_host),
			 "home", address_json(&plan->tunnel_home));
}

static json_t *guests_json(const struct plan *plan)
{
	json_t *guests = json_array();

	for (size_t i = 0; i < plan->guest_count; i++) {
		const struct plan_guest *guest = &plan->guests[i];
		json_t *mac = guest->mac[0] ? json_string(guest->mac) : json_null();

		json_array_append_new(guests,
				      json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "name",
						guest->name, "number", (int)i + 1, "mac", mac,
						"address", address_json(&guest->address),
						"address4", address_json(&guest->address4),
						"containers", prefix_json(&guest->containers)));
	}
	return guests;
}

static json_t *written_json(const struct plan *plan, const char *directory)
{
	json_t *files = json_array();
	char name[PLAN_FILE_NAME];

	for (size_t i = 0; plan_file_name(plan, i, name); i++)
		json_array_append_new(files, json_string(name));
	return json_pack("{s:s, s:o}", "directory", directory, "files", files);
}

static json_t *plan_json(const struct plan *plan, const char *directory)
{
	json_t *object =
		json_pack("{s:o, s:o, s:o, s:i, s:i, s:o}", "prefix", prefix_json(&plan->network),
			  "range_a", prefix_json(&plan->range_a), "range_b",
			  prefix_json(&plan->range_b), "slices", PLAN_SLICES, "slices_used",
			  (int)plan->guest_count + 2, "host", address_json(&plan->host));

	json_object_set_new(object, "wan", wan_json(plan));
	json_object_set_new(object, "lan", lan_json(plan));
	json_object_set_new(object, "tunnel", tunnel_json(plan));
	json_object_set_new(object, "guests", guests_json(plan));
	if (directory)
		json_object_set_new(object, "written", written_json(plan, directory));
	return object;
}

/* ---- as a table of 80 columns ---- */

static void print_prefix(const char *what, const struct prefix *prefix, const char *is_for,
			 const char *name)
{
	char text[PREFIX_TEXT];

	prefix_format(prefix, text, sizeof(text));
	printf("%-17s %-33s %s%s\n", what, text, is_for, name);
}

static void print_address(const char *what, const struct address *address, const char *is_for,
			  const char *name)
{
	struct prefix whole = {*address, 128};

	print_prefix(what, &whole, is_for, name);
}

static void print_ranges(const struct plan *plan)
{
	char used[48];

	snprintf(used, sizeof(used), "%zu of %d slices (/77) used", plan->guest_count + 2,
		 PLAN_SLICES);
	printf("%-17s %-33s %s\n", "RANGE", "PREFIX", "FOR");
	print_prefix("provider", &plan->network,
		     plan->on_link ? "on the WAN's link" : "routed here", "");
	print_prefix("rangeA", &plan->range_a, "the host", "");
	print_prefix("rangeB", &plan->range_b, used, "");
	print_prefix("lan4", &plan->lan4, "masqueraded on ", plan->wan);
}

static void print_slices(const struct plan *plan)
{
	printf("\n%-17s %-33s %s\n", "SLICE", "PREFIX", "LEADS TO");
	print_prefix("LAN", &plan->lan_slice, "dev ", plan->lan);
	print_prefix("home", &plan->tunnel_slice, "dev ", plan->tunnel);
	for (size_t i = 0; i < plan->guest_count; i++)
		print_prefix("containers", &plan->guests[i].containers, "via ",
			     plan->guests[i].name);
}

static void print_addresses(const struct plan *plan)
{
	printf("\n%-17s %-33s %s\n", "ADDRESS OF", "IPV6", "IPV4 OR INTERFACE");
	print_address("host", &plan->host, plan->wan, "");
	print_address("LAN gateway", &plan->lan_gateway, plan->lan, "");
	print_address("tunnel, host", &plan->tunnel_host, plan->tunnel, "");
	print_address("tunnel, home", &plan->tunnel_home, "", "");
	for (size_t i = 0; i < plan->guest_count; i++) {
		char address4[PREFIX_TEXT];

		address_format(&plan->guests[i].address4, address4, sizeof(address4));
		print_address(plan->guests[i].name, &plan->guests[i].address, address4, "");
	}
}

static void print_plan(const struct plan *plan, const char *directory)
{
	char name[PLAN_FILE_NAME];

	print_ranges(plan);
	print_slices(plan);
	print_addresses(plan);
	if (directory)
		printf("\nwritten into %s:\n", directory);
	for (size_t i = 0; directory && plan_file_name(plan, i, name); i++)
		printf("  %s\n", name);
}

/* ---- the command ---- */

static int say_plan(const struct invocation *invocation, const struct plan_words *words)
{
	struct fault fault;
	struct plan plan;
	int error = plan_make(&words->request, &plan, &fault);

	if (!error && words->write)
		error = plan_write(&plan, words->write, &fault);
	if (error)
		say_error(invocation, "%s; nothing was written",
			  error == -ENOMEM ? "out of memory" : fault.text);
	else if (invocation->json)
		say_json(plan_json(&plan, words->write));
	else
		print_plan(&plan, words->write);
	plan_free(&plan);
	return error ? EXIT_REFUSED : EXIT_DONE;
}

int command_plan(const struct invocation *invocation)
{
	struct plan_words words = {
		.request = {.wan = "eth0",
			    .lan = "vmbr0",
			    .tunnel = "wg0",
			    .lan4 = "172.16.99.0/24"},
		.json = invocation->json,
	};
	struct invocation here = *invocation;

	if (!read_words(invocation, &words))
		return say_usage(invocation);
	if (words.help) {
		printf("usage: xfw plan PREFIX/64 [host NAME [MAC]]... [OPTION]...\n%s",
		       options_help);
		return EXIT_DONE;
	}
	here.json = words.json;
	return say_plan(&here, &words);
}
