// SPDX-License-Identifier: GPL-2.0
/*
 * The key of a flow has an inside and an outside; people want to know who sends to whom.
 */
#include "ends.h"

#include <stdio.h>

#include "points.h"
#include "prefix.h"

struct ends ends_of(const struct flow_key *key, __u32 point, bool inbound)
{
	return (struct ends){
		.protocol = key->protocol,
		.from = inbound ? &key->outside : &key->inside,
		.to = inbound ? &key->inside : &key->outside,
		.from_port = inbound ? key->outside_port : key->inside_port,
		.to_port = inbound ? key->inside_port : key->outside_port,
		.point = point,
	};
}

void ends_format(const struct ends *ends, char *text, size_t size)
{
	char from[PREFIX_TEXT], to[PREFIX_TEXT];
	const char *protocol = protocol_word(ends->protocol);

	address_format(ends->from, from, sizeof(from));
	address_format(ends->to, to, sizeof(to));
	if (protocol_has_ports(ends->protocol))
		snprintf(text, size, "%s %s %u > %s %u", protocol, from, ends->from_port, to,
			 ends->to_port);
	else if (protocol_has_types(ends->protocol))
		snprintf(text, size, "%s %s > %s type %u", protocol, from, to, ends->point);
	else
		snprintf(text, size, "%s %s > %s", protocol, from, to);
}
