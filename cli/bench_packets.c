/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One packet to be measured: its frame, somebody it may go to, the flow it belongs to, and what the
 * programs make of it.
 */
#include "bench_packets.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "../maps/clock.h"
#include "../maps/explain.h"
#include "../maps/walk.h"
#include "prefix.h"

enum { ETHERNET = 14 };

bool bench_is_ipv4(const struct address *address)
{
	const struct prefix whole = {*address, 128};

	return prefix_is_ipv4(&whole);
}

struct address bench_stranger(const struct address *inside)
{
	struct address stranger;
	bool ipv4;

	address_read(bench_is_ipv4(inside) ? "8.1.0.0" : "2a00:77::", &stranger, &ipv4);
	return stranger;
}

const struct settings_interface *bench_interface(const struct bench *bench, enum role role)
{
	for (__u32 i = 0; i < bench->settings.interface_count; i++) {
		const struct settings_interface *interface = &bench->settings.interfaces[i];

		if (interface->role == role && interface->has_link_header)
			return interface;
	}
	return NULL;
}

/* ---- one packet ---- */

static __u32 low_bits(const struct address *address)
{
	__u32 low;

	memcpy(&low, address->bytes + 12, sizeof(low));
	return __builtin_bswap32(low);
}

void bench_packet(struct bench_class *class, const struct settings_interface *interface,
		  __u8 hop_limit)
{
	struct measured *measured = &class->measured;
	bool ipv4 = bench_is_ipv4(&class->question.source);
	size_t length = question_frame(&class->question, interface->mac, class->frame);

	class->frame[ETHERNET + (ipv4 ? 8 : 7)] = hop_limit;
	*measured = (struct measured){
		.frame = class->frame,
		.length = length > BENCH_FRAME ? length : BENCH_FRAME,
		.ifindex = interface->ifindex,
		.run = {.hop_limit = hop_limit,
			.ipv4 = ipv4,
			.source_base = low_bits(&class->question.source)},
	};
	memcpy(measured->run.destination_mac, interface->mac, sizeof(interface->mac));
}

enum verdict bench_ask(const struct bench *bench, struct bench_class *class,
		       struct explanation *notes)
{
	memset(notes, 0, sizeof(*notes));
	if (explain_frame(bench->copy, class->frame, class->measured.length,
			  class->measured.ifindex, 0, notes)) {
		notes->verdict = VERDICT_DROP;
		notes->reason = DROP_NO_POLICY;
	}
	class->rule = notes->rule;
	return notes->verdict;
}

/* ---- addresses ---- */

static size_t take(struct address *addresses, size_t count, const struct address *address)
{
	if (count < BENCH_ADDRESSES)
		addresses[count++] = *address;
	return count;
}

static bool is_guest(const struct bench *bench, const struct neighbour *neighbour)
{
	const struct prefix whole = {neighbour->address, 128};
	const struct route_row *row = slices_holding(&bench->slices, &whole);

	return neighbour_is_known(neighbour) && row && row->route.kind == ROUTE_ON_LINK &&
	       row->route.ifindex == neighbour->ifindex;
}

size_t bench_addresses(const struct bench *bench, const struct prefix *prefix,
		       struct address *addresses)
{
	size_t count = 0;

	if (prefix->length == 128)
		return take(addresses, count, &prefix->address);
	for (size_t i = 0; i < bench->neighbours.count && count < BENCH_ADDRESSES - 2; i++)
		if (is_guest(bench, &bench->neighbours.list[i]) &&
		    prefix_contains(prefix, &bench->neighbours.list[i].address))
			count = take(addresses, count, &bench->neighbours.list[i].address);
	for (size_t i = 0; i < bench->slices.count; i++) {
		const struct route_row *row = &bench->slices.rows[i];
		struct address inside = row->key.address;

		if (row->route.kind == ROUTE_MASQUERADED || !prefix_contains(prefix, &inside))
			continue;
		if (row->route.kind != ROUTE_HOST)
			inside.bytes[15] |= 5;
		count = take(addresses, count, &inside);
	}
	/* A part of a slice in which nobody is known. */
	if (!count && slices_meet(&bench->slices, prefix)) {
		struct address inside = prefix->address;

		inside.bytes[15] |= prefix->length <= 125 ? 5 : 0;
		count = take(addresses, count, &inside);
	}
	return count;
}

/* ---- flows ---- */

int bench_put_flows(const struct bench *bench, const struct question *question, __u32 count,
		    unsigned int inside_ifindex)
{
	__u32 now = clock_tick(bench->copy), generation = generation_current(bench->copy);
	struct flow flow = {.state = FLOW_ESTABLISHED,
			    .last_seen = now,
			    .created = now,
			    .judged_in = generation,
			    .judged_out = generation,
			    .inside_ifindex = inside_ifindex};
	struct flow_key key = {.inside = question->destination,
			       .outside = question->source,
			       .inside_port = question->destination_port,
			       .outside_port = question->source_port,
			       .protocol = question->protocol};
	__u32 base = low_bits(&question->source);

	for (__u32 i = 0; i < count; i++) {
		__u32 low = __builtin_bswap32(base + i);

		memcpy(key.outside.bytes + 12, &low, sizeof(low));
		if (bpf_map_update_elem(bench->copy->maps[MAP_FLOWS], &key, &flow, BPF_ANY))
			return -errno;
	}
	return 0;
}

/* ---- bridge ports ---- */

struct hearing {
	int map;
	__u32 tick;
	int error;
};

static void hear(const void *key, const void *value, void *context)
{
	struct port port = *(const struct port *)value;
	struct hearing *hearing = context;

	port.last_heard = hearing->tick;
	if (bpf_map_update_elem(hearing->map, key, &port, BPF_EXIST) && errno != ENOENT)
		hearing->error = -errno;
}

int bench_hear(const struct bench *bench)
{
	struct hearing hearing = {bench->copy->maps[MAP_PORTS], clock_tick(bench->copy), 0};

	return map_walk(hearing.map, hear, &hearing) ?: hearing.error;
}
