/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters, read and summed.
 */
#include "stats.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "generation.h"
#include "walk.h"

/* Reasons are fields of a struct in the map, and words with dashes to people. */
#define REASON_NAME(id, field, text)	       [DROP_##id] = #field,
#define REASON_TEXT(id, field, text)	       [DROP_##id] = text,
#define ROLE_NAME(id, word)		       [ROLE_##id] = #word,
#define VERDICT_NAME(id, field)		       [VERDICT_##id] = #field,
#define STATE_NAME(id, word, timeout, text)    [FLOW_##id] = #word,
#define STATE_TIMEOUT(id, word, timeout, text) [FLOW_##id] = timeout,

static char dashed[XFW_DROP_REASON_COUNT][32];
static const char *const fields[XFW_DROP_REASON_COUNT] = {XFW_DROP_REASONS(REASON_NAME)};
#define DASHED(id, field, text) [DROP_##id] = dashed[DROP_##id],
const char *const reason_names[XFW_DROP_REASON_COUNT] = {XFW_DROP_REASONS(DASHED)};
const char *const reason_texts[XFW_DROP_REASON_COUNT] = {XFW_DROP_REASONS(REASON_TEXT)};
const char *const role_names[XFW_ROLE_COUNT] = {XFW_ROLES(ROLE_NAME)};
const char *const verdict_names[XFW_VERDICT_COUNT] = {XFW_VERDICTS(VERDICT_NAME)};
const char *const flow_state_names[XFW_FLOW_STATE_COUNT] = {XFW_FLOW_STATES(STATE_NAME)};
const unsigned int flow_state_timeouts_s[XFW_FLOW_STATE_COUNT] = {XFW_FLOW_STATES(STATE_TIMEOUT)};

__attribute__((constructor)) static void dash_names(void)
{
	for (int i = 0; i < XFW_DROP_REASON_COUNT; i++)
		for (size_t j = 0; fields[i][j] && j + 1 < sizeof(dashed[i]); j++)
			dashed[i][j] = fields[i][j] == '_' ? '-' : fields[i][j];
}

/* @count counters of one per-CPU element, summed. */
static int sum_counters(int map, __u32 key, struct counter *sums, size_t count)
{
	int cpus = libbpf_num_possible_cpus(), error = 0;
	struct counter *counters = calloc(cpus * count, sizeof(*counters));

	memset(sums, 0, count * sizeof(*sums));
	if (!counters)
		return -ENOMEM;
	if (bpf_map_lookup_elem(map, &key, counters))
		error = -errno;
	for (size_t i = 0; !error && i < cpus * count; i++) {
		sums[i % count].packets += counters[i].packets;
		sums[i % count].bytes += counters[i].bytes;
	}
	free(counters);
	return error;
}

int stats_drops(const struct pins *pins, enum role role, struct counter *reasons)
{
	return sum_counters(pins->maps[MAP_DROPS], role, reasons, XFW_DROP_REASON_COUNT);
}

int stats_interface(const struct pins *pins, __u32 index, struct counter *verdicts)
{
	return sum_counters(pins->maps[MAP_INTERFACE_STATS], index, verdicts, XFW_VERDICT_COUNT);
}

int stats_settings(const struct pins *pins, struct settings *settings)
{
	int fd = generation_table_open(pins, TABLE_SETTINGS), error = 0;
	__u32 zero = 0;

	memset(settings, 0, sizeof(*settings));
	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, settings))
		error = -errno;
	close(fd);
	return error;
}

static void count_entry(const void *key, const void *value, void *context)
{
	struct map_fill *fill = context;

	(void)key;
	(void)value;
	/* Entries may come while others are counted: never past what there can be. */
	fill->used += fill->used < fill->capacity;
}

int stats_fill(int map, struct map_fill *fill)
{
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);

	memset(fill, 0, sizeof(*fill));
	if (bpf_obj_get_info_by_fd(map, &info, &length))
		return -errno;
	fill->capacity = info.max_entries;
	return map_walk(map, count_entry, fill);
}
