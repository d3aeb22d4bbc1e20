/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The maps. What is in them is described in maps/layout.h.
 * Tables of a generation come twice: slot g & 1 belongs to generation g, so that user space
 * fills one while the other judges. The template of each (slot 0's first content) gives its shape.
 */
#ifndef XFW_TABLES_H
#define XFW_TABLES_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "maps/layout.h"

enum { GENERATION_SLOTS = 2 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct control);
} control SEC(".maps");

/* ---- tables of a generation ---- */

struct settings_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

struct hosts_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct address);
	__type(value, struct rule_set);
} hosts SEC(".maps");

struct prefixes_table {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, XFW_TRIE_CAPACITY);
	__type(key, struct prefix_key);
	__type(value, struct rule_set);
} prefixes SEC(".maps");

struct cells_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cell);
} cells SEC(".maps");

struct sources_table {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, XFW_TRIE_CAPACITY);
	__type(key, struct source_key);
	__type(value, __u32);
} sources SEC(".maps");

struct routes_table {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, XFW_TRIE_CAPACITY);
	__type(key, struct prefix_key);
	__type(value, struct route);
} routes SEC(".maps");

struct rules_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rule_view);
} rules SEC(".maps");

struct config_table {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct config_chunk);
} config SEC(".maps");

#define GENERATIONAL(table)                               \
	struct {                                          \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); \
		__uint(max_entries, GENERATION_SLOTS);    \
		__type(key, __u32);                       \
		__array(values, struct table##_table);    \
	} gen_##table SEC(".maps") = {.values = {&table}}

GENERATIONAL(settings);
GENERATIONAL(hosts);
GENERATIONAL(prefixes);
GENERATIONAL(cells);
GENERATIONAL(sources);
GENERATIONAL(routes);
GENERATIONAL(rules);
GENERATIONAL(config);

/* ---- what outlives generations ---- */

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XFW_FLOWS_DEFAULT);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XFW_OPENING_DEFAULT);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows_opening SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XFW_FRAGMENTS_CAPACITY);
	__type(key, struct fragment_key);
	__type(value, struct fragment);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_SERVICES_CAPACITY);
	__type(key, __u32);
	__type(value, struct service);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_SERVICES_CAPACITY);
	__type(key, __u32);
	__type(value, struct service);
} refused SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_DESTINATIONS_CAPACITY);
	__type(key, __u32);
	__type(value, struct destination);
} destinations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, XFW_PORTS_CAPACITY);
	__type(key, struct port_key);
	__type(value, struct port);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XFW_PORTS_CAPACITY);
	__type(key, __u32);
	__type(value, __u32);
} bridge_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, XFW_PORTS_CAPACITY);
	__type(key, __u32);
	__type(value, __u32);
} port_devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct explanation);
} explained SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XFW_EVENTS_SIZE);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XFW_DROP_LOG_SIZE);
} drop_log SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_LISTENERS);
	__type(key, __u32);
	__type(value, struct event_budget);
} event_budget SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, XFW_TALKERS_CAPACITY);
	__type(key, struct talker_key);
	__type(value, struct talker);
} talkers SEC(".maps");

/* ---- counters ---- */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_RULES_CAPACITY);
	__type(key, __u32);
	__type(value, struct hit_counter);
} rule_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XFW_RULES_CAPACITY);
	__type(key, __u32);
	__type(value, struct rule_limit);
} rule_limits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_ROUTES_CAPACITY);
	__type(key, __u32);
	__type(value, struct hit_counter);
} route_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_ROLE_COUNT);
	__type(key, __u32);
	__type(value, struct drop_counters);
} drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XFW_INTERFACES_CAPACITY);
	__type(key, __u32);
	__type(value, struct interface_counters);
} interface_stats SEC(".maps");

/* The table of the judging generation's slot; NULL is a fault of the loader: no policy. */
static __always_inline void *generation_table(void *gen_map, __u32 slot)
{
	return bpf_map_lookup_elem(gen_map, &slot);
}

#endif
