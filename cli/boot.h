/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What to come up with when the file cannot be used at boot, and nobody is there to mend it.
 */
#ifndef XFW_BOOT_H
#define XFW_BOOT_H

/* Keep @config, which just came up, beside itself as the last good one. 0 or -errno. */
int boot_remember(const char *config);

/* The path of the last good one of @config, into @path. */
void boot_last_good(const char *config, char *path, int size);

#endif
