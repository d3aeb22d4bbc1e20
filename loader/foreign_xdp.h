/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP programs that others attached.
 */
#ifndef XFW_FOREIGN_XDP_H
#define XFW_FOREIGN_XDP_H

#include <stdbool.h>

struct foreign_xdp {
	unsigned int program_id;
	unsigned int link_id; /* of the bpf_link that holds it, 0: none does */
	const char *mode;     /* as `ip link set dev IF xdp… off` wants it: xdpdrv, xdpgeneric */
	char program[16];
};

/* Is there one on the interface? To be asked when ours is not. */
bool foreign_xdp(unsigned int ifindex, struct foreign_xdp *foreign);

#endif
