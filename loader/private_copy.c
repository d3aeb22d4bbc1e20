/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bpffs mounted anew in a mount namespace of one's own is a place to pin that nobody else sees, so
 * that loading is the same as for the running instance.
 */
#include "private_copy.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../maps/walk.h"
#include "attach.h"
#include "content.h"
#include "load.h"

#define BPFFS	       "/sys/fs/bpf"
#define COPY_DIRECTORY BPFFS "/xfw"

static int hide_bpffs(struct report *report)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", BPFFS, "bpf", 0, NULL) || mkdir(COPY_DIRECTORY, 0700)) {
		int error = -errno;

		report_error(report, "no %s of one's own to load a copy into: %s", BPFFS,
			     strerror(-error));
		return error;
	}
	return 0;
}

/* ---- policy ---- */

static int judge_by(struct pins *copy, const struct generation_content *content,
		    struct report *report)
{
	struct generation_staged staged;
	struct table_types types;
	enum table table;
	int error = load_types(&types, report);

	if (error)
		return error;
	error = generation_stage(copy, &types, content, &staged, &table);
	close(types.btf);
	if (error)
		return report_table(report, table_names[table], error);
	error = generation_switch(copy, &staged, 0, &(struct generation_guard){});
	if (error)
		report_error(report, "the copy cannot switch: %s", strerror(-error));
	generation_unstage(&staged);
	return error;
}

static int fill(struct pins *copy, const struct config *config, const struct system *system,
		struct report *report)
{
	struct content content;
	int error = content_make(config, system, &content);

	if (error)
		return report_compile(report, error);
	error = judge_by(copy, &content.content, report);
	content_free(&content);
	return error;
}

/* ---- what the learners know ---- */

struct carrying {
	int map;
	int error;
};

static void carry(const void *key, const void *value, void *context)
{
	struct carrying *carrying = context;

	if (bpf_map_update_elem(carrying->map, key, value, BPF_ANY))
		carrying->error = -errno;
}

static int carry_ports(const struct pins *live, const struct pins *copy, struct report *report)
{
	static const enum lasting_map maps[] = {MAP_PORTS, MAP_BRIDGE_PORTS, MAP_PORT_DEVICES};
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct carrying carrying = {.map = copy->maps[maps[i]]};

		error = map_walk(live->maps[maps[i]], carry, &carrying);
		/* A port that went meanwhile is in no device map any more. */
		if (!error && carrying.error != -ENODEV)
			error = carrying.error;
	}
	if (error)
		report_error(report, "what is known of bridge ports cannot be copied: %s",
			     strerror(-error));
	return error;
}

int private_copy(const struct config *config, const struct system *system, const struct pins *live,
		 struct pins *copy, struct report *report)
{
	int error;

	pins_init(copy, COPY_DIRECTORY);
	error = hide_bpffs(report);
	if (!error)
		error = load_object(copy, &config->options, false, report);
	if (!error)
		error = fill(copy, config, system, report);
	return error ?: carry_ports(live, copy, report);
}
