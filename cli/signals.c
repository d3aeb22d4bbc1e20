/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A change cut off anywhere leaves the old policy or the new one; one that is let finish leaves
 * nothing beside it, and says which.
 */
#include "signals.h"

void signals_hold(sigset_t *before)
{
	static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	sigset_t set;

	sigemptyset(&set);
	for (unsigned int i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

void signals_release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}
