/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who talks how much: counted by the programs as long as somebody says every now and then that he
 * looks.
 */
#ifndef XFW_TALKERS_MAPS_H
#define XFW_TALKERS_MAPS_H

#include "layout.h"
#include "pins.h"

/* Have them counted for @seconds from now. @pins' control is mapped. */
void talkers_watch(const struct pins *pins, unsigned int seconds);

typedef void talker_visitor(const struct talker_key *key, const struct talker *sum, void *context);

/* Show @visit every talker, summed over CPUs. 0 or -errno. */
int talkers_walk(const struct pins *pins, talker_visitor *visit, void *context);

#endif
