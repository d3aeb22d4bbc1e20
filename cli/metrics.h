/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of `stats`, `rules`, `routes` and `status` in Prometheus' text format.
 */
#ifndef XFW_METRICS_H
#define XFW_METRICS_H

#include <stddef.h>

/* All metrics of the instance pinned in @pin_directory, to be freed; NULL without memory. When
 * nothing is up there, xfw_up is 0 and nothing else is said.
 */
char *metrics_text(const char *pin_directory, size_t *length);

#endif
