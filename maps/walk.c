/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walking a map in batches; by keys where the kernel has no batches for its type.
 */
#include "walk.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

enum {
	BATCH = 4096,
	KERNEL_ENOTSUPP = 524, /* what the kernel says of a map type without batches */
};

struct walk {
	int map;
	__u32 key_size, value_size, capacity;
	char *keys, *values; /* BATCH of each */
	void *place;	     /* where the next batch begins: a bucket, or a key */
	map_visitor visit;
	void *context;
};

static void show(const struct walk *walk, __u32 count)
{
	for (__u32 i = 0; i < count; i++)
		walk->visit(walk->keys + (size_t)i * walk->key_size,
			    walk->values + (size_t)i * walk->value_size, walk->context);
}

static int walk_by_batches(const struct walk *walk)
{
	void *from = NULL;
	int error = 0;

	while (!error) {
		__u32 count = BATCH;

		error = bpf_map_lookup_batch(walk->map, from, walk->place, walk->keys, walk->values,
					     &count, NULL)
				? -errno
				: 0;
		/* The last batch comes with ENOENT; others are not filled in on errors. */
		if (!error || error == -ENOENT)
			show(walk, count);
		from = walk->place;
	}
	return error == -ENOENT ? 0 : error;
}

/* Never past what there can be: see the header. */
static int walk_by_keys(const struct walk *walk)
{
	void *previous = NULL;

	for (__u32 i = 0; i < walk->capacity; i++) {
		if (bpf_map_get_next_key(walk->map, previous, walk->keys))
			break;
		if (!bpf_map_lookup_elem(walk->map, walk->keys, walk->values))
			show(walk, 1);
		previous = walk->keys;
	}
	return 0;
}

/* What a lookup fills: of a per-CPU map an element for each CPU, rounded up to 8 bytes. */
static __u32 filled_size(const struct bpf_map_info *info)
{
	switch (info->type) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return (info->value_size + 7) / 8 * 8 * libbpf_num_possible_cpus();
	}
	return info->value_size;
}

int map_walk(int map, map_visitor visit, void *context)
{
	struct walk walk = {.map = map, .visit = visit, .context = context};
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	int error = -ENOMEM;

	if (bpf_obj_get_info_by_fd(map, &info, &length))
		return -errno;
	walk.key_size = info.key_size;
	walk.value_size = filled_size(&info);
	walk.capacity = info.max_entries;
	walk.keys = calloc(BATCH, info.key_size);
	walk.values = calloc(BATCH, walk.value_size);
	walk.place = malloc(info.key_size < sizeof(__u32) ? sizeof(__u32) : info.key_size);
	if (walk.keys && walk.values && walk.place)
		error = walk_by_batches(&walk);
	if (error == -KERNEL_ENOTSUPP || error == -EOPNOTSUPP)
		error = walk_by_keys(&walk);
	free(walk.keys);
	free(walk.values);
	free(walk.place);
	return error;
}
