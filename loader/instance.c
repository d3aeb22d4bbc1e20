/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The order of every change, top to bottom: see loader.h. What each step does is elsewhere.
 */
#include "loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
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

/* ---- opening ---- */

/* Of whatever size another version's control is: the layout version stays where it is. */
static int read_layout(const struct pins *pins, __u32 *version)
{
	union {
		struct control control;
		__u8 bytes[4096];
	} value = {};
	__u32 zero = 0;

	if (bpf_map_lookup_elem(pins->maps[MAP_CONTROL], &zero, &value))
		return -errno;
	*version = value.control.layout_version;
	return 0;
}

#define ANEW                                                                                          \
	"tracked flows (TCP connections are taken on for five minutes), counters, a change on trial " \
	"and lines typed but not saved"

static int refuse_version(const struct pins *pins, __u32 version, struct report *report)
{
	report_error(report,
		     "%s: pinned by another version of xfw (map layout %u, this one has %d); 'xfw "
		     "up' with this one takes over and says before what is lost",
		     pins->directory, version, XFW_LAYOUT_VERSION);
	return -EPROTO;
}

static int refuse_missing(const struct pins *pins, const char *missing, int error,
			  struct report *report)
{
	const char *folder = pins_is_program(missing) ? "programs/" : "";

	if (error == -ENOENT)
		report_error(report,
			     "xfw is not up (%s/%s%s is missing); 'xfw up' starts or completes it",
			     pins->directory, folder, missing);
	else
		report_error(report, "%s/%s%s: %s", pins->directory, folder, missing,
			     strerror(-error));
	return error;
}

/* Maps of two makes would judge by parts of two policies: all of them new, or none. */
static void begin_anew(struct instance *instance, const char *missing)
{
	instance->anew = true;
	if (interfaces_any_attached(&instance->pins))
		snprintf(
			instance->loses, sizeof(instance->loses),
			"%s/%s was removed by hand, so that all maps are made anew; lost are " ANEW,
			instance->pins.directory, missing);
}

static void take_over(struct instance *instance, __u32 version)
{
	instance->anew = instance->by_version = true;
	snprintf(instance->loses, sizeof(instance->loses),
		 "%s: pinned by another version of xfw (map layout %u, this one has %d); to take "
		 "over loses " ANEW,
		 instance->pins.directory, version, XFW_LAYOUT_VERSION);
}

static int open_whole(struct instance *instance, enum instance_access access, struct report *report)
{
	__u32 version = 0;
	int error = read_layout(&instance->pins, &version);

	if (error) {
		report_error(report, "%s/control: %s", instance->pins.directory, strerror(-error));
		return error;
	}
	/* 0: an `up` was killed before it finished; the next one completes it. */
	if (version && version != XFW_LAYOUT_VERSION) {
		if (access != INSTANCE_CREATE)
			return refuse_version(&instance->pins, version, report);
		take_over(instance, version);
		pins_close(&instance->pins);
		return 0;
	}
	instance->is_open = true;
	/* A trial that ran out, views that a process died before renewing, names that changed. */
	if (access != INSTANCE_READ) {
		attach_xdp_renamed(&instance->pins);
		generation_settle(&instance->pins);
		generation_repin(&instance->pins);
	}
	return 0;
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
		return open_whole(instance, access, report);
	if (error != -ENOENT || access != INSTANCE_CREATE)
		return refuse_missing(&instance->pins, missing, error, report);
	/* The first up, one that a dead process left half done, or pins that somebody removed. */
	if (!pins_is_program(missing))
		begin_anew(instance, missing);
	return 0;
}

const char *instance_loses(const struct instance *instance, bool *by_version)
{
	*by_version = instance->by_version;
	return instance->loses[0] ? instance->loses : NULL;
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
	opened->may_be_empty = access == INSTANCE_CREATE;
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
	/* Only an empty one goes. */
	if (instance->may_be_empty)
		rmdir(instance->pins.directory);
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
		error = load_object(pins, &config->options, instance->anew, report);
	if (error) {
		if (first)
			directory_remove(pins->directory);
		return error;
	}
	instance->is_open = true;
	if (first || instance->anew)
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

/* Everything but XDP, which is known by its pins only. 0, or the first -errno. */
static int take_off_rest(const struct pins *pins)
{
	int tc = interfaces_detach_tc(NULL), groups = listen_to_groups_no_more(pins, NULL);
	int routes = kernel_routes_prune(NULL), nat = nat_remove();

	return tc ?: groups ?: routes ?: nat;
}

int instance_down(struct instance *instance, struct report *report)
{
	struct pins *pins = &instance->pins;
	int xdp = interfaces_detach_xdp(pins, NULL, report), rest = take_off_rest(pins);
	int error = xdp ?: rest;

	/* What could not be taken off stays known by its pins. */
	if (!error)
		error = directory_remove(pins->directory);
	if (error && !report->error[0])
		report_error(report, "%s: not everything could be taken off: %s; 'xfw down' again",
			     pins->directory, strerror(-error));
	return error;
}

int instance_down_unpinned(const char *pin_directory, bool force, struct report *report)
{
	unsigned int ifindex = interfaces_any_tc();
	char name[IF_NAMESIZE];
	struct pins pins;
	int error;

	if (!ifindex)
		return 0;
	pins_init(&pins, pin_directory);
	if (force) {
		error = take_off_rest(&pins);
		if (error)
			report_error(report, "not everything could be taken off: %s",
				     strerror(-error));
		return error;
	}
	report_error(
		report,
		"nothing is pinned in %s, but %s has a program of xfw's: its pins are "
		"elsewhere ('--pin-dir'), or went with a bpf filesystem that was unmounted; then "
		"'xfw up' makes it whole and 'xfw down --force' takes it off",
		pin_directory, if_indextoname(ifindex, name) ?: "an interface");
	return -ENOENT;
}
