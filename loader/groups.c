/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which multicast groups the WAN's NIC hands up: all of them where solicitations for guests are
 * to be answered.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "instance.h"

static int set_all_groups(unsigned int ifindex, bool on)
{
	int handle = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;
	struct ifreq request = {};

	if (handle < 0)
		return -errno;
	if (!if_indextoname(ifindex, request.ifr_name) || ioctl(handle, SIOCGIFFLAGS, &request)) {
		error = -errno;
	} else {
		request.ifr_flags =
			on ? request.ifr_flags | IFF_ALLMULTI : request.ifr_flags & ~IFF_ALLMULTI;
		if (ioctl(handle, SIOCSIFFLAGS, &request))
			error = -errno;
	}
	close(handle);
	return error;
}

static bool listens(const struct settings *settings, unsigned int ifindex)
{
	for (__u32 i = 0; i < settings->ndp_proxy_count; i++)
		if (!settings->ndp_proxies[i].ifindex ||
		    settings->ndp_proxies[i].ifindex == ifindex)
			return true;
	return false;
}

static bool should_listen(const struct config *config, unsigned int ifindex)
{
	for (size_t i = 0; i < config->ndp_proxy_count; i++)
		if (!config->ndp_proxies[i].ifindex || config->ndp_proxies[i].ifindex == ifindex)
			return true;
	return false;
}

void listen_to_groups(const struct config *config, const struct settings *before, bool on_trial,
		      struct report *report)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		const struct interface_config *interface = &config->interfaces[i];
		bool should = should_listen(config, interface->ifindex);
		int error = 0;

		if (interface->role != ROLE_WAN)
			continue;
		/* What the administrator switched on is not ours to switch off. */
		if (should || (!on_trial && listens(before, interface->ifindex)))
			error = set_all_groups(interface->ifindex, should);
		if (error)
			report_warning(report, "%s: cannot listen to all multicast groups: %s",
				       interface->name, strerror(-error));
	}
}

void listen_to_groups_no_more(const struct settings *before)
{
	for (__u32 i = 0; i < before->interface_count; i++)
		if (before->interfaces[i].role == ROLE_WAN &&
		    listens(before, before->interfaces[i].ifindex))
			set_all_groups(before->interfaces[i].ifindex, false);
}
