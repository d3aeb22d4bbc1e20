/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A configuration beside the one that judges: its tables in the free slot, where the programs can
 * be asked about them and never look by themselves. The next change takes the slot over.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../maps/slots.h"
#include "attach.h"
#include "content.h"
#include "instance.h"
#include "load.h"
#include "system.h"

static int put_beside(struct instance *instance, const struct generation_content *content,
		      struct report *report)
{
	struct pins *pins = &instance->pins;
	struct generation_staged staged;
	struct table_types types;
	enum table table;
	int error = load_types(&types, report);

	if (error)
		return error;
	error = generation_stage(pins, &types, content, &staged, &table);
	close(types.btf);
	if (error)
		return report_table(report, table_names[table], error);
	error = slots_put(pins, staged.tables, (generation_current(pins) + 1) & 1);
	if (error)
		report_error(report, "the tables cannot be put beside the running ones: %s",
			     strerror(-error));
	generation_unstage(&staged);
	return error;
}

int instance_shadow(struct instance *instance, const struct config *config, struct report *report)
{
	struct content content;
	struct system system;
	/* On trial, the other slot is the way back. */
	int error = instance_check_no_trial(instance, report);

	if (error)
		return error;
	error = system_read(&system);
	if (error) {
		report_error(report, "the system's links cannot be read: %s", strerror(-error));
		return error;
	}
	error = content_make(config, &system, &content);
	if (error) {
		report_compile(report, error);
	} else {
		error = put_beside(instance, &content.content, report);
		content_free(&content);
	}
	system_free(&system);
	return error;
}
