/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address plan of a host: from a provider's /64 to slices for the LAN, a tunnel and each
 * guest's containers. The plan is computed from words alone; no system call, no output.
 */
#ifndef XFW_PLAN_H
#define XFW_PLAN_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "prefix.h"

enum {
	PLAN_SLICES = 4096, /* /77s in a /65 */
	PLAN_GUESTS_DEFAULT = 2,
	PLAN_GUESTS_MAX = PLAN_SLICES - 2, /* the LAN and the tunnel have one each */
	PLAN_NAME_MAX = 16,		   /* keeps the table within 80 columns */
	PLAN_WORDS_MAX = 2,		   /* of --wan-address, --wan-gateway: one per family */
	PLAN_TUNNEL_PORT = 51820,
};

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

/* What the user said, as typed. */
struct plan_request {
	const char *prefix;
	const char *vms; /* NULL: as many as are named, or PLAN_GUESTS_DEFAULT */
	const char *wan, *lan, *tunnel;
	const char *lan4;
	const char *wan_addresses[PLAN_WORDS_MAX], *wan_gateways[PLAN_WORDS_MAX];
	bool on_link;
	char *const *hosts; /* host NAME [MAC] host NAME [MAC] … */
	size_t host_word_count;
};

struct plan_guest {
	char name[PLAN_NAME_MAX + 1];
	char mac[18]; /* empty: known by its name */
	struct address address, address4;
	struct prefix containers;
};

struct plan {
	struct prefix network, range_a, range_b;
	struct address host;

	char wan[IF_NAMESIZE], lan[IF_NAMESIZE], tunnel[IF_NAMESIZE];
	bool on_link;
	/* Of the WAN, as given: length 0 and a zero address are what was not given. */
	struct prefix wan_address[FAMILIES]; /* host bits are the address */
	struct address wan_gateway[FAMILIES];

	struct prefix lan_slice;
	struct address lan_gateway, pool_first, pool_last;
	struct prefix lan4;
	struct address lan4_gateway, pool4_first, pool4_last;

	struct prefix tunnel_slice;
	struct address tunnel_host, tunnel_home;

	struct plan_guest *guests;
	size_t guest_count;
};

/* 0, -ENOMEM, or -EINVAL with the fault. The plan is to be freed in either case. */
int plan_make(const struct plan_request *request, struct plan *plan, struct fault *fault);
void plan_free(struct plan *plan);

static inline bool plan_has_wan_address(const struct plan *plan, enum family family)
{
	return plan->wan_address[family].length != 0;
}

bool plan_has_wan_gateway(const struct plan *plan, enum family family);

/* ---- the files ---- */

/*
 * Write the plan's files into @directory, which is absent or empty: all of them or none. 0 or
 * -EINVAL with the fault. @name is told each file written.
 */
int plan_write(const struct plan *plan, const char *directory, struct fault *fault);

enum { PLAN_FILE_NAME = 64 };

/* The name of the plan's file number @index; false past the last one. */
bool plan_file_name(const struct plan *plan, size_t index, char name[PLAN_FILE_NAME]);

#endif
