/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of ports, as /etc/services and its like have them. Read once, when first asked:
 * a hundred thousand rules may name one each.
 */
#ifndef XFW_SERVICES_H
#define XFW_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/* The port that @name has with @protocol ("tcp"). False when there is none. */
bool service_port(const char *name, const char *protocol, __u16 *port);

/* "; did you mean 'https'?" into @text, or nothing. Returns @text. */
const char *service_hint(const char *name, const char *protocol, char *text, size_t size);

#endif
