/* SPDX-License-Identifier: GPL-2.0 */
#include "attachment.h"

#include <string.h>

#include "../loader/attach.h"
#include "../maps/stats.h"

bool attachment_of(const struct pins *pins, const struct settings_interface *interface,
		   struct attachment *attachment)
{
	bool wan = interface->role == ROLE_WAN;
	struct xdp_state state;
	bool there = if_indextoname(interface->ifindex, attachment->name);

	if (!there)
		strcpy(attachment->name, "?");
	attachment->role = role_names[interface->role];
	if (interface->enforce_in_tc) {
		attachment->program = program_names[PROGRAM_IN];
		attachment->program_id = attach_tc_program(PROGRAM_IN, interface->ifindex);
		attachment->mode = attachment->program_id ? "tc" : "none";
		attachment->held = attachment->program_id ? "filter" : "";
		return there;
	}
	attachment->program = program_names[wan ? PROGRAM_WAN : PROGRAM_LAN];
	attach_xdp_state(pins, attachment->name, interface->ifindex, &state);
	attachment->mode = state.mode;
	attachment->held = state.held;
	attachment->program_id = state.program_id;
	return there;
}
