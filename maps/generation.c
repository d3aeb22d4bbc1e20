/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Staging and switching generations. A process that dies anywhere in here leaves the old
 * generation judging, or the new one; unpinned maps vanish with it.
 */
#include "generation.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "slots.h"

/* Bits 0-31 the generation, 32-63 the deadline: see struct control. */
static __u64 judging_read(const struct pins *pins)
{
	struct control control;
	__u32 zero = 0;

	if (pins->control)
		return __atomic_load_n(&pins->control->judging, __ATOMIC_ACQUIRE);
	if (bpf_map_lookup_elem(pins->maps[MAP_CONTROL], &zero, &control))
		return 0;
	return control.judging;
}

static __s32 ticks_left(const struct pins *pins, __u64 judging)
{
	return (__s32)((__u32)(judging >> 32) - clock_tick(pins));
}

static bool ran_out(const struct pins *pins, __u64 judging)
{
	return judging >> 32 && ticks_left(pins, judging) <= 0;
}

__u32 generation_current(const struct pins *pins)
{
	__u64 judging = judging_read(pins);

	return (__u32)judging - ran_out(pins, judging);
}

int generation_table_open(const struct pins *pins, enum table table)
{
	return generation_table_open_of(pins, table, generation_current(pins));
}

int generation_table_open_of(const struct pins *pins, enum table table, __u32 generation)
{
	return slot_open(pins, table, generation & 1);
}

/* ---- staging ---- */

/* An empty map like @template, typed so that dumps stay readable. */
static int make_alike(int template, const struct table_types *types, enum table table,
		      __u32 entries)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);
	int fd;

	if (bpf_obj_get_info_by_fd(template, &info, &length))
		return -errno;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = info.map_flags, .btf_fd = types->btf,
		    .btf_key_type_id = types->keys[table],
		    .btf_value_type_id = types->values[table]);

	/* Tries grow as they are filled: their capacity is a limit, not memory. */
	if (info.type == BPF_MAP_TYPE_LPM_TRIE)
		entries = info.max_entries;
	fd = bpf_map_create(info.type, table_names[table], info.key_size, info.value_size,
			    entries ?: 1, &opts);
	return fd < 0 ? -errno : fd;
}

/* In one system call where the kernel knows batches of this map type, else one by one. */
static int fill(int fd, const void *keys, size_t key_size, const void *values, size_t value_size,
		size_t count)
{
	__u32 done = count;

	if (!count)
		return 0;
	if (!bpf_map_update_batch(fd, keys, values, &done, NULL) && done == count)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(fd, (const char *)keys + i * key_size,
					(const char *)values + i * value_size, BPF_ANY))
			return -errno;
	return 0;
}

/* The cells are mapped and copied: a hundred thousand of them in no system call at all. */
static int fill_cells(int fd, const struct cell *cells, size_t count)
{
	/* Array elements are 8 bytes aligned in the kernel's memory. */
	const size_t stride = (sizeof(struct cell) + 7) & ~7UL;
	const size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (count * stride + page - 1) / page * page;
	char *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (mapped == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < count; i++)
		memcpy(mapped + i * stride, &cells[i], sizeof(cells[i]));
	munmap(mapped, size);
	return 0;
}

static int fill_rules(int fd, const struct rule_row *rows, size_t count)
{
	__u32 *ids = calloc(count + 1, sizeof(*ids));
	struct rule_view *views = calloc(count + 1, sizeof(*views));
	int error = -ENOMEM;

	for (size_t i = 0; ids && views && i < count; i++) {
		ids[i] = rows[i].id;
		views[i] = rows[i].view;
	}
	if (ids && views)
		error = fill(fd, ids, sizeof(*ids), views, sizeof(*views), count);
	free(ids);
	free(views);
	return error;
}

static int fill_routes(int fd, const struct route_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(fd, &rows[i].key, &rows[i].route, BPF_ANY))
			return -errno;
	return 0;
}

static size_t chunks_of(size_t length)
{
	return length / XFW_CONFIG_CHUNK + 1;
}

/* The last chunk is always one that is not full: it says where the text ends. */
static int fill_config(int fd, const char *text, size_t length)
{
	struct config_chunk *chunk = calloc(1, sizeof(*chunk));
	int error = chunk ? 0 : -ENOMEM;

	for (__u32 i = 0; !error && i < chunks_of(length); i++) {
		size_t start = (size_t)i * XFW_CONFIG_CHUNK;

		chunk->length =
			length - start < XFW_CONFIG_CHUNK ? length - start : XFW_CONFIG_CHUNK;
		memset(chunk->text, 0, sizeof(chunk->text));
		memcpy(chunk->text, text + start, chunk->length);
		if (bpf_map_update_elem(fd, &i, chunk, BPF_ANY))
			error = -errno;
	}
	free(chunk);
	return error;
}

static size_t entries_of(const struct generation_content *content, enum table table)
{
	switch (table) {
	case TABLE_SETTINGS:
		return 1;
	case TABLE_HOSTS:
		return content->policy->host_count;
	case TABLE_PREFIXES:
		return content->policy->prefix_count;
	case TABLE_CELLS:
		return content->policy->cell_count;
	case TABLE_SOURCES:
		return content->policy->source_count;
	case TABLE_ROUTES:
		return content->route_count;
	case TABLE_RULES:
		return content->rule_count;
	case TABLE_CONFIG:
		return chunks_of(content->text_length);
	case TABLE_COUNT:
		break;
	}
	return 0;
}

static int fill_table(int fd, const struct generation_content *content, enum table table)
{
	const struct policy_tables *policy = content->policy;
	const __u32 zero = 0;

	switch (table) {
	case TABLE_SETTINGS:
		return bpf_map_update_elem(fd, &zero, content->settings, BPF_ANY) ? -errno : 0;
	case TABLE_HOSTS:
		return fill(fd, policy->host_keys, sizeof(*policy->host_keys), policy->host_sets,
			    sizeof(*policy->host_sets), policy->host_count);
	case TABLE_PREFIXES:
		return fill(fd, policy->prefix_keys, sizeof(*policy->prefix_keys),
			    policy->prefix_sets, sizeof(*policy->prefix_sets),
			    policy->prefix_count);
	case TABLE_CELLS:
		return fill_cells(fd, policy->cells, policy->cell_count);
	case TABLE_SOURCES:
		return fill(fd, policy->source_keys, sizeof(*policy->source_keys),
			    policy->source_rules, sizeof(*policy->source_rules),
			    policy->source_count);
	case TABLE_ROUTES:
		return fill_routes(fd, content->routes, content->route_count);
	case TABLE_RULES:
		return fill_rules(fd, content->rules, content->rule_count);
	case TABLE_CONFIG:
		return fill_config(fd, content->text, content->text_length);
	case TABLE_COUNT:
		break;
	}
	return -EINVAL;
}

static int stage_table(const struct pins *pins, const struct table_types *types,
		       const struct generation_content *content, enum table table)
{
	int template = generation_table_open(pins, table), fd, error;

	if (template <0)
		return template;
	fd = make_alike(template, types, table, entries_of(content, table));
	close(template);
	if (fd < 0)
		return fd;
	error = fill_table(fd, content, table);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

int generation_stage(const struct pins *pins, const struct table_types *types,
		     const struct generation_content *content, struct generation_staged *staged,
		     enum table *table)
{
	memset(staged, 0xff, sizeof(*staged));
	for (*table = 0; *table < TABLE_COUNT; (*table)++) {
		int fd = stage_table(pins, types, content, *table);

		if (fd < 0) {
			generation_unstage(staged);
			return fd;
		}
		staged->tables[*table] = fd;
	}
	return 0;
}

void generation_unstage(struct generation_staged *staged)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		if (staged->tables[i] >= 0)
			close(staged->tables[i]);
		staged->tables[i] = -1;
	}
}

/* ---- switching ---- */

int generation_switch(const struct pins *pins, const struct generation_staged *staged,
		      unsigned int trial_seconds, const struct generation_guard *guard)
{
	__u64 judging = judging_read(pins);
	__u32 next = (__u32)judging + 1;
	__u64 deadline = 0;
	int error;

	/* A pending deadline needs both slots: the other one is the way back. */
	if (judging >> 32)
		return -EBUSY;
	error = slots_put(pins, staged->tables, next & 1);
	if (error)
		return error;
	error = guard && guard->ask ? guard->ask(pins, next, guard->context) : 0;
	if (error)
		return error;
	if (trial_seconds) {
		deadline = clock_tick(pins) + clock_ticks(trial_seconds) + 1;
		if (!(__u32)deadline)
			deadline = 1;
	}
	__atomic_store_n(&pins->control->judging, (deadline & 0xffffffff) << 32 | next,
			 __ATOMIC_RELEASE);
	return 0;
}

/* ---- trials ---- */

bool generation_on_trial(const struct pins *pins, double *seconds_left)
{
	__u64 judging = judging_read(pins);

	*seconds_left = 0;
	if (!(judging >> 32) || ran_out(pins, judging))
		return false;
	*seconds_left = clock_age(judging >> 32, clock_tick(pins));
	return true;
}

bool generation_confirm(const struct pins *pins)
{
	__u64 judging = judging_read(pins);

	if (!(judging >> 32) || ran_out(pins, judging))
		return false;
	return __atomic_compare_exchange_n(&pins->control->judging, &judging, (__u32)judging, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Two numbers on from the old generation is its slot again. */
void generation_revert(const struct pins *pins)
{
	__u32 generation = judging_read(pins);

	__atomic_store_n(&pins->control->judging, (__u64)(generation + 1), __ATOMIC_RELEASE);
}

bool generation_rollback(const struct pins *pins)
{
	if (!(judging_read(pins) >> 32))
		return false;
	generation_revert(pins);
	return true;
}

void generation_settle(const struct pins *pins)
{
	if (ran_out(pins, judging_read(pins)))
		generation_rollback(pins);
}

/* ---- the views ---- */

static int repin(const struct pins *pins, enum table table)
{
	int current = generation_table_open(pins, table), pinned, error = 0;
	char path[256];

	if (current < 0)
		return current;
	pins_path(pins, NULL, table_names[table], path, sizeof(path));
	pinned = bpf_obj_get(path);
	if (pinned < 0 || pins_map_id(pinned) != pins_map_id(current))
		error = pins_replace(pins, NULL, table_names[table], current);
	if (pinned >= 0)
		close(pinned);
	close(current);
	return error;
}

int generation_repin(const struct pins *pins)
{
	int rules = repin(pins, TABLE_RULES);
	int routes = repin(pins, TABLE_ROUTES);

	return rules ?: routes;
}

int generation_text(const struct pins *pins, char **text)
{
	return generation_text_of(pins, generation_current(pins), text);
}

int generation_text_of(const struct pins *pins, __u32 generation, char **text)
{
	struct config_chunk *chunk = malloc(sizeof(*chunk));
	int fd = generation_table_open_of(pins, TABLE_CONFIG, generation);
	char *buffer = NULL, *longer;
	size_t length = 0;
	int error = 0;

	if (fd < 0 || !chunk)
		error = fd < 0 ? fd : -ENOMEM;
	for (__u32 i = 0; !error; i++) {
		if (bpf_map_lookup_elem(fd, &i, chunk)) {
			error = -errno;
			break;
		}
		longer = realloc(buffer, length + chunk->length + 1);
		if (!longer) {
			error = -ENOMEM;
			break;
		}
		buffer = longer;
		memcpy(buffer + length, chunk->text, chunk->length);
		length += chunk->length;
		buffer[length] = '\0';
		if (chunk->length < XFW_CONFIG_CHUNK)
			break;
	}
	if (fd >= 0)
		close(fd);
	free(chunk);
	if (error)
		free(buffer);
	else
		*text = buffer;
	return error;
}
