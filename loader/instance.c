/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of every change, top to bottom: see loader.h. What each step does is elsewhere.
 */
#include "loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../maps/clock.h"
#include "../maps/generation.h"
#include "../maps/rules.h"
#include "attach.h"
#include "content.h"
#include "directory.h"
#include "instance.h"
#include "kernel_routes.h"
#include "load.h"
#include "nat.h"
#include "ports.h"

enum { ADOPT_SECONDS = 300 }; /* connections older than xfw are taken on for so long */

/* ---- opening ---- */

static int check_layout(const struct pins *pins, struct report *report)
{
	struct control control;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(pins->maps[MAP_CONTROL], &zero, &control))
		return -errno;
	/* 0: an `up` was killed before it finished; the next one completes it. */
	if (control.layout_version == XFW_LAYOUT_VERSION || !control.layout_version)
		return 0;
	report_error(report,
		     "%s: pinned by another version of xfw (map layout %u, this one has %u); "
		     "'xfw down' with that version, then 'xfw up' with this one",
		     pins->directory, control.layout_version, XFW_LAYOUT_VERSION);
	return -EPROTO;
}

static int open_pins(struct instance *instance, enum instance_access access, struct report *report)
{
	const char *missing;
	int error = pins_open(&instance->pins, access != INSTANCE_READ, &missing);

	if (access == INSTANCE_DOWN) {
		instance->is_open = !error;
		return 0;
	}
	if (!error)
		error = check_layout(&instance->pins, report);
	else if (access == INSTANCE_CREATE)
		return 0; /* the first up, or one that a dead process left half done */
	else if (error == -ENOENT)
		report_error(report,
			     "xfw is not up (%s/%s is missing); 'xfw up' starts or completes it",
			     instance->pins.directory, missing);
	else
		report_error(report, "%s/%s: %s", instance->pins.directory, missing,
			     strerror(-error));
	if (!error)
		instance->is_open = true;
	/* A trial that ran out, and views that a process died before renewing. */
	if (!error && access != INSTANCE_READ) {
		generation_settle(&instance->pins);
		generation_repin(&instance->pins);
	}
	return error;
}

int instance_open(const char *pin_directory, enum instance_access access,
		  struct instance **instance, struct report *report)
{
	struct instance *opened = calloc(1, sizeof(*opened));
	int error;

	/* libbpf tells stderr of faults that are none here; what matters is in the report. */
	libbpf_set_print(NULL);
	if (!opened)
		return -ENOMEM;
	if (strlen(pin_directory) >= sizeof(opened->pins.directory)) {
		report_error(report, "%s: the path is too long", pin_directory);
		free(opened);
		return -ENAMETOOLONG;
	}
	pins_init(&opened->pins, pin_directory);
	if (access == INSTANCE_CREATE && geteuid()) {
		report_error(report, "only root may load programs");
		opened->lock = -EPERM;
	} else {
		opened->lock = directory_lock(pin_directory, access == INSTANCE_CREATE,
					      access != INSTANCE_READ, report);
	}
	error = opened->lock < 0 ? opened->lock : open_pins(opened, access, report);
	if (error) {
		instance_close(opened);
		return error;
	}
	*instance = opened;
	return 0;
}

void instance_close(struct instance *instance)
{
	if (!instance)
		return;
	pins_close(&instance->pins);
	if (instance->lock >= 0)
		close(instance->lock);
	free(instance);
}

void instance_unlock(struct instance *instance)
{
	close(instance->lock);
	instance->lock = -1;
}

const struct pins *instance_pins(const struct instance *instance)
{
	return &instance->pins;
}

int instance_config_text(struct instance *instance, char **text, struct report *report)
{
	int error;

	*text = NULL;
	if (!instance->is_open || !generation_current(&instance->pins))
		return 0;
	error = generation_text(&instance->pins, text);
	if (error)
		report_error(report, "the running configuration cannot be read: %s",
			     strerror(-error));
	return error;
}

/* ---- attaching ---- */

static bool wants_xdp(const struct interface_config *interface)
{
	return interface->role == ROLE_WAN ||
	       (interface->role == ROLE_LAN && !interface->enforce_in_tc);
}

/* Is a program of ours on this LAN, whichever hook it has? */
static bool is_filtered(const struct pins *pins, const struct interface_config *interface)
{
	unsigned int program_id = 0;

	attach_xdp_mode(pins, interface->name, interface->ifindex, &program_id);
	return program_id || attach_tc_program(PROGRAM_IN, interface->ifindex);
}

static int attach_interface(const struct pins *pins, const struct config *config,
			    const struct system *system, const struct interface_config *interface,
			    bool on_trial, struct report *report)
{
	const struct system_link *link = system_link_by_index(system, interface->ifindex);
	enum program program = interface->role == ROLE_WAN ? PROGRAM_WAN : PROGRAM_LAN;
	bool generic = link && link->is_bridge;
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
	error = attach_xdp(pins, program, interface->name, interface->ifindex, generic,
			   config->options.require_native && !generic, report);
	if (!error && interface->role == ROLE_LAN)
		error = detach_tc(PROGRAM_IN, interface->ifindex);
	return error;
}

static int attach_interfaces(const struct pins *pins, const struct config *config,
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

static int check_interfaces_free(const struct pins *pins, const struct config *config,
				 struct report *report)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		const struct interface_config *interface = &config->interfaces[i];
		int error = 0;

		if (wants_xdp(interface))
			error = attach_xdp_free(pins, interface->name, interface->ifindex, report);
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

/* Take the programs off what had a role in @before and has none, or another, in @config. */
static void detach_tc_unasked(const struct settings *before, const struct config *config)
{
	for (__u32 i = 0; i < before->interface_count; i++) {
		unsigned int ifindex = before->interfaces[i].ifindex;
		const struct interface_config *now = find_interface(config, ifindex);

		if (!now || now->role != ROLE_WAN)
			detach_tc(PROGRAM_OUT, ifindex);
		if (!now || now->role == ROLE_WAN)
			detach_tc(PROGRAM_IN, ifindex);
		if (!now)
			attach_tc_tidy(ifindex);
	}
}

static void detach_xdp_unasked(const struct pins *pins, const struct config *config)
{
	struct dirent *entry;
	char path[256];
	DIR *links;

	pins_path(pins, NULL, "links", path, sizeof(path));
	links = opendir(path);
	while (links && (entry = readdir(links))) {
		bool asked = entry->d_name[0] == '.';

		for (size_t i = 0; config && i < config->interface_count; i++)
			asked |= !strcmp(config->interfaces[i].name, entry->d_name);
		if (!asked)
			detach_xdp(pins, entry->d_name);
	}
	if (links)
		closedir(links);
}

/* ---- changing ---- */

static void settings_now(const struct pins *pins, struct settings *settings)
{
	int fd = generation_table_open(pins, TABLE_SETTINGS);
	__u32 zero = 0;

	memset(settings, 0, sizeof(*settings));
	if (fd < 0)
		return;
	if (bpf_map_lookup_elem(fd, &zero, settings))
		memset(settings, 0, sizeof(*settings));
	close(fd);
}

/* A bucket that has its rate already keeps its fill. Ids are not shared, so none is disturbed. */
static void write_limits(const struct pins *pins, const struct config *config)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];
		struct rule_limit limit = {};

		if (!rule->rate_pps)
			continue;
		bpf_map_lookup_elem(pins->maps[MAP_RULE_LIMITS], &rule->id, &limit);
		if (limit.rate_pps == rule->rate_pps)
			continue;
		limit = (struct rule_limit){
			.rate_pps = rule->rate_pps,
			.tokens = (__u64)rule->rate_pps * clock_hz(),
		};
		bpf_map_update_elem(pins->maps[MAP_RULE_LIMITS], &rule->id, &limit, BPF_F_LOCK);
	}
}

static int switch_to(struct instance *instance, const struct config *config,
		     const struct system *system, struct report *report)
{
	struct generation_staged staged;
	struct content content;
	enum table table;
	int error = content_make(config, system, &content);

	if (error) {
		report_error(report, "the rules do not compile: %s; nothing was changed",
			     error == -E2BIG ? "they need too many cells" : strerror(-error));
		return error;
	}
	error = generation_stage(&instance->pins, &content.content, &staged, &table);
	if (error) {
		report_error(report, "table '%s' cannot be filled: %s; nothing was changed",
			     table_names[table], strerror(-error));
		content_free(&content);
		return error;
	}
	rules_reset_new(&instance->pins, &content.content);
	write_limits(&instance->pins, config);
	error = generation_switch(&instance->pins, &staged, instance->trial_seconds,
				  &instance->guard);
	/* The guard says its reason itself. */
	if (error && error != -ECANCELED)
		report_error(report, "cannot switch: %s; nothing was changed", strerror(-error));
	generation_unstage(&staged);
	content_free(&content);
	return error;
}

/*
 * The kernel's translation changes with the policy: first, since it can refuse, and back when the
 * switch fails. In between, new ports are translated that no rule lets in yet.
 */
static int switch_with_nat(struct instance *instance, const struct config *config,
			   const struct system *system, struct report *report)
{
	char *before = NULL;
	int error = instance->trial_seconds ? nat_try(config, instance->trial_seconds, report)
					    : nat_apply(config, &before, report);

	if (!error)
		error = switch_to(instance, config, system, report);
	if (error && before)
		nat_restore(before);
	free(before);
	return error;
}

/* The kernel must know the slices before anything is passed to it, and must not forget sooner. */
static int add_kernel_routes(const struct config *config, const struct system *system,
			     struct report *report)
{
	const struct route_config *route;
	int error = kernel_routes_add(config, system, &route);

	if (error)
		report_error(report,
			     "the kernel refuses the route over '%s': %s%s; nothing was changed",
			     route->device, strerror(-error),
			     error == -ENETDOWN ? " (is the interface up?)" : "");
	return error;
}

/* What the old configuration had and the new one has not; on trial, all of it stays. */
static int take_away(struct instance *instance, const struct settings *before,
		     const struct config *config, const struct system *system,
		     struct report *report)
{
	if (instance->trial_seconds)
		return 0;
	detach_xdp_unasked(&instance->pins, config);
	detach_tc_unasked(before, config);
	kernel_routes_prune(config);
	/* A gateway that changed: the old route had been in the new one's way. */
	return add_kernel_routes(config, system, report);
}

static int check_no_trial(const struct instance *instance, struct report *report)
{
	double left;

	if (!generation_on_trial(&instance->pins, &left))
		return 0;
	report_error(report,
		     "a change waits for confirmation, %.0f s more: 'xfw confirm' or 'xfw "
		     "rollback' first; nothing was changed",
		     left);
	return -EBUSY;
}

static int change(struct instance *instance, const struct config *config, struct report *report)
{
	struct settings before;
	struct system system;
	int error = check_no_trial(instance, report);

	if (error)
		return error;
	error = system_read(&system);
	if (error) {
		report_error(report, "the system's links cannot be read: %s", strerror(-error));
		return error;
	}
	settings_now(&instance->pins, &before);
	error = add_kernel_routes(config, &system, report);
	if (!error)
		error = switch_with_nat(instance, config, &system, report);
	if (!error) {
		ports_sync(&instance->pins, config, &system, report);
		error = attach_interfaces(&instance->pins, config, &system, instance->trial_seconds,
					  report);
	}
	if (!error) {
		generation_repin(&instance->pins);
		error = take_away(instance, &before, config, &system, report);
	}
	system_free(&system);
	if (!error)
		listen_to_groups(config, &before, instance->trial_seconds, report);
	warn_of_forwarding(config, report);
	return error;
}

static bool anything_attached(const struct pins *pins)
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

int instance_up(struct instance *instance, const struct config *config, struct report *report)
{
	struct pins *pins = &instance->pins;
	int error = check_interfaces_free(pins, config, report);
	bool first = !anything_attached(pins);

	if (!error)
		error = load_object(pins, &config->options, report);
	if (error) {
		if (first)
			directory_remove(pins->directory);
		return error;
	}
	instance->is_open = true;
	if (first)
		__atomic_store_n(&pins->control->adopt_until,
				 clock_tick(pins) + clock_ticks(ADOPT_SECONDS), __ATOMIC_RELEASE);
	error = change(instance, config, report);
	if (!error)
		__atomic_store_n(&pins->control->layout_version, XFW_LAYOUT_VERSION,
				 __ATOMIC_RELEASE);
	/* A first up that fails leaves the machine as it was: without a filter, but reachable. */
	if (error && first) {
		struct report ignored = {};

		instance_down(instance, &ignored);
	}
	return error;
}

void instance_try(struct instance *instance, unsigned int seconds)
{
	instance->trial_seconds = seconds;
}

static int say_no_trial(struct report *report)
{
	report_error(report, "nothing waits for confirmation");
	return -ENOENT;
}

int instance_confirm(struct instance *instance, struct report *report)
{
	return generation_confirm(&instance->pins) ? 0 : say_no_trial(report);
}

int instance_rollback(struct instance *instance, struct report *report)
{
	if (!generation_rollback(&instance->pins))
		return say_no_trial(report);
	generation_repin(&instance->pins);
	return 0;
}

int instance_apply(struct instance *instance, const struct config *config, struct report *report)
{
	int error = check_interfaces_free(&instance->pins, config, report);

	return error ?: change(instance, config, report);
}

int instance_down(struct instance *instance, struct report *report)
{
	struct settings before = {};
	int error;

	if (instance->is_open) {
		settings_now(&instance->pins, &before);
		ports_detach(&instance->pins);
	}
	detach_xdp_unasked(&instance->pins, NULL);
	detach_tc_unasked(&before, NULL);
	listen_to_groups_no_more(&before);
	kernel_routes_prune(NULL);
	nat_remove();
	error = directory_remove(instance->pins.directory);
	if (error)
		report_error(report, "%s: cannot be removed: %s", instance->pins.directory,
			     strerror(-error));
	return error;
}
