/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a resolved configuration and the system's present state to what a generation holds.
 * Pure but for memory: no system calls.
 */
#ifndef XFW_CONTENT_H
#define XFW_CONTENT_H

#include "../maps/generation.h"
#include "loader.h"
#include "system.h"

/* Owns what its `content` points to, besides the configuration's text. */
struct content {
	struct settings settings;
	struct policy_tables policy;
	struct route_row *routes;
	struct rule_row *rules;
	struct generation_content content;
};

/* 0, -ENOMEM, -E2BIG or -ENOSPC: see policy_compile(). */
int content_make(const struct config *config, const struct system *system, struct content *content);
void content_free(struct content *content);

/* Why rules do not compile, or their tables cannot be made. Both return @error. */
int report_compile(struct report *report, int error);
int report_table(struct report *report, const char *table, int error);

#endif
