/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pin directory: made, locked, removed. Its lock is what keeps two xfw processes apart.
 */
#ifndef XFW_DIRECTORY_H
#define XFW_DIRECTORY_H

#include <stdbool.h>

#include "loader.h"

/*
 * Lock @directory (making it and mounting bpffs first with @create), waiting for whoever holds
 * it. Returns a descriptor that holds the lock until closed, or -errno with the report filled.
 */
int directory_lock(const char *directory, bool create, bool exclusive, struct report *report);

/* Remove the pins in @directory, and leave its directories. None, or no directory, is fine. */
int directory_unpin(const char *directory);

/* Remove every pin in @directory and itself. */
int directory_remove(const char *directory);

#endif
