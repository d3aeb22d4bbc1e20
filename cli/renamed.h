/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interfaces that have another name since they were attached.
 */
#ifndef XFW_RENAMED_H
#define XFW_RENAMED_H

#include "../loader/instance.h"
#include "document.h"

/*
 * Programs follow an interface, a configuration its name: @config, which waits for the old name,
 * would take the program off. 0, or -EINVAL with the fault.
 */
int check_renamed(const struct instance *instance, const struct document *running,
		  const struct config *config, struct fault *fault);

#endif
