/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a network device does to packets before anybody sees them. Reads, never turns.
 */
#ifndef XFW_OFFLOAD_H
#define XFW_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>

enum offload_state {
	OFFLOAD_OFF, /* or not known to the device */
	OFFLOAD_ON,
	OFFLOAD_FIXED_ON, /* the device does not let it be turned off */
};

/* @feature by the kernel's name, as `ethtool -k` shows most: rx-lro, rx-gro-hw. */
enum offload_state offload_state(const char *interface, const char *feature);

/* The driver's name, "" when the device has none. */
void offload_driver(const char *interface, char *driver, size_t size);

/* Is there hardware behind it, or the hypervisor that this machine is a guest of? */
bool offload_is_card(const char *interface);

#endif
