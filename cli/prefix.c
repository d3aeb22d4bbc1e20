/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses and prefixes to and from text.
 */
#include "prefix.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool address_read(const char *text, struct address *address, bool *ipv4)
{
	memset(address, 0, sizeof(*address));
	*ipv4 = inet_pton(AF_INET, text, address->bytes + 12) == 1;
	if (*ipv4) {
		address->bytes[10] = address->bytes[11] = 0xff;
		return true;
	}
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

void address_mask(struct address *address, unsigned int length)
{
	unsigned int whole = length / 8;

	if (whole >= sizeof(address->bytes))
		return;
	address->bytes[whole] &= (__u8) ~(0xff >> length % 8);
	memset(address->bytes + whole + 1, 0, sizeof(address->bytes) - whole - 1);
}

bool prefix_is_ipv4(const struct prefix *prefix)
{
	static const __u8 start[12] = {[10] = 0xff, [11] = 0xff};

	return prefix->length >= IPV4_BITS_BEFORE &&
	       !memcmp(prefix->address.bytes, start, sizeof(start));
}

bool prefix_is_default(const struct prefix *prefix)
{
	return !prefix->length || (prefix->length == IPV4_BITS_BEFORE && prefix_is_ipv4(prefix));
}

bool prefix_contains(const struct prefix *outer, const struct address *address)
{
	struct address network = *address;

	address_mask(&network, outer->length);
	return !memcmp(&network, &outer->address, sizeof(network));
}

void prefix_format(const struct prefix *prefix, char *text, size_t size)
{
	bool ipv4 = prefix_is_ipv4(prefix);
	char address[INET6_ADDRSTRLEN];

	inet_ntop(ipv4 ? AF_INET : AF_INET6, prefix->address.bytes + (ipv4 ? 12 : 0), address,
		  sizeof(address));
	if (prefix->length == 128)
		snprintf(text, size, "%s", address);
	else
		snprintf(text, size, "%s/%u", address,
			 prefix->length - (ipv4 ? IPV4_BITS_BEFORE : 0));
}

void address_format(const struct address *address, char *text, size_t size)
{
	struct prefix whole = {*address, 128};

	prefix_format(&whole, text, size);
}
