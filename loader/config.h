/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A whole configuration, parsed and resolved: what cli/ hands to the loader.
 * Holds no pointers into the text it came from.
 */
#ifndef XFW_CONFIG_H
#define XFW_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "../maps/compile.h"

struct interface_config {
	char name[IFNAMSIZ];
	enum role role;
	bool enforce_in_tc; /* lan IF hook tc */
	unsigned int ifindex;
};

struct route_config {
	struct prefix prefix;
	enum route_kind kind; /* ROUTE_ON_LINK or ROUTE_GATEWAY */
	struct address gateway;
	char device[IFNAMSIZ];
	unsigned int ifindex; /* 0: the interface is not there yet */
	__u32 index; /* in route_stats, 1 to XFW_ROUTES_CAPACITY - 1; stays while the route lives */
	__u32 table; /* the kernel's, that it was imported from; 0: typed */
};

/* `ndp proxy PREFIX [on IF]` */
struct ndp_config {
	struct prefix prefix;
	unsigned int ifindex; /* 0: every WAN */
};

/* `forward PROTO PORTS to TARGET`: protocol, ports and source are those of the rule made of it. */
struct forward_config {
	size_t rule;	       /* in config.rules: what lets the packets in */
	struct address target; /* IPv4, mapped */
	__u16 target_port;     /* 0: the port it came to */
};

/* `option …` lines, with their defaults when absent. */
struct options {
	bool drop_bogons;    /* option bogons on|off: on */
	bool fast_path;	     /* option fast-path on|off: on */
	bool require_native; /* option require native: off */
	bool dispatcher; /* option dispatcher on|off: on; takes effect where nothing is attached */
	__u32 flows;	 /* option flows N: XFW_FLOWS_DEFAULT; takes effect at `up` */
};

struct config {
	struct interface_config *interfaces;
	size_t interface_count;
	struct interface_config *absent; /* waited for: no ifindex, and their routes have none */
	size_t absent_count;
	struct route_config *routes;
	size_t route_count;
	struct rule *rules; /* resolved, for the compiler */
	char **rule_texts;  /* as typed, one a rule, same order */
	size_t rule_count;
	struct prefix *masquerades; /* IPv4, mapped */
	size_t masquerade_count;
	struct forward_config *forwards;
	size_t forward_count;
	struct ndp_config ndp_proxies[XFW_NDP_PROXIES];
	size_t ndp_proxy_count;
	struct options options;
	char *text; /* the running form of it all, rule and route ids included; see cli/document.h */
	size_t text_length;
};

void config_free(struct config *config);

#endif
