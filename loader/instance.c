/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of every change, top to bottom: see loader.h. What each step does is elsewhere.
 */
#include "loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
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
#include "interfaces.h"
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

static int stage(const struct pins *pins, const struct generation_content *content,
		 struct generation_staged *staged, struct report *report)
{
	struct table_types types;
	enum table table;
	int error = load_types(&types, report);

	if (error)
		return error;
	error = generation_stage(pins, &types, content, staged, &table);
	close(types.btf);
	if (error)
		report_error(report, "table '%s' cannot be filled: %s; nothing was changed",
			     table_names[table], strerror(-error));
	return error;
}

static int switch_to(struct instance *instance, const struct config *config,
		     const struct system *system, struct report *report)
{
	struct generation_staged staged;
	struct content content;
	int error = content_make(config, system, &content);

	if (error) {
		report_error(report, "the rules do not compile: %s; nothing was changed",
			     error == -E2BIG ? "they need too many cells" : strerror(-error));
		return error;
	}
	error = stage(&instance->pins, &content.content, &staged, report);
	if (error) {
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

static void warn_of_absent(const struct config *config, struct report *report)
{
	for (size_t i = 0; i < config->absent_count; i++)
		report_warning(report,
			       "%s: not there yet; its lines wait for it ('xfw sync' looks)",
			       config->absent[i].name);
}

/* What the old configuration had and the new one has not; on trial, all of it stays. */
static int take_away(struct instance *instance, const struct settings *before,
		     const struct config *config, const struct system *system,
		     struct report *report)
{
	int error;

	if (instance->trial_seconds)
		return 0;
	error = interfaces_detach_xdp(&instance->pins, config, report);
	if (error)
		return error;
	interfaces_detach_tc(before, config);
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
		error = interfaces_attach(&instance->pins, config, &system, instance->trial_seconds,
					  report);
	}
	if (!error) {
		generation_repin(&instance->pins);
		error = take_away(instance, &before, config, &system, report);
	}
	system_free(&system);
	if (!error)
		listen_to_groups(config, &before, instance->trial_seconds, report);
	warn_of_absent(config, report);
	warn_of_forwarding(config, report);
	return error;
}

int instance_up(struct instance *instance, const struct config *config, struct report *report)
{
	struct pins *pins = &instance->pins;
	bool first = !interfaces_any_attached(pins);
	int error;

	/* Before the programs are replaced, not after. */
	if (instance->is_open && check_no_trial(instance, report))
		return -EBUSY;
	error = interfaces_check_free(pins, config, report);
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
	int error = interfaces_check_free(&instance->pins, config, report);

	return error ?: change(instance, config, report);
}

int instance_down(struct instance *instance, struct report *report)
{
	struct settings before = {};
	int error;

	/* First, so that where it fails the pins are still there for the next attempt. */
	error = interfaces_detach_xdp(&instance->pins, NULL, report);
	if (error)
		return error;
	if (instance->is_open) {
		settings_now(&instance->pins, &before);
		ports_detach(&instance->pins);
	}
	interfaces_detach_tc(&before, NULL);
	listen_to_groups_no_more(&before);
	kernel_routes_prune(NULL);
	nat_remove();
	error = directory_remove(instance->pins.directory);
	if (error)
		report_error(report, "%s: cannot be removed: %s", instance->pins.directory,
			     strerror(-error));
	return error;
}
