/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose an address is: a slice's, the host's, or a stranger's.
 */
#ifndef XFW_ROUTE_H
#define XFW_ROUTE_H

#include "address.h"

/* The slice or host address that holds @address, NULL when it is not ours. */
static __noinline const struct route *route_lookup(__u32 slot, const struct address *address)
{
	void *table = generation_table(&gen_routes, slot);
	struct prefix_key key;

	if (!table || !address)
		return NULL;
	key.prefixlen = 128;
	key.address = *address;
	return bpf_map_lookup_elem(table, &key);
}

static __always_inline bool address_is_guests(__u32 slot, const struct address *address)
{
	const struct route *route = route_lookup(slot, address);

	return route && route->kind != ROUTE_HOST;
}

/*
 * Is an address from outside one of ours? The covers, a few prefixes around everything that is,
 * spare strangers the trie. Without settings everything is: closed.
 * verifier: global, so that it is verified once and not for every state of every caller.
 */
__noinline bool address_is_own(__u32 slot, const struct address *address)
{
	void *table = generation_table(&gen_settings, slot);
	const struct settings *settings;
	__u32 zero = 0;
	bool covered;

	if (!table || !address)
		return true;
	settings = bpf_map_lookup_elem(table, &zero);
	if (!settings)
		return true;
	covered = settings->own_covers_overflow;
	for (__u32 i = 0; i < XFW_OWN_COVERS && i < settings->own_cover_count; i++)
		covered |= address_covered(address, &settings->own_covers[i]);
	return covered && route_lookup(slot, address);
}

#endif
