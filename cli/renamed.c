/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An interface renamed under way goes on being judged. Taken for one that went, and another that
 * has no role, it would stand open with the next change, or with `follow` at once.
 */
#include "renamed.h"

#include <string.h>

#include "../maps/stats.h"

static bool has_role(const struct document *document, const char *name)
{
	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];

		if (statement_groups[statement->kind] == GROUP_ROLES &&
		    !strcmp(statement->words[1], name))
			return true;
	}
	return false;
}

static bool is_asked_for(const struct config *config, unsigned int ifindex)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].ifindex == ifindex)
			return true;
	return false;
}

static const struct interface_config *waited_for(const struct config *config, __u32 role)
{
	for (size_t i = 0; i < config->absent_count; i++)
		if (config->absent[i].role == role)
			return &config->absent[i];
	return NULL;
}

int check_renamed(const struct instance *instance, const struct document *running,
		  const struct config *config, struct fault *fault)
{
	struct settings before;

	if (!config->absent_count || !instance->is_open || stats_settings(&instance->pins, &before))
		return 0;
	for (__u32 i = 0; i < before.interface_count; i++) {
		const struct settings_interface *ran = &before.interfaces[i];
		const struct interface_config *old = waited_for(config, ran->role);
		char name[IF_NAMESIZE];

		/* Gone, still wanted, or given up by a name that it has: all as it should be. */
		if (!old || !if_indextoname(ran->ifindex, name) ||
		    is_asked_for(config, ran->ifindex) || has_role(running, name))
			continue;
		return fault_set(fault,
				 "%s: '%s' is called '%s' now, and what ran goes on there; "
				 "configure it by that name, or name it back: ip link set %s name "
				 "%s; nothing was changed",
				 role_names[ran->role], old->name, name, name, old->name);
	}
	return 0;
}
