/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding out whose XDP program is in the way. Takes nothing off.
 */
#include "foreign_xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void read_name(unsigned int program_id, char *name, size_t size)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(program_id);

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &length))
		snprintf(name, size, "%s", info.name);
	else
		snprintf(name, size, "?");
	if (fd >= 0)
		close(fd);
}

static bool link_holds(unsigned int id, unsigned int ifindex, unsigned int program_id)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_link_get_fd_by_id(id);
	bool holds;

	if (fd < 0)
		return false;
	/* Other namespaces have the same indexes: the program tells them apart. */
	holds = !bpf_obj_get_info_by_fd(fd, &info, &length) && info.type == BPF_LINK_TYPE_XDP &&
		info.xdp.ifindex == ifindex && info.prog_id == program_id;
	close(fd);
	return holds;
}

static unsigned int find_link(unsigned int ifindex, unsigned int program_id)
{
	__u32 id = 0;

	while (!bpf_link_get_next_id(id, &id))
		if (link_holds(id, ifindex, program_id))
			return id;
	return 0;
}

bool foreign_xdp(unsigned int ifindex, struct foreign_xdp *foreign)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	memset(foreign, 0, sizeof(*foreign));
	if (bpf_xdp_query(ifindex, 0, &query) || query.attach_mode == XDP_ATTACHED_NONE)
		return false;
	foreign->mode = query.attach_mode == XDP_ATTACHED_SKB ? "xdpgeneric" : "xdpdrv";
	foreign->program_id =
		query.attach_mode == XDP_ATTACHED_SKB ? query.skb_prog_id : query.drv_prog_id;
	foreign->program_id = foreign->program_id ?: query.prog_id;
	read_name(foreign->program_id, foreign->program, sizeof(foreign->program));
	foreign->link_id = find_link(ifindex, foreign->program_id);
	return true;
}
