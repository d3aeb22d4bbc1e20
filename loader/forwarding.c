/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's forwarding switches: read and warned of, never turned.
 */
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "instance.h"

static bool is_off(const char *path)
{
	FILE *file = fopen(path, "re");
	int value = 1;

	if (!file)
		return false;
	if (fscanf(file, "%d", &value) != 1)
		value = 1;
	fclose(file);
	return value == 0;
}

void warn_of_forwarding(const struct config *config, struct report *report)
{
	static const __u8 ipv4_start[12] = {[10] = 0xff, [11] = 0xff};
	bool ipv4 = false, ipv6 = false;

	for (size_t i = 0; i < config->route_count; i++) {
		if (memcmp(config->routes[i].prefix.address.bytes, ipv4_start, sizeof(ipv4_start)))
			ipv6 = true;
		else
			ipv4 = true;
	}
	if (ipv6 && is_off("/proc/sys/net/ipv6/conf/all/forwarding"))
		report_warning(report, "the kernel does not forward IPv6, so no guest is reached: "
				       "sysctl -w net.ipv6.conf.all.forwarding=1");
	if (ipv4 && is_off("/proc/sys/net/ipv4/ip_forward"))
		report_warning(report, "the kernel does not forward IPv4, so no guest is reached: "
				       "sysctl -w net.ipv4.ip_forward=1");
}
