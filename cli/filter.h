/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which packets or flows one wants to see: --proto, --from, --to, --port and --rule, for every
 * command that lists or shows some.
 */
#ifndef XFW_FILTER_H
#define XFW_FILTER_H

#include "../maps/compile.h"
#include "command.h"
#include "ends.h"

struct filter {
	int protocol;	    /* 0 to 255, or PROTOCOL_ANY */
	struct prefix from; /* length 0 is any, as in struct rule */
	struct prefix to;
	struct port_range port; /* of either end; 0 to 0 is any */
	__u32 rule;		/* 0 is any */
	bool is_set;		/* something was asked for */
};

/*
 * The filter that the options of @invocation say, with the names of @running. An exit status, after
 * saying what is wrong.
 */
int filter_read(const struct invocation *invocation, const struct document *running,
		struct filter *filter);

bool filter_matches(const struct filter *filter, const struct ends *ends);

#endif
