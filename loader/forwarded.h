/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Denies of a forward's target, in the words of the packet that comes in: it is addressed to the
 * host and judged before the kernel translates it.
 */
#ifndef XFW_FORWARDED_H
#define XFW_FORWARDED_H

#include "config.h"

struct forwarded_denies {
	struct rule *rules; /* destinations are borrowed from the forward's rule */
	size_t count;
};

/* 0 or -ENOMEM; to be freed in either case. */
int forwarded_denies_make(const struct config *config, struct forwarded_denies *denies);
void forwarded_denies_free(struct forwarded_denies *denies);

#endif
