/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One request to the kernel and its answers, on libmnl. No state between calls.
 */
#ifndef XFW_NETLINK_H
#define XFW_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

/*
 * Send @request (in a buffer of MNL_SOCKET_BUFFER_SIZE or more) on a socket of @protocol and
 * hand every answer to @callback, which may be NULL. Returns 0 or the kernel's -errno.
 */
int netlink_talk(int protocol, struct nlmsghdr *request, mnl_cb_t callback, void *context);

/* Keep @attribute in the table @context (of @limit + 1 pointers) by its type. */
struct netlink_attributes {
	const struct nlattr **table;
	unsigned int limit;
};
int netlink_collect(const struct nlattr *attribute, void *context);

/* The bytes of one network interface's XDP features, or -errno; -ENOENT before Linux 6.3. */
int netlink_xdp_features(unsigned int ifindex, unsigned long long *features);

#endif
