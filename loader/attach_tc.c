/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tc programs on clsact, with a handle and priority of our own: replacing is one step, and a
 * filter is recognised as ours by its program's name.
 */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"

enum { OUR_HANDLE = 0x78, OUR_PRIORITY = 0x7866 }; /* "xf" */

static enum bpf_tc_attach_point side_of(enum program program)
{
	return program == PROGRAM_OUT ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

int attach_tc(const struct pins *pins, enum program program, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side_of(program));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = OUR_HANDLE, .priority = OUR_PRIORITY,
		    .prog_fd = pins->programs[program], .flags = BPF_TC_F_REPLACE);
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return error;
	return bpf_tc_attach(&hook, &opts);
}

static bool is_program_of_ours(unsigned int id, enum program program)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	bool ours;

	if (fd < 0)
		return false;
	ours = !bpf_obj_get_info_by_fd(fd, &info, &length) &&
	       !strcmp(info.name, program_names[program]);
	close(fd);
	return ours;
}

unsigned int attach_tc_program(enum program program, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side_of(program));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = OUR_HANDLE, .priority = OUR_PRIORITY);
	int error = bpf_tc_query(&hook, &opts);

	return !error && is_program_of_ours(opts.prog_id, program) ? opts.prog_id : 0;
}

int detach_tc(enum program program, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side_of(program));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = OUR_HANDLE, .priority = OUR_PRIORITY);
	int error;

	if (!attach_tc_program(program, ifindex))
		return 0;
	error = bpf_tc_detach(&hook, &opts);
	return error == -ENOENT ? 0 : error;
}

/* ---- the clsact qdisc, once nothing is in it any more ---- */

static int take_filter(const struct nlmsghdr *answer, void *context)
{
	(void)answer;
	*(bool *)context = true;
	return MNL_CB_OK;
}

static bool has_filters(unsigned int ifindex, unsigned int side)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *header;
	bool found = false;

	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->tcm_ifindex = ifindex;
	header->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
	/* Not to be told is to leave it alone. */
	return netlink_talk(NETLINK_ROUTE, request, take_filter, &found) || found;
}

void attach_tc_tidy(unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	if (!has_filters(ifindex, TC_H_MIN_INGRESS) && !has_filters(ifindex, TC_H_MIN_EGRESS))
		bpf_tc_hook_destroy(&hook);
}
