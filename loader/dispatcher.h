/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libxdp's dispatcher: a program that calls several others in turn, so that ours is not the only
 * one an interface can have. Ours runs early; what it passes, the next one sees.
 */
#ifndef XFW_DISPATCHER_H
#define XFW_DISPATCHER_H

#include "attach.h"

/* Does this kernel load the programs that a dispatcher takes (BPF_PROG_TYPE_EXT)? */
bool dispatcher_granted(void);

/*
 * May this process make or change one? libxdp opens programs, and libbpf their types, by their ids,
 * which takes CAP_SYS_ADMIN. Without it libxdp attaches a program that it then cannot look at.
 */
bool dispatcher_permitted(void);

/* Is the program on this interface a dispatcher, with room for one more? */
bool dispatcher_there(unsigned int ifindex);

/*
 * Put the program into the interface's dispatcher, or make one; replace ours there when it is of
 * an earlier `up`. Returns 0, -EOPNOTSUPP where it turns out that none is to be had, and nothing
 * was changed, or -errno with the report.
 */
int dispatcher_attach(const struct xdp_place *place, struct report *report);

/* Take ours out; the others stay. 0 when it is not there. */
int dispatcher_detach(const struct pins *pins, unsigned int ifindex);

/* Ours in the interface's dispatcher, or "none". */
void dispatcher_state(const struct pins *pins, unsigned int ifindex, struct xdp_state *state);

#endif
