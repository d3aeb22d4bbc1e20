/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pinned maps by name, opened once. File descriptors only; what is in them is for others.
 */
#ifndef XFW_PINS_H
#define XFW_PINS_H

#include <stdbool.h>
#include <stddef.h>

/* Tables of a generation: gen_NAME holds two, one for each slot. Row: identifier, name. */
#define XFW_TABLES(ROW)         \
	ROW(SETTINGS, settings) \
	ROW(HOSTS, hosts)       \
	ROW(PREFIXES, prefixes) \
	ROW(CELLS, cells)       \
	ROW(SOURCES, sources)   \
	ROW(ROUTES, routes)     \
	ROW(RULES, rules)       \
	ROW(CONFIG, config)

/* Maps that outlive generations. */
#define XFW_LASTING_MAPS(ROW)             \
	ROW(CONTROL, control)             \
	ROW(FLOWS, flows)                 \
	ROW(FLOWS_OPENING, flows_opening) \
	ROW(FRAGMENTS, fragments)         \
	ROW(SERVICES, services)           \
	ROW(REFUSED, refused)             \
	ROW(RULE_LIMITS, rule_limits)     \
	ROW(EXPLAINED, explained)         \
	ROW(EVENTS, events)               \
	ROW(DROP_LOG, drop_log)           \
	ROW(EVENT_BUDGET, event_budget)   \
	ROW(TALKERS, talkers)             \
	ROW(DESTINATIONS, destinations)   \
	ROW(PORTS, ports)                 \
	ROW(BRIDGE_PORTS, bridge_ports)   \
	ROW(PORT_DEVICES, port_devices)   \
	ROW(RULE_STATS, rule_stats)       \
	ROW(ROUTE_STATS, route_stats)     \
	ROW(DROPS, drops)                 \
	ROW(INTERFACE_STATS, interface_stats)

#define XFW_PROGRAMS(ROW)         \
	ROW(WAN, xfw_wan)         \
	ROW(LAN, xfw_lan)         \
	ROW(OUT, xfw_out)         \
	ROW(IN, xfw_in)           \
	ROW(PORT, xfw_port)       \
	ROW(EXPLAIN, xfw_explain) \
	ROW(CLOCK, xfw_clock)

#define XFW_ENUM_TABLE(id, name)   TABLE_##id,
#define XFW_ENUM_MAP(id, name)	   MAP_##id,
#define XFW_ENUM_PROGRAM(id, name) PROGRAM_##id,
enum table { XFW_TABLES(XFW_ENUM_TABLE) TABLE_COUNT };
enum lasting_map { XFW_LASTING_MAPS(XFW_ENUM_MAP) MAP_COUNT };
enum program { XFW_PROGRAMS(XFW_ENUM_PROGRAM) PROGRAM_COUNT };

extern const char *const table_names[TABLE_COUNT];
extern const char *const map_names[MAP_COUNT];
extern const char *const program_names[PROGRAM_COUNT];

struct pins {
	char directory[192];
	int tables[TABLE_COUNT]; /* the gen_ maps */
	int maps[MAP_COUNT];
	int programs[PROGRAM_COUNT];
	struct control *control; /* mapped, when opened for change */
};

/* Nothing open yet: every descriptor -1. */
void pins_init(struct pins *pins, const char *directory);
void pins_close(struct pins *pins);

/*
 * Open every pin. @change maps the control element for writing as well.
 * Returns 0, -ENOENT when one is missing (its name is in *missing), or -errno.
 */
int pins_open(struct pins *pins, bool change, const char **missing);

/* Is it a program's pin, and no map's, that is @missing? */
bool pins_is_program(const char *missing);

/* Map control for writing, after maps[MAP_CONTROL] was set. */
int pins_map_control(struct pins *pins);

/* A new descriptor of what is pinned there, or -errno. */
int pins_get(const struct pins *pins, const char *folder, const char *name);

/* DIRECTORY/[FOLDER/]NAME in @path. */
void pins_path(const struct pins *pins, const char *folder, const char *name, char *path,
	       size_t size);

/* Put @fd at NAME, in place of whatever is pinned there, without a moment of nothing there. */
int pins_replace(const struct pins *pins, const char *folder, const char *name, int fd);

/* The kernel's id of a map, 0 when it cannot be told. */
unsigned int pins_map_id(int fd);

#endif
