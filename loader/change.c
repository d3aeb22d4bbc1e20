/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One change, step by step, and back when a step fails. A process that dies in here leaves the
 * old policy judging or the new one; what it left beside, the next change takes away.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../maps/clock.h"
#include "../maps/rules.h"
#include "../maps/stats.h"
#include "attach.h"
#include "content.h"
#include "instance.h"
#include "interfaces.h"
#include "kernel_routes.h"
#include "load.h"
#include "nat.h"
#include "ports.h"

struct change {
	struct instance *instance;
	const struct config *config;
	struct report *report;
	struct system system;
	struct settings before;
	struct kernel_routes routes; /* before */
	char *nat_before;	     /* NULL: not touched */
	bool switched;
};

/* ---- the policy ---- */

/* A bucket that has its rate already keeps its fill. Ids are not shared, so none is disturbed. */
static int write_limits(const struct pins *pins, const struct config *config)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];
		struct rule_limit limit = {};

		if (!rule->rate_pps)
			continue;
		if (bpf_map_lookup_elem(pins->maps[MAP_RULE_LIMITS], &rule->id, &limit))
			return -errno;
		if (limit.rate_pps == rule->rate_pps)
			continue;
		limit = (struct rule_limit){
			.rate_pps = rule->rate_pps,
			.tokens = (__u64)rule->rate_pps * clock_hz(),
		};
		if (bpf_map_update_elem(pins->maps[MAP_RULE_LIMITS], &rule->id, &limit, BPF_F_LOCK))
			return -errno;
	}
	return 0;
}

static int fill(struct change *change, const struct generation_content *content,
		struct generation_staged *staged)
{
	struct table_types types;
	enum table table;
	int error = load_types(&types, change->report);

	if (error)
		return error;
	error = generation_stage(&change->instance->pins, &types, content, staged, &table);
	close(types.btf);
	if (error)
		report_table(change->report, table_names[table], error);
	return error;
}

static int stage(struct change *change, struct content *content, struct generation_staged *staged)
{
	int error = content_make(change->config, &change->system, content);

	if (error)
		return report_compile(change->report, error);
	error = fill(change, &content->content, staged);
	if (error)
		content_free(content);
	return error;
}

static int switch_policy(struct change *change)
{
	struct instance *instance = change->instance;
	struct generation_staged staged;
	struct content content;
	int error = stage(change, &content, &staged);

	if (error)
		return error;
	rules_reset_new(&instance->pins, &content.content);
	error = write_limits(&instance->pins, change->config);
	if (error)
		report_error(change->report, "the limits of rules cannot be set: %s",
			     strerror(-error));
	else
		error = generation_switch(&instance->pins, &staged, instance->trial_seconds,
					  &instance->guard);
	/* The guard says its reason itself. */
	if (error && !change->report->error[0])
		report_error(change->report, "cannot switch: %s", strerror(-error));
	change->switched = !error;
	generation_unstage(&staged);
	content_free(&content);
	return error;
}

/* ---- what goes with it in the kernel ---- */

static int report_route(struct report *report, const struct route_config *route, int error)
{
	if (error)
		report_error(report, "the kernel refuses the route over '%s': %s%s",
			     route ? route->device : "?", strerror(-error),
			     error == -ENETDOWN ? " (is the interface up?)" : "");
	return error;
}

/* The kernel must know the slices before anything is passed to it, and must not forget sooner. */
static int add_routes(struct change *change)
{
	const struct route_config *route = NULL;
	int error = kernel_routes_add(change->config, &change->system, &change->routes, &route);

	return report_route(change->report, route, error);
}

static int turn_routes(struct change *change)
{
	const struct route_config *route = NULL;
	int error;

	/* On trial, the gateway that the old configuration has stays. */
	if (change->instance->trial_seconds)
		return 0;
	error = kernel_routes_turn(change->config, &change->system, &change->routes, &route);
	return report_route(change->report, route, error);
}

static int widen_nat(struct change *change)
{
	unsigned int seconds = change->instance->trial_seconds;

	return seconds ? nat_try(change->config, seconds, &change->nat_before, change->report)
		       : nat_widen(change->config, &change->nat_before, change->report);
}

static int settle_nat(struct change *change)
{
	if (change->instance->trial_seconds)
		return 0;
	return nat_settle(change->config, change->nat_before, change->report);
}

/* ---- interfaces ---- */

static int attach(struct change *change)
{
	const struct pins *pins = &change->instance->pins;

	ports_sync(pins, change->config, &change->system, change->report);
	return interfaces_attach(pins, change->config, &change->system,
				 change->instance->trial_seconds, change->report);
}

static int show(struct change *change)
{
	int error = generation_repin(&change->instance->pins);

	if (error)
		report_error(change->report, "%s: 'rules' and 'routes' cannot be pinned: %s",
			     change->instance->pins.directory, strerror(-error));
	return error;
}

/* ---- in order ---- */

/*
 * Up to the switch nothing judges anew; translation is widened before, since it can refuse: in
 * between, new ports are translated that no rule lets in yet.
 */
static int (*const steps[])(struct change *) = {
	add_routes, widen_nat, switch_policy, attach, show, turn_routes, settle_nat,
};

static int read_now(struct change *change)
{
	int error = system_read(&change->system);

	if (error) {
		report_error(change->report, "the system's links cannot be read: %s",
			     strerror(-error));
		return error;
	}
	error = kernel_routes_read(&change->routes)
			?: stats_settings(&change->instance->pins, &change->before);
	if (error)
		report_error(change->report, "what runs cannot be read: %s", strerror(-error));
	return error;
}

/* What the old configuration had and the new one has not; on trial, all of it stays. */
static void take_away(struct change *change)
{
	const struct pins *pins = &change->instance->pins;
	struct report why = {};
	int xdp, tc, routes, groups;

	if (change->instance->trial_seconds)
		return;
	xdp = interfaces_detach_xdp(pins, change->config, &why);
	tc = interfaces_detach_tc(change->config);
	routes = kernel_routes_prune(change->config);
	groups = listen_to_groups_no_more(pins, change->config);
	if (xdp)
		report_warning(change->report, "%s", why.error);
	if (xdp || tc || routes || groups)
		report_warning(change->report,
			       "the new configuration runs, but %s could not be taken away: %s; "
			       "'xfw sync' tries again",
			       xdp || tc ? "a program on an interface without a role"
			       : routes	 ? "a route of the old one"
					 : "a multicast setting of the old one",
			       strerror(-(xdp ?: tc ?: routes ?: groups)));
}

/* ---- back ---- */

/* The old configuration's interfaces, which is all that attaching asks for. */
static size_t interfaces_before(const struct settings *before, struct interface_config *interfaces)
{
	size_t count = 0;

	for (__u32 i = 0; i < before->interface_count; i++) {
		struct interface_config *interface = &interfaces[count];

		interface->role = before->interfaces[i].role;
		interface->enforce_in_tc = before->interfaces[i].enforce_in_tc;
		interface->ifindex = before->interfaces[i].ifindex;
		count += if_indextoname(interface->ifindex, interface->name) != NULL;
	}
	return count;
}

static int attach_as_before(struct change *change)
{
	struct interface_config interfaces[XFW_INTERFACES_CAPACITY] = {};
	struct config old = {
		.interfaces = interfaces,
		.interface_count = interfaces_before(&change->before, interfaces),
		.options.dispatcher = true, /* what is in one stays there */
	};
	const struct pins *pins = &change->instance->pins;
	struct report ignored = {};
	int error;

	ports_sync(pins, &old, &change->system, &ignored);
	error = interfaces_attach(pins, &old, &change->system, false, &ignored);
	/* As many as can be, whatever failed before. */
	error = interfaces_detach_xdp(pins, &old, &ignored) ?: error;
	return interfaces_detach_tc(&old) ?: error;
}

static void add_to_error(struct report *report, const char *text)
{
	size_t length = strlen(report->error);

	snprintf(report->error + length, sizeof(report->error) - length, "%s", text);
}

/* The policy first: it is what lets in. */
static void take_back(struct change *change, int error)
{
	struct report *report = change->report;
	int attached = 0, nat = 0, routes;

	/* Where nothing ran before, there is nothing to go back to: see instance_up(). */
	if (change->switched && change->before.interface_count) {
		generation_revert(&change->instance->pins);
		attached = attach_as_before(change);
		generation_repin(&change->instance->pins);
	}
	if (change->nat_before)
		nat = nat_restore(change->nat_before);
	routes = kernel_routes_take_back(&change->routes);
	if (!report->error[0])
		report_error(report, "%s", strerror(-error));
	if (change->switched && !change->before.interface_count)
		add_to_error(report, "; 'xfw up' again completes it");
	else if (attached || nat || routes)
		add_to_error(report, "; the old rules run, but what is around them is not yet as "
				     "it was: 'xfw sync' puts it right");
	else if (!strstr(report->error, "nothing was changed"))
		add_to_error(report, "; nothing was changed");
}

/* ---- all of it ---- */

static void warn_of_absent(const struct config *config, struct report *report)
{
	for (size_t i = 0; i < config->absent_count; i++)
		report_warning(report,
			       "%s: not there yet; its lines wait for it ('xfw sync' looks)",
			       config->absent[i].name);
}

int instance_check_no_trial(const struct instance *instance, struct report *report)
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

int instance_change(struct instance *instance, const struct config *config, struct report *report)
{
	struct change change = {.instance = instance, .config = config, .report = report};
	int error = instance_check_no_trial(instance, report);

	if (error)
		return error;
	error = read_now(&change);
	if (error) {
		add_to_error(report, "; nothing was changed");
		goto out;
	}
	for (size_t i = 0; !error && i < sizeof(steps) / sizeof(steps[0]); i++)
		error = steps[i](&change);
	if (error) {
		take_back(&change, error);
	} else {
		take_away(&change);
		listen_to_groups(&instance->pins, config, report);
	}
	warn_of_absent(config, report);
	warn_of_forwarding(config, report);
out:
	system_free(&change.system);
	kernel_routes_free(&change.routes);
	free(change.nat_before);
	return error;
}
