/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The slots of the gen_ maps. What is in them is pinned, too, as slots/TABLE_SLOT: a map is
 * opened by its pin without a capability, but by its id only with CAP_SYS_ADMIN.
 */
#ifndef XFW_SLOTS_H
#define XFW_SLOTS_H

#include "pins.h"

/* The map in @slot, a new descriptor, or -errno. */
int slot_open(const struct pins *pins, enum table table, unsigned int slot);

/* Let the pin of @slot show @fd, which is in the slot or about to be. 0 or -errno. */
int slot_pin(const struct pins *pins, enum table table, unsigned int slot, int fd);

/* Put all @tables into @slot, verify that they are there, and pin them. 0 or -errno. */
int slots_put(const struct pins *pins, const int tables[TABLE_COUNT], unsigned int slot);

#endif
