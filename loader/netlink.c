/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One request to the kernel and its answers, on libmnl.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_SIZE = 32768 }; /* what the kernel fills in a dump at most */

int netlink_talk(int protocol, struct nlmsghdr *request, mnl_cb_t callback, void *context)
{
	static unsigned int sequence;
	struct mnl_socket *socket = mnl_socket_open(protocol);
	unsigned int port;
	char *buffer;
	int result = -1;

	if (!socket)
		return -errno;
	buffer = malloc(ANSWER_SIZE);
	if (!buffer || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		goto out;
	port = mnl_socket_get_portid(socket);
	request->nlmsg_seq = ++sequence;
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		goto out;
	do {
		result = mnl_socket_recvfrom(socket, buffer, ANSWER_SIZE);
		if (result > 0)
			result = mnl_cb_run(buffer, result, sequence, port, callback, context);
	} while (result > MNL_CB_STOP);
out:
	result = result < 0 ? -errno : 0;
	free(buffer);
	mnl_socket_close(socket);
	return result;
}

int netlink_collect(const struct nlattr *attribute, void *context)
{
	const struct netlink_attributes *attributes = context;
	unsigned int type = mnl_attr_get_type(attribute);

	if (type <= attributes->limit)
		attributes->table[type] = attribute;
	return MNL_CB_OK;
}

/* ---- generic netlink's "netdev" family (Linux 6.3); its header is newer than Debian 12's ---- */

enum {
	NETDEV_FAMILY_VERSION = 1,
	NETDEV_COMMAND_GET = 1,
	NETDEV_ATTRIBUTE_IFINDEX = 1,
	NETDEV_ATTRIBUTE_XDP_FEATURES = 3,
};

static struct nlmsghdr *generic_request(char *buffer, int family, int command, int version)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic;

	request->nlmsg_type = family;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	generic = mnl_nlmsg_put_extra_header(request, sizeof(*generic));
	generic->cmd = command;
	generic->version = version;
	return request;
}

static int take_family(const struct nlmsghdr *answer, void *context)
{
	const struct nlattr *table[CTRL_ATTR_MAX + 1] = {};
	struct netlink_attributes attributes = {table, CTRL_ATTR_MAX};

	mnl_attr_parse(answer, sizeof(struct genlmsghdr), netlink_collect, &attributes);
	if (table[CTRL_ATTR_FAMILY_ID])
		*(int *)context = mnl_attr_get_u16(table[CTRL_ATTR_FAMILY_ID]);
	return MNL_CB_OK;
}

static int take_features(const struct nlmsghdr *answer, void *context)
{
	const struct nlattr *table[NETDEV_ATTRIBUTE_XDP_FEATURES + 1] = {};
	struct netlink_attributes attributes = {table, NETDEV_ATTRIBUTE_XDP_FEATURES};

	mnl_attr_parse(answer, sizeof(struct genlmsghdr), netlink_collect, &attributes);
	if (table[NETDEV_ATTRIBUTE_XDP_FEATURES])
		*(unsigned long long *)context =
			mnl_attr_get_u64(table[NETDEV_ATTRIBUTE_XDP_FEATURES]);
	return MNL_CB_OK;
}

int netlink_xdp_features(unsigned int ifindex, unsigned long long *features)
{
	char buffer[512] __attribute__((aligned(8)));
	struct nlmsghdr *request;
	int family = 0, error;

	request = generic_request(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, "netdev");
	error = netlink_talk(NETLINK_GENERIC, request, take_family, &family);
	if (error || !family)
		return error ?: -ENOENT;

	request = generic_request(buffer, family, NETDEV_COMMAND_GET, NETDEV_FAMILY_VERSION);
	mnl_attr_put_u32(request, NETDEV_ATTRIBUTE_IFINDEX, ifindex);
	*features = 0;
	return netlink_talk(NETLINK_GENERIC, request, take_features, features);
}
