/* SPDX-License-Identifier: GPL-2.0 */
/*
 * `option drop-log rate N/s`: dropped packets on standard output, a line each, at most N a second
 * and how many more there were.
 */
#ifndef XFW_DROP_LOG_H
#define XFW_DROP_LOG_H

#include "command.h"

/*
 * Start a process that writes whenever the running configuration asks for it. It ends with the
 * one that starts it, or when nothing can be read any more.
 */
void drop_log_start(const struct invocation *invocation);

#endif
