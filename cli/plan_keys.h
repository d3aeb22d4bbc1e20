/* SPDX-License-Identifier: GPL-2.0 */
/*
 * WireGuard keys, made by WireGuard's own wg(8): xfw does no cryptography.
 */
#ifndef XFW_PLAN_KEYS_H
#define XFW_PLAN_KEYS_H

#include "fault.h"

enum { KEY_TEXT = 45 }; /* base64 of 32 bytes */

struct key_pair {
	char private[KEY_TEXT], public[KEY_TEXT];
};

struct tunnel_keys {
	struct key_pair host, home;
	char shared[KEY_TEXT];
};

/* 0 or -EINVAL with the fault. */
int tunnel_keys_make(struct tunnel_keys *keys, struct fault *fault);

#endif
