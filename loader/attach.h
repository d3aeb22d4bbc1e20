/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs onto interfaces and off again. Every attachment outlives the process: XDP through a
 * pinned link, tc through the filter itself.
 */
#ifndef XFW_ATTACH_H
#define XFW_ATTACH_H

#include "../maps/pins.h"
#include "loader.h"

/* Which XDP program goes where, and how. */
struct xdp_place {
	const struct pins *pins;
	enum program program;
	const char *name;
	unsigned int ifindex;
	bool generic;	     /* SKB mode, for devices that know no other */
	bool require_native; /* else a driver's refusal means generic mode, with a warning */
	bool dispatcher;     /* in libxdp's, beside others' programs, where the kernel grants it */
};

/* What of ours is there. */
struct xdp_state {
	const char *mode; /* "native", "generic", or "none" */
	const char *held; /* by what: "own link", "dispatcher", or "" */
	unsigned int program_id;
};

/* Attach an XDP program, or replace ours by it with no moment of neither. */
int attach_xdp(const struct xdp_place *place, struct report *report);

/* Take ours off; nothing there is fine. */
int detach_xdp(const struct pins *pins, const char *name);

/* Refuse an interface whose XDP program leaves no room for ours: 0, or -EBUSY with the reason. */
int attach_xdp_free(const struct xdp_place *place, struct report *report);

/* Pins have the names of their interfaces: put those of interfaces renamed since in their places. */
void attach_xdp_renamed(const struct pins *pins);

void attach_xdp_state(const struct pins *pins, const char *name, unsigned int ifindex,
		      struct xdp_state *state);

/*
 * The order of modes: native, unless the place wants generic, and generic when the driver refuses.
 * @attach does it, in the mode it is given; what it returns, 0 or more when done, is returned.
 */
typedef int attach_in_mode(void *what, const struct xdp_place *place, bool generic);
int attach_xdp_in_some_mode(attach_in_mode *attach, void *what, const struct xdp_place *place,
			    struct report *report);

/* The tc programs: egress for PROGRAM_OUT, ingress for all others. */
int attach_tc(const struct pins *pins, enum program program, unsigned int ifindex);
/* With the clsact qdisc if nobody else has a filter on it. Nothing there is fine. */
int detach_tc(enum program program, unsigned int ifindex);
/* Id of our filter's program, 0 when there is none. */
unsigned int attach_tc_program(enum program program, unsigned int ifindex);

/* Interfaces with a clsact qdisc, whoever made it; ifindexes to be freed. 0 or -errno. */
struct tc_places {
	unsigned int *ifindexes;
	size_t count;
};
int attach_tc_places(struct tc_places *places);

void report_error(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void report_warning(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
