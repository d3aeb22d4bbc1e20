/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What on this machine stands in xfw's way, with the fix for each.
 */
#ifndef XFW_DOCTOR_H
#define XFW_DOCTOR_H

#include "../loader/config.h"
#include "../loader/system.h"

enum finding_state { FINDING_OK, FINDING_WARNING, FINDING_FAULT };

struct finding {
	const char *check;
	char subject[32]; /* an interface, or "" */
	enum finding_state state;
	char detail[192];
	char fix[192]; /* a command, or "" */
};

enum { FINDINGS_MAX = 256 };

struct findings {
	struct finding list[FINDINGS_MAX];
	size_t count;
};

/* Look at the machine and at the interfaces of @config. Changes nothing. */
void doctor_examine(const struct config *config, const struct system *system,
		    struct findings *findings);

#endif
