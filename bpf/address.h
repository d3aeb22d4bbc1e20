/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Questions about one address. Addresses are 16 bytes, network order, IPv4 v4-mapped.
 */
#ifndef XFW_ADDRESS_H
#define XFW_ADDRESS_H

#include "packet.h"

static __always_inline __u32 address_word(const struct address *address, __u32 index)
{
	return bpf_ntohl(((const __be32 *)address->bytes)[index]);
}

static __always_inline bool address_equal(const struct address *a, const struct address *b)
{
	const __u32 *x = (const __u32 *)a->bytes;
	const __u32 *y = (const __u32 *)b->bytes;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3];
}

/* For direct-mapped tables. The odd constant, 2^32 / golden ratio, spreads neighbours. */
static __always_inline __u32 address_hash(const struct address *address, __u32 more)
{
	const __u32 *words = (const __u32 *)address->bytes;
	__u32 hash = (words[0] ^ words[1] ^ more) * 0x9e3779b1U;

	hash = (hash ^ words[2] ^ (hash >> 15)) * 0x9e3779b1U;
	hash = (hash ^ words[3] ^ (hash >> 15)) * 0x9e3779b1U;
	return hash >> 16;
}

static __always_inline void address_map_ipv4(struct address *address, __be32 ipv4)
{
	__be32 *words = (__be32 *)address->bytes;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = ipv4;
}

static __always_inline bool address_is_ipv4(const struct address *address)
{
	return !address_word(address, 0) && !address_word(address, 1) &&
	       address_word(address, 2) == 0xffff;
}

/* fe80::/10 or 169.254.0.0/16 */
static __always_inline bool address_is_link_local(const struct address *address)
{
	if (address_is_ipv4(address))
		return address_word(address, 3) >> 16 == 0xa9fe;
	return address_word(address, 0) >> 22 == 0xfe80 >> 6;
}

/* ff00::/8, 224.0.0.0/4 or 255.255.255.255 */
static __always_inline bool address_is_multicast(const struct address *address)
{
	if (address_is_ipv4(address))
		return address_word(address, 3) >> 28 == 0xe || address_word(address, 3) == ~0U;
	return address_word(address, 0) >> 24 == 0xff;
}

static __always_inline bool address_is_unspecified(const struct address *address)
{
	if (address_word(address, 0) || address_word(address, 1) || address_word(address, 3))
		return false;
	return address_word(address, 2) == 0 || address_word(address, 2) == 0xffff;
}

/* ::1 or 127.0.0.0/8 */
static __always_inline bool address_is_loopback(const struct address *address)
{
	if (address_is_ipv4(address))
		return address_word(address, 3) >> 24 == 127;
	return !address_word(address, 0) && !address_word(address, 1) &&
	       !address_word(address, 2) && address_word(address, 3) == 1;
}

static __always_inline bool address_covered(const struct address *address,
					    const struct cover *cover)
{
	const __u32 *bits = (const __u32 *)address->bytes;
	const __u32 *value = (const __u32 *)cover->value.bytes;
	const __u32 *mask = (const __u32 *)cover->mask.bytes;

	return !(((bits[0] ^ value[0]) & mask[0]) | ((bits[1] ^ value[1]) & mask[1]) |
		 ((bits[2] ^ value[2]) & mask[2]) | ((bits[3] ^ value[3]) & mask[3]));
}

#endif
