/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is attached to an interface, for status and metrics.
 */
#ifndef XFW_ATTACHMENT_H
#define XFW_ATTACHMENT_H

#include <net/if.h>
#include <stdbool.h>

#include "../maps/layout.h"
#include "../maps/pins.h"

struct attachment {
	char name[IF_NAMESIZE];
	const char *role;
	const char *mode;
	const char *held; /* "own link", "dispatcher", "filter", or "" */
	const char *program;
	unsigned int program_id;
};

/* False: the interface is gone, and "?" stands for its name. */
bool attachment_of(const struct pins *pins, const struct settings_interface *interface,
		   struct attachment *attachment);

#endif
