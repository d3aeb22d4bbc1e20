/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is let in when a machine boots and no configuration can be used: `option rescue`, or SSH to
 * the host.
 */
#ifndef XFW_RESCUE_H
#define XFW_RESCUE_H

#include "reader.h"

/* `option rescue PROTO [PORTS] [from SRC]`, read behind `rescue`. 0 or -EINVAL with the fault. */
int rescue_read(struct reader *reader);

/*
 * A configuration with that and nothing else, for the WANs that lines of @config name and that are
 * there; where no line does, for every network card. @as_asked: by the option's line in @config.
 * Returns a descriptor whose file is to be read from its start, -ENOENT where there is no interface
 * to protect, or -errno.
 */
int rescue_open(const char *config, bool as_asked);

#endif
