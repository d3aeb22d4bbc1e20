/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The skeleton: opened, told the machine's HZ and the flow table's size, loaded, pinned.
 */
#include "load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../maps/clock.h"
#include "../maps/layout.h"
#include "../maps/slots.h"
#include "attach.h"
#include "directory.h"
#include "xfw.skel.h"

/* The last line libbpf said: a verifier's complaint without it helps nobody. */
static char last_complaint[256];

static int remember_complaint(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN)
		vsnprintf(last_complaint, sizeof(last_complaint), format, arguments);
	last_complaint[strcspn(last_complaint, "\n")] = '\0';
	return 0;
}

/* The templates of a generation's tables are the only maps that are not pinned by name. */
static bool is_template(const char *name)
{
	for (int i = 0; i < TABLE_COUNT; i++)
		if (!strcmp(name, table_names[i]))
			return true;
	return false;
}

/* 1: reused, 0: not there yet. */
static int reuse_pinned(const struct pins *pins, struct bpf_map *map)
{
	const char *name = bpf_map__name(map);
	char path[256];
	int fd, error;

	if (is_template(name) || strchr(name, '.'))
		return 0;
	pins_path(pins, NULL, name, path, sizeof(path));
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = bpf_map__reuse_fd(map, fd);
	close(fd);
	return error ?: 1;
}

static int reuse_maps(const struct pins *pins, struct xfw *object, struct report *report)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->obj)
	{
		int reused = reuse_pinned(pins, map);

		if (reused < 0) {
			report_error(report, "%s/%s: cannot be used again: %s", pins->directory,
				     bpf_map__name(map), strerror(-reused));
			return reused;
		}
	}
	return 0;
}

/* Generation 0's tables; before the map that says so, lest a killed process leave it alone. */
static int pin_first_slot(const struct pins *pins, struct xfw *object, enum table table)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object->obj, table_names[table]);

	return slot_pin(pins, table, 0, bpf_map__fd(map));
}

static int pin_first_slots(const struct pins *pins, struct xfw *object, struct report *report)
{
	for (enum table table = 0; table < TABLE_COUNT; table++) {
		char name[32];
		int there, error;

		snprintf(name, sizeof(name), "gen_%s", table_names[table]);
		there = pins_get(pins, NULL, name);
		if (there >= 0) {
			close(there);
			continue;
		}
		error = pin_first_slot(pins, object, table);
		if (error) {
			report_error(report, "%s: cannot pin: %s", table_names[table],
				     strerror(-error));
			return error;
		}
	}
	return 0;
}

static int pin_maps(const struct pins *pins, struct xfw *object, struct report *report)
{
	struct bpf_map *map;
	char path[256];

	bpf_object__for_each_map(map, object->obj)
	{
		const char *name = bpf_map__name(map);

		if (is_template(name) || strchr(name, '.'))
			continue;
		pins_path(pins, NULL, name, path, sizeof(path));
		if (bpf_obj_pin(bpf_map__fd(map), path) && errno != EEXIST) {
			report_error(report, "%s: cannot pin: %s", path, strerror(errno));
			return -errno;
		}
	}
	return 0;
}

static int pin_programs(const struct pins *pins, struct xfw *object, struct report *report)
{
	static const char *const folders[] = {"programs", "links"};
	char path[256];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		pins_path(pins, NULL, folders[i], path, sizeof(path));
		if (mkdir(path, 0700) && errno != EEXIST) {
			report_error(report, "%s: %s", path, strerror(errno));
			return -errno;
		}
	}
	for (int i = 0; i < PROGRAM_COUNT; i++) {
		struct bpf_program *program =
			bpf_object__find_program_by_name(object->obj, program_names[i]);
		int error =
			pins_replace(pins, "programs", program_names[i], bpf_program__fd(program));

		if (error) {
			report_error(report, "%s: cannot pin the program: %s", program_names[i],
				     strerror(-error));
			return error;
		}
	}
	return 0;
}

/*
 * Every old map's pin goes before the first new one is made: a process that dies in between leaves
 * some missing, which the next `up` knows for what it is, and never two sets side by side.
 */
static int unpin_maps(const struct pins *pins, struct report *report)
{
	int error = directory_unpin(pins->directory);
	char path[256];

	pins_path(pins, NULL, "slots", path, sizeof(path));
	if (!error)
		error = directory_unpin(path);
	if (error)
		report_error(report, "%s: the old maps cannot be unpinned: %s", pins->directory,
			     strerror(-error));
	return error;
}

/* An LRU hash has all its elements from the start, each with about 48 bytes of the kernel's own. */
static unsigned long flows_bytes(const struct xfw *object)
{
	const struct bpf_map *flows = object->maps.flows;

	return (unsigned long)bpf_map__max_entries(flows) *
	       (bpf_map__key_size(flows) + bpf_map__value_size(flows) + 48);
}

static int report_load(const struct xfw *object, int error, struct report *report)
{
	if (error == -ENOMEM || error == -E2BIG)
		report_error(report,
			     "the programs do not load: %s; 'option flows %u' asks for %u MB, "
			     "fewer need less",
			     strerror(-error), bpf_map__max_entries(object->maps.flows),
			     (unsigned int)(flows_bytes(object) >> 20));
	else
		report_error(report, "the programs do not load: %s: %s", strerror(-error),
			     last_complaint);
	return error;
}

static int load_and_pin(struct pins *pins, struct xfw *object, const struct options *options,
			bool anew, struct report *report)
{
	int error = anew ? 0 : reuse_maps(pins, object, report);

	if (error)
		return error;
	/* A map that is reused keeps its size. */
	if (bpf_map__fd(object->maps.flows) < 0)
		bpf_map__set_max_entries(object->maps.flows, options->flows);
	object->rodata->hz = clock_hz();
	error = xfw__load(object);
	if (error)
		return report_load(object, error, report);
	error = anew ? unpin_maps(pins, report) : 0;
	if (!error)
		error = pin_first_slots(pins, object, report) ?: pin_maps(pins, object, report);
	return error ?: pin_programs(pins, object, report);
}

struct bpf_object *load_open_alone(const struct pins *pins, enum program program,
				   struct report *report)
{
	struct xfw *object = xfw__open();
	struct bpf_program *other;
	struct bpf_object *opened;

	if (!object) {
		report_error(report, "the embedded object does not open: %s", strerror(errno));
		return NULL;
	}
	bpf_object__for_each_program(other, object->obj) bpf_program__set_autoload(
		other, !strcmp(bpf_program__name(other), program_names[program]));
	object->rodata->hz = clock_hz();
	opened = object->obj;
	if (!reuse_maps(pins, object, report))
		object->obj = NULL; /* handed out */
	else
		opened = NULL;
	xfw__destroy(object);
	return opened;
}

int load_object(struct pins *pins, const struct options *options, bool anew, struct report *report)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	libbpf_print_fn_t before = libbpf_set_print(remember_complaint);
	struct xfw *object;
	const char *missing;
	int error;

	/* Before Linux 5.11 maps count against this. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	object = xfw__open();
	if (!object) {
		report_error(report, "the embedded object does not open: %s", strerror(errno));
		return -errno;
	}
	error = load_and_pin(pins, object, options, anew, report);
	xfw__destroy(object);
	libbpf_set_print(before);
	if (error)
		return error;

	pins_close(pins);
	error = pins_open(pins, true, &missing);
	if (error)
		report_error(report, "%s/%s: %s", pins->directory, missing, strerror(-error));
	return error;
}

int load_types(struct table_types *types, struct report *report)
{
	struct xfw *object = xfw__open();
	struct btf *btf = object ? bpf_object__btf(object->obj) : NULL;
	int error = btf ? btf__load_into_kernel(btf) : -errno;

	memset(types, 0, sizeof(*types));
	for (enum table table = 0; !error && table < TABLE_COUNT; table++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object->obj, table_names[table]);

		types->keys[table] = bpf_map__btf_key_type_id(map);
		types->values[table] = bpf_map__btf_value_type_id(map);
	}
	if (!error) {
		types->btf = fcntl(btf__fd(btf), F_DUPFD_CLOEXEC, 3);
		error = types->btf < 0 ? -errno : 0;
	}
	if (error)
		report_error(report, "the kernel refuses the types of the tables: %s",
			     strerror(-error));
	xfw__destroy(object);
	return error;
}
