/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second instance that nobody else sees: the embedded programs with maps of their own, filled as
 * the running ones are, attached to nothing. To be measured or broken at will.
 */
#ifndef XFW_PRIVATE_COPY_H
#define XFW_PRIVATE_COPY_H

#include "../maps/pins.h"
#include "config.h"
#include "loader.h"
#include "system.h"

/*
 * Load one that judges by @config into @copy (to be closed by pins_close, also after an error), with
 * what @live knows of bridge ports. Limits of rules are not filled in. From then on this process has
 * a mount namespace of its own, in which /sys/fs/bpf is another, empty file system: the copy is
 * pinned there and ends with the process, however that ends. Takes as much memory as the running
 * instance. Returns 0, or -errno with the report.
 */
int private_copy(const struct config *config, const struct system *system, const struct pins *live,
		 struct pins *copy, struct report *report);

#endif
