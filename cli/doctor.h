/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What on this machine stands in xfw's way, with the fix for each.
 */
#ifndef XFW_DOCTOR_H
#define XFW_DOCTOR_H

#include "../loader/config.h"
#include "../loader/system.h"
#include "../maps/pins.h"

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

/* One machine, looked at. */
struct examination {
	const struct config *config;
	const struct system *system;
	const struct pins *pins; /* where xfw is, if it is up; nothing of it is open */
	struct findings *findings;
};

/* Look at the machine and at the interfaces of the configuration. Changes nothing. */
void doctor_examine(const struct examination *examination);

/* ---- for the files of checks ---- */

typedef void machine_check(const struct examination *examination);
typedef void interface_check(const struct examination *examination,
			     const struct interface_config *interface);

extern interface_check *const interface_checks[]; /* ends with NULL */

/* A new finding, to be described. */
struct finding *finding_note(const struct examination *examination, const char *check,
			     const char *subject, enum finding_state state);
void finding_say(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void finding_fix(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

enum { NO_SUCH_SETTING = -1 };

/* The number in a file of /proc/sys, NO_SUCH_SETTING when there is none. */
int doctor_setting(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
