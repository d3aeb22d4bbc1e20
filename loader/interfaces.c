/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which program belongs on which interface, by the configuration: put there, and taken off what
 * has no role any more.
 */
#include "interfaces.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"

static bool wants_xdp(const struct interface_config *interface)
{
	return interface->role == ROLE_WAN ||
	       (interface->role == ROLE_LAN && !interface->enforce_in_tc);
}

static struct xdp_place place_of(const struct pins *pins, const struct config *config,
				 const struct interface_config *interface, bool generic)
{
	return (struct xdp_place){
		.pins = pins,
		.program = interface->role == ROLE_WAN ? PROGRAM_WAN : PROGRAM_LAN,
		.name = interface->name,
		.ifindex = interface->ifindex,
		.generic = generic,
		.require_native = config->options.require_native && !generic,
		.dispatcher = config->options.dispatcher,
	};
}

/* Is a program of ours on this LAN, whichever hook it has? */
static bool is_filtered(const struct pins *pins, const struct interface_config *interface)
{
	struct xdp_state state;

	attach_xdp_state(pins, interface->name, interface->ifindex, &state);
	return state.program_id || attach_tc_program(PROGRAM_IN, interface->ifindex);
}

static int attach_interface(const struct pins *pins, const struct config *config,
			    const struct system *system, const struct interface_config *interface,
			    bool on_trial, struct report *report)
{
	const struct system_link *link = system_link_by_index(system, interface->ifindex);
	struct xdp_place place = place_of(pins, config, interface, link && link->is_bridge);
	int error = 0;

	/*
	 * The hook of a LAN changes when the trial is confirmed. Both at once would not do: tc
	 * behind generic XDP may see a frame without its Ethernet header (skb->mac_len is lost
	 * where the kernel copies the buffer).
	 */
	if (on_trial && interface->role == ROLE_LAN && is_filtered(pins, interface))
		return 0;
	/* Outgoing flows are recorded before the first answer can be judged. */
	if (interface->role == ROLE_WAN)
		error = attach_tc(pins, PROGRAM_OUT, interface->ifindex);
	else if (interface->enforce_in_tc || interface->role == ROLE_TUN)
		error = attach_tc(pins, PROGRAM_IN, interface->ifindex);
	if (error) {
		report_error(report, "%s: cannot attach to tc: %s", interface->name,
			     strerror(-error));
		return error;
	}
	if (!wants_xdp(interface))
		return detach_xdp(pins, interface->name);
	error = attach_xdp(&place, report);
	if (!error && interface->role == ROLE_LAN)
		error = detach_tc(PROGRAM_IN, interface->ifindex);
	return error;
}

int interfaces_attach(const struct pins *pins, const struct config *config,
		      const struct system *system, bool on_trial, struct report *report)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		int error = attach_interface(pins, config, system, &config->interfaces[i], on_trial,
					     report);

		if (error)
			return error;
	}
	return 0;
}

int interfaces_check_free(const struct pins *pins, const struct config *config,
			  struct report *report)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		const struct interface_config *interface = &config->interfaces[i];
		struct xdp_place place = place_of(pins, config, interface, false);
		int error = 0;

		if (wants_xdp(interface))
			error = attach_xdp_free(&place, report);
		if (error)
			return error;
	}
	return 0;
}

static const struct interface_config *find_interface(const struct config *config,
						     unsigned int ifindex)
{
	for (size_t i = 0; config && i < config->interface_count; i++)
		if (config->interfaces[i].ifindex == ifindex)
			return &config->interfaces[i];
	return NULL;
}

/* Asked of the kernel and not of what ran before: a process may have died since. */
int interfaces_detach_tc(const struct config *config)
{
	struct tc_places places;
	int error = attach_tc_places(&places), failed = 0;

	for (size_t i = 0; !error && i < places.count; i++) {
		unsigned int ifindex = places.ifindexes[i];
		const struct interface_config *now = find_interface(config, ifindex);

		if (!now || now->role != ROLE_WAN)
			failed = detach_tc(PROGRAM_OUT, ifindex) ?: failed;
		if (!now || now->role == ROLE_WAN)
			failed = detach_tc(PROGRAM_IN, ifindex) ?: failed;
		/* Of the ports of bridges, only `down` takes it off; see ports.c. */
		if (!config)
			failed = detach_tc(PROGRAM_PORT, ifindex) ?: failed;
	}
	free(places.ifindexes);
	return error ?: failed;
}

unsigned int interfaces_any_tc(void)
{
	static const enum program programs[] = {PROGRAM_OUT, PROGRAM_IN, PROGRAM_PORT};
	struct tc_places places;
	unsigned int found = 0;
	int error = attach_tc_places(&places);

	for (size_t i = 0; !error && !found && i < places.count; i++)
		for (size_t j = 0; j < sizeof(programs) / sizeof(programs[0]); j++)
			if (attach_tc_program(programs[j], places.ifindexes[i]))
				found = places.ifindexes[i];
	free(places.ifindexes);
	return found;
}

int interfaces_detach_xdp(const struct pins *pins, const struct config *config,
			  struct report *report)
{
	struct dirent *entry;
	char path[256];
	DIR *links;
	int error = 0;

	pins_path(pins, NULL, "links", path, sizeof(path));
	links = opendir(path);
	if (!links)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(links))) {
		bool asked = entry->d_name[0] == '.';
		int failed;

		for (size_t i = 0; config && i < config->interface_count; i++)
			asked |= !strcmp(config->interfaces[i].name, entry->d_name);
		failed = asked ? 0 : detach_xdp(pins, entry->d_name);
		if (!failed)
			continue;
		error = failed;
		report_error(report, "%s: its XDP program cannot be taken off: %s%s", entry->d_name,
			     strerror(-failed),
			     failed == -EPERM ? " (from a dispatcher, that takes CAP_SYS_ADMIN)"
					      : "");
	}
	closedir(links);
	return error;
}

bool interfaces_any_attached(const struct pins *pins)
{
	struct dirent *entry;
	bool found = false;
	char path[256];
	DIR *links;

	pins_path(pins, NULL, "links", path, sizeof(path));
	links = opendir(path);
	while (links && (entry = readdir(links)))
		found |= entry->d_name[0] != '.';
	if (links)
		closedir(links);
	return found;
}
