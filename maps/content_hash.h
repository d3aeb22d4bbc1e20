/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hash of some bytes (FNV-1a, 64 bits), for tables that live as long as one compilation.
 */
#ifndef XFW_CONTENT_HASH_H
#define XFW_CONTENT_HASH_H

#include <stddef.h>
#include <linux/types.h>

static inline __u64 content_hash(const void *content, size_t bytes, __u64 seed)
{
	const unsigned char *at = content;
	__u64 hash = 0xcbf29ce484222325ULL ^ seed;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
	return hash ^ hash >> 32;
}

#endif
