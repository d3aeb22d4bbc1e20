/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv4 for guests, which the kernel's nftables translates: one table of xfw's own, replaced in
 * one transaction; no other table is ever touched.
 */
#ifndef XFW_NAT_H
#define XFW_NAT_H

#include "loader.h"

/*
 * Make the table say what @config does. *before: the table as it was, "" if there was none, for
 * nat_restore(), to be freed; NULL when nothing was changed. Returns 0 or -errno with the report.
 */
int nat_apply(const struct config *config, char **before, struct report *report);
/*
 * Put what @config says beside what is there, to act for @seconds: the kernel's own timer, no
 * process, ends it. A following nat_apply() makes one of the two stay. Returns like nat_apply().
 */
int nat_try(const struct config *config, unsigned int seconds, struct report *report);

void nat_restore(const char *before);
void nat_remove(void);

/* Every table of this network namespace as libnftables' JSON, to be freed; NULL without. */
char *nat_ruleset_json(void);

#endif
