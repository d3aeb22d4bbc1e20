/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a resolved configuration to a running filter, and back. The only room that attaches.
 * It prints nothing: what a person should read goes to the struct report.
 *
 * Order of every change: stage new tables beside the judging ones, verify them, attach what is
 * not attached yet, switch by one store, then tidy up. A process killed in between leaves either
 * the old generation or the new one judging.
 */
#ifndef XFW_LOADER_H
#define XFW_LOADER_H

#include <stdbool.h>

#include "config.h"

struct instance; /* a pin directory, locked, with its maps open */

/* What went wrong, and what should be known though it did not. One line each, no newline. */
struct report {
	char error[512];
	char warnings[8][256];
	size_t warning_count;
};

enum instance_access {
	INSTANCE_READ,	 /* shared lock; fails with -ENOENT when nothing is up */
	INSTANCE_CHANGE, /* exclusive lock; fails with -ENOENT when nothing is up */
	INSTANCE_CREATE, /* exclusive lock; makes the directory, mounts bpffs where it must */
	INSTANCE_DOWN,	 /* exclusive lock; whatever is there, half up or of another version */
};

/*
 * Open the instance pinned in @pin_directory, waiting for other xfw processes that change it.
 * Returns 0, or -errno with @report->error set:
 * -ENOENT nothing is up there; -EPERM not root; -EPROTO another layout version is pinned, which
 * INSTANCE_CREATE takes over.
 */
int instance_open(const char *pin_directory, enum instance_access access,
		  struct instance **instance, struct report *report);
void instance_close(struct instance *instance);

/*
 * What an instance_up() would lose, besides what a person wants to lose: a sentence, or NULL for
 * nothing. *by_version: because another version's maps are pinned, which is not to be done unasked.
 */
const char *instance_loses(const struct instance *instance, bool *by_version);

/* The running configuration's text, NUL-terminated, to be freed; NULL before the first up. */
int instance_config_text(struct instance *instance, char **text, struct report *report);

/*
 * Load programs and maps if they are not (or replace programs, keeping maps: an upgrade), make
 * @config the judging generation and attach every interface. Idempotent. INSTANCE_CREATE.
 */
int instance_up(struct instance *instance, const struct config *config, struct report *report);

/*
 * The next instance_apply() is on trial: when instance_confirm() does not come within @seconds,
 * the old policy judges again, with no process involved. Until then nothing is taken away that
 * the old one needs.
 */
void instance_try(struct instance *instance, unsigned int seconds);

/* End a trial. Returns 0, or -ENOENT with the report when nothing is on trial. */
int instance_confirm(struct instance *instance, struct report *report);
int instance_rollback(struct instance *instance, struct report *report);

/* Make @config the judging generation; attach and detach what its interfaces ask for. */
int instance_apply(struct instance *instance, const struct config *config, struct report *report);

/*
 * Put @config beside the judging generation, as the number after it: it can be asked about
 * (explain_frame) until the next change, and judges nothing. Refused while a change is on trial.
 */
int instance_shadow(struct instance *instance, const struct config *config, struct report *report);

/* Detach everything, remove pins and kernel routes of ours. */
int instance_down(struct instance *instance, struct report *report);

/*
 * The same where nothing is pinned and XDP went with the pins: take off what else is on this
 * machine with @force, or tell of it. 0, or -errno with the report.
 */
int instance_down_unpinned(const char *pin_directory, bool force, struct report *report);

#endif
