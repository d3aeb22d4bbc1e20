/* SPDX-License-Identifier: GPL-2.0 */
#include "talkers.h"

#include <bpf/libbpf.h>

#include "clock.h"
#include "walk.h"

void talkers_watch(const struct pins *pins, unsigned int seconds)
{
	/* Rounded up, and never 0, which is nobody. */
	__u32 until = clock_tick(pins) + clock_ticks(seconds) + 1;

	__atomic_store_n(&pins->control->talkers_until, until ?: 1, __ATOMIC_RELEASE);
}

struct walk {
	talker_visitor *visit;
	void *context;
	int cpus;
};

static void take_talker(const void *key, const void *value, void *context)
{
	const struct walk *walk = context;
	const struct talker *cpus = value;
	struct talker sum = {};

	for (int i = 0; i < walk->cpus; i++) {
		sum.in.packets += cpus[i].in.packets;
		sum.in.bytes += cpus[i].in.bytes;
		sum.out.packets += cpus[i].out.packets;
		sum.out.bytes += cpus[i].out.bytes;
		sum.dropped += cpus[i].dropped;
	}
	walk->visit(key, &sum, walk->context);
}

int talkers_walk(const struct pins *pins, talker_visitor *visit, void *context)
{
	struct walk walk = {visit, context, libbpf_num_possible_cpus()};

	return walk.cpus < 0 ? walk.cpus : map_walk(pins->maps[MAP_TALKERS], take_talker, &walk);
}
