/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a rule matches besides addresses: a protocol, and ports or ICMP types.
 */
#ifndef XFW_POINTS_H
#define XFW_POINTS_H

#include "../maps/compile.h"
#include "reader.h"

bool protocol_has_ports(int protocol);
bool protocol_has_types(int protocol);

/* The word for @protocol; its number where it has none. */
const char *protocol_word(int protocol);

/* The next word as a protocol. 0 or -EINVAL with the fault. */
int read_protocol(struct reader *reader, int *protocol);

/*
 * The next word as ports (443, 60000-61000, 80,443, a service's name) of rule->protocol, into
 * rule->ranges: sorted, overlaps joined. 0, -ENOMEM, or -EINVAL with the fault.
 */
int read_ports(struct reader *reader, struct rule *rule);

/* The same for a type of icmp or icmp6, by name or number. */
int read_type(struct reader *reader, struct rule *rule);

#endif
