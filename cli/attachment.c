/* SPDX-License-Identifier: GPL-2.0 */
#include "attachment.h"

#include <stdbool.h>
#include <stdio.h>

#include "../loader/attach.h"
#include "../maps/stats.h"

void attachment_of(const struct pins *pins, const struct settings_interface *interface,
		   struct attachment *attachment)
{
	bool wan = interface->role == ROLE_WAN;
	char name[IF_NAMESIZE];

	snprintf(attachment->name, sizeof(attachment->name), "%s",
		 if_indextoname(interface->ifindex, name) ?: "?");
	attachment->role = role_names[interface->role];
	if (interface->enforce_in_tc) {
		attachment->program = program_names[PROGRAM_IN];
		attachment->program_id = attach_tc_program(PROGRAM_IN, interface->ifindex);
		attachment->mode = attachment->program_id ? "tc" : "none";
		return;
	}
	attachment->program = program_names[wan ? PROGRAM_WAN : PROGRAM_LAN];
	attachment->mode = attach_xdp_mode(pins, attachment->name, interface->ifindex,
					   &attachment->program_id);
}
