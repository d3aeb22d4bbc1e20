/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which policy judges this packet, and in what role its interface stands.
 * Read once a packet, so that no packet sees half a policy.
 */
#ifndef XFW_GENERATION_H
#define XFW_GENERATION_H

#include "clock.h"
#include "explain.h"
#include "packet.h"

static __always_inline const struct control *control_read(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

/*
 * The generation in force: the one switched to, or the one before it when a deadline stands
 * and has passed unconfirmed. No process is needed for that.
 */
static __always_inline __u32 generation_judging(const struct control *control, __u32 now)
{
	__u64 judging = *(const volatile __u64 *)&control->judging;
	__u32 generation = judging;
	__u32 deadline = judging >> 32;

	if (deadline && (__s32)(now - deadline) >= 0)
		generation--;
	return generation;
}

/*
 * An interface that the judging settings do not name is not filtered: it is the other generation's
 * while a change is on trial, or had its role taken away by a process that died before it took the
 * program off. To drop would be a lockout that nobody asked for.
 */
static __always_inline enum verdict generation_unknown_interface(struct packet *pkt)
{
	pkt->interface_index = XFW_INTERFACES_CAPACITY;
	/* Before the first generation there are no settings that could name it: a fault. */
	return pkt->generation ? VERDICT_PASS : drop(pkt, DROP_NO_POLICY);
}

/* Fill in generation, interface and the settings that matter. VERDICT_NEXT: it is one of ours. */
static __always_inline enum verdict generation_enter(struct packet *pkt)
{
	const struct control *control = control_read();
	const struct settings *settings;
	void *table;
	__u32 zero = 0;

	if (!control)
		return drop(pkt, DROP_NO_POLICY);
	pkt->now = clock_now();
	pkt->generation = generation_judging(control, pkt->now);
	if (control->watched_until && (__s32)(control->watched_until - pkt->now) > 0)
		pkt->watched = control->watched_what;
	if (control->drop_log_until && (__s32)(control->drop_log_until - pkt->now) > 0)
		pkt->watched |= WATCH_DROP_LOG;
	if (control->talkers_until && (__s32)(control->talkers_until - pkt->now) > 0)
		pkt->watched |= WATCH_TALKERS;
	if (pkt->dry)
		pkt->generation = explain_generation(pkt->generation);
	pkt->slot = pkt->generation & (GENERATION_SLOTS - 1);
	table = generation_table(&gen_settings, pkt->slot);
	if (!table)
		return drop(pkt, DROP_NO_POLICY);
	settings = bpf_map_lookup_elem(table, &zero);
	if (!settings)
		return drop(pkt, DROP_NO_POLICY);
	pkt->drop_bogons = settings->drop_bogons;
	pkt->fast_path = settings->fast_path;
	pkt->has_denies = settings->has_denies;

	for (__u32 i = 0; i < XFW_INTERFACES_CAPACITY; i++) {
		const struct settings_interface *interface = &settings->interfaces[i];

		if (i >= settings->interface_count)
			break;
		if (interface->ifindex != pkt->ifindex)
			continue;
		pkt->interface_index = i;
		pkt->role = interface->role;
		pkt->has_link_header = interface->has_link_header;
		mac_copy(pkt->mac, interface->mac);
		return VERDICT_NEXT;
	}
	return generation_unknown_interface(pkt);
}

#endif
