/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which port of the bridge a guest is behind: read off the frames it sends, as the bridge does.
 * Entries that nobody refreshes expire (XFW_PORT_LIFETIME_S) and the kernel forwards instead.
 */
#ifndef XFW_LEARN_H
#define XFW_LEARN_H

#include "clock.h"
#include "tables.h"

static __always_inline void learn_port(const __u8 *mac, __u32 ifindex)
{
	const __u32 *bridge = bpf_map_lookup_elem(&bridge_ports, &ifindex);
	struct port heard = {.ifindex = ifindex, .last_heard = clock_now()};
	struct port_key key = {};
	struct port *known;

	if (!bridge || mac[0] & 1)
		return;
	key.bridge = *bridge;
	__builtin_memcpy(key.mac, mac, sizeof(key.mac));
	known = bpf_map_lookup_elem(&ports, &key);
	if (!known) {
		bpf_map_update_elem(&ports, &key, &heard, BPF_ANY);
		return;
	}
	/* Written when it changes only: the line is shared by every CPU. */
	if (known->ifindex != heard.ifindex)
		known->ifindex = heard.ifindex;
	if (known->last_heard != heard.last_heard)
		known->last_heard = heard.last_heard;
}

#endif
