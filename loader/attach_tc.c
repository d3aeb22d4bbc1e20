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
#include <stdlib.h>
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

/* 1: it is. 0: another's, or gone meanwhile. */
static int is_program_of_ours(unsigned int id, enum program program)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id), ours;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ours = bpf_obj_get_info_by_fd(fd, &info, &length)
		       ? -errno
		       : !strcmp(info.name, program_names[program]);
	close(fd);
	return ours;
}

/* Its id, 0 when there is none, or -errno. */
static int ask_program(enum program program, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side_of(program));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = OUR_HANDLE, .priority = OUR_PRIORITY);
	int error = bpf_tc_query(&hook, &opts), ours;

	/* EINVAL: there is no clsact qdisc; ENODEV: no such interface any more. */
	if (error)
		return error == -ENOENT || error == -EINVAL || error == -ENODEV ? 0 : error;
	ours = is_program_of_ours(opts.prog_id, program);
	return ours > 0 ? (int)opts.prog_id : ours;
}

unsigned int attach_tc_program(enum program program, unsigned int ifindex)
{
	int id = ask_program(program, ifindex);

	return id > 0 ? id : 0;
}

/* ---- off again, with the clsact qdisc once nothing else is in it ---- */

static int take_foreign(const struct nlmsghdr *answer, void *context)
{
	const struct tcmsg *header = mnl_nlmsg_get_payload(answer);

	*(bool *)context |= header->tcm_info >> 16 != OUR_PRIORITY;
	return MNL_CB_OK;
}

static struct nlmsghdr *tc_dump(char *buffer, int type, struct tcmsg **header)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	*header = mnl_nlmsg_put_extra_header(request, sizeof(**header));
	return request;
}

/* Filters of others. */
static bool has_foreign(unsigned int ifindex, unsigned int side)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct tcmsg *header;
	struct nlmsghdr *request = tc_dump(buffer, RTM_GETTFILTER, &header);
	bool found = false;

	header->tcm_ifindex = ifindex;
	header->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
	return netlink_talk(NETLINK_ROUTE, request, take_foreign, &found) || found;
}

static bool is_alone(enum program program, unsigned int ifindex)
{
	/* Not to be told is to leave the qdisc alone. */
	bool other_side = program == PROGRAM_OUT ? ask_program(PROGRAM_IN, ifindex) ||
							   ask_program(PROGRAM_PORT, ifindex)
						 : ask_program(PROGRAM_OUT, ifindex);

	return !other_side && !has_foreign(ifindex, TC_H_MIN_INGRESS) &&
	       !has_foreign(ifindex, TC_H_MIN_EGRESS);
}

/* One step either way: a process that dies leaves no empty qdisc behind. */
int detach_tc(enum program program, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = side_of(program));
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = OUR_HANDLE, .priority = OUR_PRIORITY);
	int error = ask_program(program, ifindex);

	if (error <= 0)
		return error;
	if (is_alone(program, ifindex)) {
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		error = bpf_tc_hook_destroy(&hook);
	} else {
		error = bpf_tc_detach(&hook, &opts);
	}
	return error == -ENOENT ? 0 : error;
}

/* ---- where there may be filters at all ---- */

static int take_clsact(const struct nlmsghdr *answer, void *context)
{
	const struct tcmsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[TCA_MAX + 1] = {};
	struct netlink_attributes attributes = {table, TCA_MAX};
	struct tc_places *places = context;
	unsigned int *longer;

	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	if (!table[TCA_KIND] || strcmp(mnl_attr_get_str(table[TCA_KIND]), "clsact"))
		return MNL_CB_OK;
	longer = reallocarray(places->ifindexes, places->count + 1, sizeof(*longer));
	if (!longer)
		return MNL_CB_ERROR;
	places->ifindexes = longer;
	places->ifindexes[places->count++] = header->tcm_ifindex;
	return MNL_CB_OK;
}

int attach_tc_places(struct tc_places *places)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct tcmsg *header;
	struct nlmsghdr *request = tc_dump(buffer, RTM_GETQDISC, &header);

	*places = (struct tc_places){};
	return netlink_talk(NETLINK_ROUTE, request, take_clsact, places);
}
