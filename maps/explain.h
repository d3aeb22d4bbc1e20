/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asking the loaded programs about a packet.
 */
#ifndef XFW_EXPLAIN_MAPS_H
#define XFW_EXPLAIN_MAPS_H

#include <stddef.h>

#include "layout.h"
#include "pins.h"

/*
 * Run xfw_explain on @frame as if it came in by @ifindex, under @generation, whose tables are in
 * their slot, or 0 for the one that judges. No map but `explained` changes. Returns 0 or -errno.
 */
int explain_frame(const struct pins *pins, const void *frame, size_t length, unsigned int ifindex,
		  __u32 generation, struct explanation *explanation);

#endif
