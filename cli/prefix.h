/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses and prefixes as people write them. Knows no names and asks nobody.
 */
#ifndef XFW_PREFIX_H
#define XFW_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "../maps/layout.h"

enum { PREFIX_TEXT = 64, IPV4_BITS_BEFORE = 96 };

/* Read an address, IPv4 becomes v4-mapped. @ipv4 tells how it was written. */
bool address_read(const char *text, struct address *address, bool *ipv4);

/* Set every bit past @length to 0. */
void address_mask(struct address *address, unsigned int length);

bool prefix_is_ipv4(const struct prefix *prefix);
/* ::/0 or 0.0.0.0/0. */
bool prefix_is_default(const struct prefix *prefix);
bool prefix_contains(const struct prefix *outer, const struct address *address);

/* As people write it: IPv4 dotted, a whole address without its length. */
void prefix_format(const struct prefix *prefix, char *text, size_t size);
void address_format(const struct address *address, char *text, size_t size);

#endif
