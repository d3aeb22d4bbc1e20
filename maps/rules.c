/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of rules and routes.
 */
#include "rules.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int hits_read(const struct pins *pins, enum lasting_map map, __u32 index, struct hits *hits)
{
	int cpus = libbpf_num_possible_cpus();
	struct hit_counter *counters = calloc(cpus, sizeof(*counters));
	int error = 0;

	memset(hits, 0, sizeof(*hits));
	if (!counters)
		return -ENOMEM;
	if (bpf_map_lookup_elem(pins->maps[map], &index, counters))
		error = -errno;
	for (int i = 0; !error && i < cpus; i++) {
		hits->packets += counters[i].packets;
		hits->bytes += counters[i].bytes;
		if (counters[i].packets && (__s32)(counters[i].last_hit - hits->last_hit) > 0)
			hits->last_hit = counters[i].last_hit;
	}
	free(counters);
	return error;
}

/* A bit for every id. */
struct id_set {
	__u64 words[XFW_RULES_CAPACITY / 64];
};

static void id_set_add(struct id_set *set, __u32 id)
{
	if (id < XFW_RULES_CAPACITY)
		set->words[id / 64] |= 1ULL << id % 64;
}

static bool id_set_has(const struct id_set *set, __u32 id)
{
	return id < XFW_RULES_CAPACITY && set->words[id / 64] >> id % 64 & 1;
}

static void collect_rule_ids(const struct pins *pins, struct id_set *set)
{
	int fd = generation_table_open(pins, TABLE_RULES);
	__u32 id, *previous = NULL;

	while (fd >= 0 && !bpf_map_get_next_key(fd, previous, &id)) {
		id_set_add(set, id);
		previous = &id;
	}
	if (fd >= 0)
		close(fd);
}

static void collect_route_ids(const struct pins *pins, struct id_set *set)
{
	int fd = generation_table_open(pins, TABLE_ROUTES);
	struct prefix_key key, *previous = NULL;
	struct route route;

	while (fd >= 0 && !bpf_map_get_next_key(fd, previous, &key)) {
		if (!bpf_map_lookup_elem(fd, &key, &route))
			id_set_add(set, route.index);
		previous = &key;
	}
	if (fd >= 0)
		close(fd);
}

static void reset(const struct pins *pins, enum lasting_map map, __u32 index, const void *zeros)
{
	bpf_map_update_elem(pins->maps[map], &index, zeros, BPF_ANY);
}

void rules_reset_new(const struct pins *pins, const struct generation_content *next)
{
	struct id_set *known;
	void *zeros;

	/* The first generation finds every counter at zero. */
	if (!generation_current(pins))
		return;
	known = calloc(1, sizeof(*known));
	zeros = calloc(libbpf_num_possible_cpus(), sizeof(struct hit_counter));
	if (known && zeros) {
		collect_rule_ids(pins, known);
		for (size_t i = 0; i < next->rule_count; i++)
			if (!id_set_has(known, next->rules[i].id))
				reset(pins, MAP_RULE_STATS, next->rules[i].id, zeros);
		memset(known, 0, sizeof(*known));
		collect_route_ids(pins, known);
		for (size_t i = 0; i < next->route_count; i++)
			if (!id_set_has(known, next->routes[i].route.index))
				reset(pins, MAP_ROUTE_STATS, next->routes[i].route.index, zeros);
	}
	free(known);
	free(zeros);
}
