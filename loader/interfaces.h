/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs on all interfaces of a configuration.
 */
#ifndef XFW_INTERFACES_H
#define XFW_INTERFACES_H

#include "../maps/pins.h"
#include "loader.h"
#include "system.h"

/* Refuse interfaces on which somebody else's XDP program is. 0, or -errno with the report. */
int interfaces_check_free(const struct pins *pins, const struct config *config,
			  struct report *report);

/*
 * Attach what each role asks for, or replace ours by it. @on_trial: nothing that the old
 * configuration needs is taken off. 0, or -errno with the report.
 */
int interfaces_attach(const struct pins *pins, const struct config *config,
		      const struct system *system, bool on_trial, struct report *report);

/*
 * Take our programs off every interface that has no role, or another, in @config. NULL names
 * nothing. 0, or the last -errno with the report; as much as can be is taken off.
 */
int interfaces_detach_tc(const struct config *config);
int interfaces_detach_xdp(const struct pins *pins, const struct config *config,
			  struct report *report);

/* Index of an interface that has a tc program of ours, 0 when none has. */
unsigned int interfaces_any_tc(void);

bool interfaces_any_attached(const struct pins *pins);

#endif
