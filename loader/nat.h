/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv4 for guests, which the kernel's nftables translates: one table of xfw's own, replaced in
 * one transaction; no other table is ever touched.
 */
#ifndef XFW_NAT_H
#define XFW_NAT_H

#include "loader.h"

/*
 * Before the policy switches: put what @config says beside what is there, which comes first. A
 * process that dies now leaves no translation missing. *before: the table as it was, "" if there
 * was none, for the calls below, to be freed. Returns 0 or -errno with the report.
 */
int nat_widen(const struct config *config, char **before, struct report *report);

/* After: let it say what @config does and nothing else. */
int nat_settle(const struct config *config, const char *before, struct report *report);

/*
 * Instead of the two: what @config says acts for @seconds and then what was there; the kernel's
 * own timer, no process, ends it. A following change makes one of the two stay.
 */
int nat_try(const struct config *config, unsigned int seconds, char **before,
	    struct report *report);

/* The table as it was. 0 or -errno. */
int nat_restore(const char *before);
int nat_remove(void);

/* Every table of this network namespace as libnftables' JSON, to be freed; NULL without. */
char *nat_ruleset_json(void);

#endif
