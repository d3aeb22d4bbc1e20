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

int instance_up(struct instance *instance, const struct config *config, struct report *report)
{
	struct pins *pins = &instance->pins;
	bool first = !interfaces_any_attached(pins);
	int error;

	/* Before the programs are replaced, not after. */
	if (instance->is_open && instance_check_no_trial(instance, report))
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
	error = instance_change(instance, config, report);
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

	return error ?: instance_change(instance, config, report);
}

int instance_down(struct instance *instance, struct report *report)
{
	struct pins *pins = &instance->pins;
	int xdp = interfaces_detach_xdp(pins, NULL, report), tc = interfaces_detach_tc(NULL);
	int groups = listen_to_groups_no_more(pins, NULL), routes = kernel_routes_prune(NULL);
	int nat = nat_remove(), error = xdp ?: tc ?: groups ?: routes ?: nat;

	/* What could not be taken off stays known by its pins. */
	if (!error)
		error = directory_remove(pins->directory);
	if (error && !report->error[0])
		report_error(report, "%s: not everything could be taken off: %s; 'xfw down' again",
			     pins->directory, strerror(-error));
	return error;
}
