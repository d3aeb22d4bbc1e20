/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two processes for the exporter: the one that may open the pins hears a single question from the
 * other, and the other, which hears whatever the network sends, may do nothing at all.
 */
#ifndef XFW_METRICS_PROCESS_H
#define XFW_METRICS_PROCESS_H

#include <stddef.h>

/* Give up every capability, for good. 0 or -errno. */
int privileges_drop(void);

/* Be nobody from now on. 0 or -errno. */
int privileges_become_nobody(void);

/*
 * Answer questions at @socket with the metrics, until the other end is closed or SIGINT or SIGTERM
 * comes; both are blocked by the caller. Returns 0 or -errno.
 */
int metrics_process_run(int socket, const char *pin_directory);

/* Wait for a signal of these, or for the process at the other end to be gone. 0 or -errno. */
int metrics_process_wait(int socket);

/* The metrics from the process at the other end, to be freed; NULL when it has none to give. */
char *metrics_process_ask(int socket, size_t *length);

#endif
