/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an instance is, for the files of this room and the readers of its maps.
 */
#ifndef XFW_INSTANCE_H
#define XFW_INSTANCE_H

#include "../maps/generation.h"
#include "../maps/pins.h"
#include "loader.h"

enum { ADOPT_SECONDS = 300 }; /* connections older than xfw are taken on for so long */

struct instance {
	struct pins pins;
	int lock;		       /* descriptor of the locked directory */
	bool is_open;		       /* the pins are there and open */
	bool may_be_empty;	       /* the directory was made for an `up` that may not come */
	bool anew;		       /* pinned maps that cannot be used again are replaced */
	bool by_version;	       /* those are of another layout version */
	char loses[384];	       /* what goes with them, a sentence */
	struct generation_guard guard; /* may refuse the next change */
	unsigned int trial_seconds;    /* the next change is on trial for so long; 0: for good */
};

/* Make @config judge: all of it, or nothing and -errno with the report. See change.c. */
int instance_change(struct instance *instance, const struct config *config, struct report *report);

/* 0, or -EBUSY with the report while a change waits for confirmation. */
int instance_check_no_trial(const struct instance *instance, struct report *report);

/*
 * Solicitations go to a group for each address, which a NIC filters: with `ndp proxy` it must
 * take all groups. And no more where we made it so and @config (NULL: nobody) has no proxy.
 */
void listen_to_groups(const struct pins *pins, const struct config *config, struct report *report);
int listen_to_groups_no_more(const struct pins *pins, const struct config *config);

/* Let others change the instance; what is open stays open for reading. */
void instance_unlock(struct instance *instance);

/* A kernel that does not forward reaches no guest: say so, with the remedy. */
void warn_of_forwarding(const struct config *config, struct report *report);

#endif
