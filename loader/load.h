/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The programs and maps into the kernel and into bpffs. Attaches nothing.
 */
#ifndef XFW_LOAD_H
#define XFW_LOAD_H

#include "../maps/generation.h"
#include "config.h"
#include "loader.h"

/*
 * Load the embedded object. Maps that are pinned already are kept, with all that is in them;
 * programs are loaded anew and replace the pinned ones. With @anew no map is kept: what runs goes
 * on with the old ones until its program is replaced. Fills @pins.
 */
int load_object(struct pins *pins, const struct options *options, bool anew, struct report *report);

/*
 * The types of this xfw's tables, with which maps dump readably. The kernel has them already, but
 * gives them by their id to CAP_SYS_ADMIN only. @types->btf is the caller's to close.
 */
int load_types(struct table_types *types, struct report *report);

struct bpf_object;

/*
 * The embedded object on the pinned maps, not loaded yet, and with no program but one to load.
 * To be closed; NULL with the report.
 */
struct bpf_object *load_open_alone(const struct pins *pins, enum program program,
				   struct report *report);

#endif
