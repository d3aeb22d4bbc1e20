/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pin is a way to a map and never the word on what is in a slot: its id must be the slot's. A
 * process killed while it fills the free slot leaves wrong pins for that one only.
 */
#include "slots.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/types.h>

#define FOLDER "slots"

static void name_of(enum table table, __u32 slot, char *name, size_t size)
{
	snprintf(name, size, "%s_%u", table_names[table], slot);
}

int slot_open(const struct pins *pins, enum table table, unsigned int slot)
{
	char name[32];
	__u32 id;
	int fd;

	if (bpf_map_lookup_elem(pins->tables[table], &slot, &id))
		return -errno;
	name_of(table, slot, name, sizeof(name));
	fd = pins_get(pins, FOLDER, name);
	if (fd >= 0 && pins_map_id(fd) == id)
		return fd;
	if (fd >= 0)
		close(fd);
	/* Pinned by an xfw that did not pin slots. */
	fd = bpf_map_get_fd_by_id(id);
	return fd < 0 ? -errno : fd;
}

int slot_pin(const struct pins *pins, enum table table, unsigned int slot, int fd)
{
	char name[32], path[256];

	pins_path(pins, NULL, FOLDER, path, sizeof(path));
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	name_of(table, slot, name, sizeof(name));
	return pins_replace(pins, FOLDER, name, fd);
}

struct slot_update {
	int outer;
	int inner;
	__u32 slot;
	int error;
};

static void *slot_put(void *argument)
{
	struct slot_update *update = argument;

	if (bpf_map_update_elem(update->outer, &update->slot, &update->inner, BPF_ANY))
		update->error = -errno;
	return NULL;
}

/*
 * The kernel waits for an RCU grace period after each update of a map of maps (12 ms on an idle
 * machine); at once, from a thread each, they all wait for the same one.
 */
static int put_all(const struct pins *pins, const int tables[TABLE_COUNT], __u32 slot)
{
	struct slot_update updates[TABLE_COUNT];
	pthread_t threads[TABLE_COUNT];
	bool started[TABLE_COUNT];
	int error = 0;

	for (int i = 0; i < TABLE_COUNT; i++) {
		updates[i] = (struct slot_update){pins->tables[i], tables[i], slot, 0};
		started[i] = !pthread_create(&threads[i], NULL, slot_put, &updates[i]);
		if (!started[i])
			slot_put(&updates[i]);
	}
	for (int i = 0; i < TABLE_COUNT; i++) {
		if (started[i])
			pthread_join(threads[i], NULL);
		if (updates[i].error)
			error = updates[i].error;
	}
	return error;
}

static bool all_are_there(const struct pins *pins, const int tables[TABLE_COUNT], __u32 slot)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		__u32 id = 0;

		if (bpf_map_lookup_elem(pins->tables[i], &slot, &id) ||
		    id != pins_map_id(tables[i]))
			return false;
	}
	return true;
}

/* The pins first: once the slot judges, they must be right, whoever is killed in between. */
int slots_put(const struct pins *pins, const int tables[TABLE_COUNT], unsigned int slot)
{
	int error = 0;

	for (int i = 0; !error && i < TABLE_COUNT; i++)
		error = slot_pin(pins, i, slot, tables[i]);
	if (!error)
		error = put_all(pins, tables, slot);
	if (error)
		return error;
	return all_are_there(pins, tables, slot) ? 0 : -EIO;
}
