/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices that guests are behind: which of them take redirected frames, where their MAC
 * addresses are, and the learner on each bridge port.
 */
#ifndef XFW_PORTS_H
#define XFW_PORTS_H

#include "attach.h"
#include "config.h"
#include "system.h"

/* Make bridge_ports, port_devices and ports agree with the system for the LANs of @config. */
int ports_sync(const struct pins *pins, const struct config *config, const struct system *system,
	       struct report *report);

#endif
