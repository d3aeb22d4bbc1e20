/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of the ring buffers in words.
 */
#include "event_text.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../maps/stats.h"

const char *event_rule(const struct document *running, const struct event *event)
{
	for (size_t i = 0; event->rule && i < running->count; i++) {
		const struct statement *statement = &running->statements[i];

		if (statement_is_rule(statement) && statement->id == event->rule)
			return statement->text;
	}
	return NULL;
}

struct ends event_ends(const struct event *event)
{
	return ends_of(&event->key, event->point, event->role == ROLE_WAN);
}

void event_format_ends(const struct event *event, char *text, size_t size)
{
	struct ends ends = event_ends(event);

	ends_format(&ends, text, size);
}

void event_format_time(__u64 epoch_ns, const struct event *event, char *text, size_t size)
{
	__u64 ns = epoch_ns + event->time_ns;
	time_t seconds = ns / 1000000000;
	struct tm local;
	char clock[16];

	localtime_r(&seconds, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	snprintf(text, size, "%s.%03u", clock, (unsigned int)(ns % 1000000000 / 1000000));
}

const char *event_interface(const struct event *event, char name[IF_NAMESIZE])
{
	return if_indextoname(event->ifindex, name) ?: "?";
}

__u64 event_epoch_ns(void)
{
	struct timespec boot, real;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	return (real.tv_sec - boot.tv_sec) * 1000000000LL + real.tv_nsec - boot.tv_nsec;
}

__u64 event_unseen(const struct pins *pins, enum event_listener listener)
{
	int cpus = libbpf_num_possible_cpus();
	struct event_budget *budgets = calloc(cpus > 0 ? cpus : 1, sizeof(*budgets));
	__u64 unseen = 0;
	__u32 index = listener;

	if (budgets && !bpf_map_lookup_elem(pins->maps[MAP_EVENT_BUDGET], &index, budgets))
		for (int i = 0; i < cpus; i++)
			unseen += budgets[i].unseen;
	free(budgets);
	return unseen;
}
