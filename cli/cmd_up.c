/* SPDX-License-Identifier: GPL-2.0 */
/*
 * up, also at boot, when nobody is there to mend a file; and down.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "../loader/interfaces.h"
#include "boot.h"
#include "command.h"
#include "rescue.h"
#include "signals.h"

static int up_with(const struct invocation *invocation, const char *path)
{
	return change_to_file(invocation, INSTANCE_CREATE, path, instance_up);
}

static int up_with_rescue(const struct invocation *invocation, bool as_asked)
{
	int rescue = rescue_open(invocation->config, as_asked), status;
	char path[64];

	if (rescue < 0)
		return say_error(invocation,
				 "up: no line of %s names a wan interface that is there, and there "
				 "is no network card: nothing is filtered",
				 invocation->config);
	fprintf(stderr, "xfw: RESCUE: closed but for %s\n",
		as_asked ? "what 'option rescue' says, or SSH to this host" : "SSH to this host");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", rescue);
	status = up_with(invocation, path);
	close(rescue);
	return status;
}

/* Does a filter judge, from before this command? A unit is restarted, too, and not only at boot. */
static bool is_judged(const struct invocation *invocation)
{
	struct report report = {};
	struct instance *instance;
	bool judged;

	if (instance_open(invocation->pin_directory, INSTANCE_READ, &instance, &report))
		return false;
	judged = interfaces_any_attached(&instance->pins);
	instance_close(instance);
	return judged;
}

/* At boot a file that cannot be used must leave the machine neither open nor out of reach. */
static int up_with_something(const struct invocation *invocation)
{
	char last_good[PATH_MAX];

	boot_last_good(invocation->config, last_good, sizeof(last_good));
	if (!access(last_good, R_OK)) {
		fprintf(stderr, "xfw: %s CANNOT BE USED; coming up with %s\n", invocation->config,
			last_good);
		if (!up_with(invocation, last_good))
			return EXIT_DONE;
	}
	/* The way in and nothing else, rather than nothing or everything. */
	return up_with_rescue(invocation, true) ? up_with_rescue(invocation, false) : EXIT_DONE;
}

int command_up(const struct invocation *invocation)
{
	int status, error;

	if (invocation->word_count > 1 || (invocation->boot && invocation->running))
		return say_usage(invocation);
	/* The programs of this xfw under the rules that run, whatever the file says by now. */
	if (invocation->running)
		return change_to_running(invocation, instance_up);
	status = up_with(invocation, invocation->config);
	if (status && invocation->boot && is_judged(invocation))
		return say_error(invocation, "up: %s CANNOT BE USED; what ran before goes on",
				 invocation->config);
	if (status && invocation->boot)
		return up_with_something(invocation);
	error = status || !invocation->boot ? 0 : boot_remember(invocation->config);
	if (error)
		fprintf(stderr,
			"xfw: warning: no copy of %s could be kept as the last good one: %s\n",
			invocation->config, strerror(-error));
	return status;
}

int command_down(const struct invocation *invocation)
{
	struct report report = {};
	struct instance *instance;
	sigset_t signals;
	int error;

	if (invocation->word_count > 1)
		return say_usage(invocation);
	/* What is half up or of another version must come down, too. */
	error = instance_open(invocation->pin_directory, INSTANCE_DOWN, &instance, &report);
	if (error == -ENOENT) {
		report.error[0] = '\0';
		error = instance_down_unpinned(invocation->pin_directory, invocation->force,
					       &report);
		return say_report(invocation, &report, error);
	}
	if (error)
		return say_report(invocation, &report, error);
	signals_hold(&signals);
	error = instance_down(instance, &report);
	instance_close(instance);
	signals_release(&signals);
	return say_report(invocation, &report, error);
}
