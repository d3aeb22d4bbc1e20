/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tc programs on clsact, with a handle and priority of our own: replacing is one step.
 */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- recognising ours: by place and by the name that libbpf gives a filter, "xfw_out:[id]" ---- */

struct search {
	const char *program;
	unsigned int id;
};

static int take_ours(const struct nlmsghdr *answer, void *context)
{
	const struct tcmsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[TCA_MAX + 1] = {}, *filter[TCA_BPF_MAX + 1] = {};
	struct netlink_attributes attributes = {table, TCA_MAX};
	struct netlink_attributes filter_attributes = {filter, TCA_BPF_MAX};
	struct search *search = context;
	size_t length = strlen(search->program);
	const char *name;

	/* Priority and protocol share a word. */
	if (header->tcm_handle != OUR_HANDLE || header->tcm_info >> 16 != OUR_PRIORITY)
		return MNL_CB_OK;
	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	if (!table[TCA_OPTIONS])
		return MNL_CB_OK;
	mnl_attr_parse_nested(table[TCA_OPTIONS], netlink_collect, &filter_attributes);
	if (!filter[TCA_BPF_NAME] || !filter[TCA_BPF_ID])
		return MNL_CB_OK;
	name = mnl_attr_get_str(filter[TCA_BPF_NAME]);
	if (!strncmp(name, search->program, length) && name[length] == ':')
		search->id = mnl_attr_get_u32(filter[TCA_BPF_ID]);
	return MNL_CB_OK;
}

static int dump_filters(unsigned int ifindex, unsigned int side, mnl_cb_t callback, void *context)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *header;

	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->tcm_ifindex = ifindex;
	header->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
	return netlink_talk(NETLINK_ROUTE, request, callback, context);
}

/* Its id, 0 when there is none, or -errno. */
static int ask_program(enum program program, unsigned int ifindex)
{
	struct search search = {program_names[program], 0};
	bool out = side_of(program) == BPF_TC_EGRESS;
	int error =
		dump_filters(ifindex, out ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS, take_ours, &search);

	return error ?: (int)search.id;
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

/* Filters of others. Not to be told is to leave them alone. */
static bool has_foreign(unsigned int ifindex, unsigned int side)
{
	bool found = false;

	return dump_filters(ifindex, side, take_foreign, &found) || found;
}

static bool is_alone(enum program program, unsigned int ifindex)
{
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
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = RTM_GETQDISC;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(request, sizeof(struct tcmsg));
	*places = (struct tc_places){};
	return netlink_talk(NETLINK_ROUTE, request, take_clsact, places);
}
