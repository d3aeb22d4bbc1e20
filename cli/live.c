// SPDX-License-Identifier: GPL-2.0
/*
 * Read anew when the generation number moved: a look at a mapped word otherwise.
 */
#include "live.h"

#include "resolve.h"

/* Names of rules are of use without it, so that it fails is no fault. */
static void find_meaning(struct live *live)
{
	struct faults faults = {};
	struct system system;

	if (system_read_for(&live->running, &system))
		return;
	if (resolve(&live->running, &system, &live->config, &faults))
		config_free(&live->config);
	system_free(&system);
}

int live_keep_up(struct live *live)
{
	__u32 generation = generation_current(live->pins);
	struct instance *instance;
	int status;

	if (live->generation == generation)
		return EXIT_DONE;
	instance = open_running(live->invocation, INSTANCE_READ);
	if (!instance)
		return EXIT_REFUSED;
	live_free(live);
	status = read_running(live->invocation, instance, &live->running);
	instance_close(instance);
	if (!status)
		find_meaning(live);
	live->generation = generation;
	return status;
}

void live_free(struct live *live)
{
	document_free(&live->running);
	config_free(&live->config);
}
