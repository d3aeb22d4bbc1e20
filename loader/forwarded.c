/* SPDX-License-Identifier: GPL-2.0 */
#include "forwarded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool covers(const struct prefix *prefix, const struct address *address)
{
	for (__u32 bit = 0; bit < prefix->length; bit++) {
		__u8 mask = 0x80 >> bit % 8;

		if ((prefix->address.bytes[bit / 8] ^ address->bytes[bit / 8]) & mask)
			return false;
	}
	return true;
}

static bool names_target(const struct rule *deny, const struct forward_config *forward)
{
	for (size_t i = 0; i < deny->destination_count; i++)
		if (covers(&deny->destinations[i], &forward->target))
			return true;
	return false;
}

/* Both ends of what @a and @b have in common; false when that is nothing. */
static bool intersect(struct port_range a, struct port_range b, struct port_range *common)
{
	common->first = a.first > b.first ? a.first : b.first;
	common->last = a.last < b.last ? a.last : b.last;
	return common->first <= common->last;
}

/* Is the port that packets arrive with at the target one of @deny's? */
static bool denies_port(const struct rule *deny, __u16 port)
{
	for (size_t i = 0; i < deny->range_count; i++)
		if (port >= deny->ranges[i].first && port <= deny->ranges[i].last)
			return true;
	return !deny->range_count;
}

/*
 * The ports of the host that lead to what @deny denies: all of the forward's where it translates
 * the port, else those that both name. Returns how many ranges, at @ranges.
 */
static size_t denied_ports(const struct rule *deny, const struct rule *allow,
			   const struct forward_config *forward, struct port_range *ranges)
{
	size_t count = 0;

	if (forward->target_port || !deny->range_count) {
		if (forward->target_port && !denies_port(deny, forward->target_port))
			return 0;
		memcpy(ranges, allow->ranges, allow->range_count * sizeof(*ranges));
		return allow->range_count;
	}
	for (size_t i = 0; i < allow->range_count; i++)
		for (size_t j = 0; j < deny->range_count; j++)
			count += intersect(allow->ranges[i], deny->ranges[j], &ranges[count]);
	return count;
}

static int add(const struct rule *deny, const struct rule *allow,
	       const struct forward_config *forward, struct forwarded_denies *denies)
{
	struct rule *rule = &denies->rules[denies->count];
	size_t room = (allow->range_count + 1) * (deny->range_count + 1);

	*rule = *deny;
	rule->protocol = allow->protocol;
	rule->destinations = allow->destinations;
	rule->destination_count = allow->destination_count;
	rule->ranges = calloc(room, sizeof(*rule->ranges));
	if (!rule->ranges)
		return -ENOMEM;
	rule->range_count = denied_ports(deny, allow, forward, rule->ranges);
	/* None in common: not a rule without ranges, which would be of all ports. */
	if (rule->range_count)
		denies->count++;
	else
		free(rule->ranges);
	return 0;
}

int forwarded_denies_make(const struct config *config, struct forwarded_denies *denies)
{
	int error = 0;

	*denies = (struct forwarded_denies){
		.rules = calloc(config->forward_count * config->rule_count + 1,
				sizeof(*denies->rules))};
	if (!denies->rules)
		return -ENOMEM;
	for (size_t i = 0; !error && i < config->forward_count; i++) {
		const struct forward_config *forward = &config->forwards[i];
		const struct rule *allow = &config->rules[forward->rule];

		for (size_t j = 0; !error && j < config->rule_count; j++) {
			const struct rule *deny = &config->rules[j];

			if (deny->action == RULE_DENY && names_target(deny, forward) &&
			    (deny->protocol == PROTOCOL_ANY || deny->protocol == allow->protocol))
				error = add(deny, allow, forward, denies);
		}
	}
	return error;
}

void forwarded_denies_free(struct forwarded_denies *denies)
{
	for (size_t i = 0; i < denies->count; i++)
		free(denies->rules[i].ranges);
	free(denies->rules);
}
