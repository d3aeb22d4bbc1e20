/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals that would end a command in the midst of a change: held until it is whole, and told.
 */
#ifndef XFW_SIGNALS_H
#define XFW_SIGNALS_H

#include <signal.h>

/* From here on ^C, a terminal that hangs up and the like wait. @before is for signals_release(). */
void signals_hold(sigset_t *before);

/* What came meanwhile acts now. */
void signals_release(const sigset_t *before);

#endif
