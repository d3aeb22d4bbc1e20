/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opening and replacing pins in bpffs.
 */
#include "pins.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/types.h>

#include "layout.h"

#define NAME_OF(id, name) #name,
const char *const table_names[TABLE_COUNT] = {XFW_TABLES(NAME_OF)};

#define GENERATIONS_OF(id, name) "gen_" #name,
static const char *const generation_names[TABLE_COUNT] = {XFW_TABLES(GENERATIONS_OF)};
const char *const map_names[MAP_COUNT] = {XFW_LASTING_MAPS(NAME_OF)};
const char *const program_names[PROGRAM_COUNT] = {XFW_PROGRAMS(NAME_OF)};

void pins_init(struct pins *pins, const char *directory)
{
	memset(pins, 0xff, sizeof(*pins));
	snprintf(pins->directory, sizeof(pins->directory), "%s", directory);
	pins->control = NULL;
}

static void close_all(int *descriptors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (descriptors[i] >= 0)
			close(descriptors[i]);
		descriptors[i] = -1;
	}
}

void pins_close(struct pins *pins)
{
	if (pins->control)
		munmap(pins->control, sysconf(_SC_PAGESIZE));
	pins->control = NULL;
	close_all(pins->tables, TABLE_COUNT);
	close_all(pins->maps, MAP_COUNT);
	close_all(pins->programs, PROGRAM_COUNT);
}

void pins_path(const struct pins *pins, const char *folder, const char *name, char *path,
	       size_t size)
{
	if (folder)
		snprintf(path, size, "%s/%s/%s", pins->directory, folder, name);
	else
		snprintf(path, size, "%s/%s", pins->directory, name);
}

int pins_get(const struct pins *pins, const char *folder, const char *name)
{
	char path[256];
	int fd;

	pins_path(pins, folder, name, path, sizeof(path));
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

bool pins_is_program(const char *missing)
{
	for (int i = 0; i < PROGRAM_COUNT; i++)
		if (missing == program_names[i])
			return true;
	return false;
}

int pins_map_control(struct pins *pins)
{
	void *mapped = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
			    pins->maps[MAP_CONTROL], 0);

	if (mapped == MAP_FAILED)
		return -errno;
	pins->control = mapped;
	return 0;
}

int pins_open(struct pins *pins, bool change, const char **missing)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		*missing = generation_names[i];
		pins->tables[i] = pins_get(pins, NULL, generation_names[i]);
		if (pins->tables[i] < 0)
			return pins->tables[i];
	}
	for (int i = 0; i < MAP_COUNT; i++) {
		*missing = map_names[i];
		pins->maps[i] = pins_get(pins, NULL, map_names[i]);
		if (pins->maps[i] < 0)
			return pins->maps[i];
	}
	for (int i = 0; i < PROGRAM_COUNT; i++) {
		*missing = program_names[i];
		pins->programs[i] = pins_get(pins, "programs", program_names[i]);
		if (pins->programs[i] < 0)
			return pins->programs[i];
	}
	*missing = "control";
	return change ? pins_map_control(pins) : 0;
}

int pins_replace(const struct pins *pins, const char *folder, const char *name, int fd)
{
	char path[256], temporary[256 + 8];

	pins_path(pins, folder, name, path, sizeof(path));
	/* bpffs takes no dot in names; a leftover of a killed process is in the way. */
	snprintf(temporary, sizeof(temporary), "%s-new", path);
	unlink(temporary);
	if (bpf_obj_pin(fd, temporary))
		return -errno;
	if (rename(temporary, path)) {
		int error = -errno;

		unlink(temporary);
		return error;
	}
	return 0;
}

unsigned int pins_map_id(int fd)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &length) ? 0 : info.id;
}
