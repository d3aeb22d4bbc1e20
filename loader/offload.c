/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ethtool's ioctls: the device's features as bits, whose names are a list of strings beside it.
 */
#include "offload.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int ask(const char *interface, void *command)
{
	struct ifreq request = {.ifr_data = command};
	int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result;

	if (handle < 0)
		return -1;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	result = ioctl(handle, SIOCETHTOOL, &request);
	close(handle);
	return result;
}

static __u32 feature_count(const char *interface)
{
	struct {
		struct ethtool_sset_info info;
		__u32 count;
	} set = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};

	return ask(interface, &set) || !set.info.sset_mask ? 0 : set.count;
}

/* The feature's place, @count when the kernel does not know it. */
static __u32 feature_place(const char *interface, const char *feature, __u32 count)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + count * ETH_GSTRING_LEN);
	__u32 place = count;

	if (!names)
		return count;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	if (!ask(interface, names))
		for (place = 0; place < count; place++)
			if (!strncmp((char *)names->data + place * ETH_GSTRING_LEN, feature,
				     ETH_GSTRING_LEN))
				break;
	free(names);
	return place;
}

enum offload_state offload_state(const char *interface, const char *feature)
{
	__u32 count = feature_count(interface), blocks = (count + 31) / 32;
	__u32 place = feature_place(interface, feature, count);
	struct ethtool_gfeatures *features;
	enum offload_state state = OFFLOAD_OFF;

	if (place == count)
		return OFFLOAD_OFF;
	features = calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	if (!features)
		return OFFLOAD_OFF;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	if (!ask(interface, features)) {
		const struct ethtool_get_features_block *block = &features->features[place / 32];
		__u32 bit = 1U << place % 32;

		/* As `ethtool -k` tells [fixed]: nothing can ask for another state. */
		if (block->active & bit)
			state = !(block->available & bit) || block->never_changed & bit
					? OFFLOAD_FIXED_ON
					: OFFLOAD_ON;
	}
	free(features);
	return state;
}

void offload_driver(const char *interface, char *driver, size_t size)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	snprintf(driver, size, "%s", ask(interface, &info) ? "" : info.driver);
}

/* What the kernel makes itself is on no bus; bridges and TUN say so in words. */
bool offload_is_card(const char *interface)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	return !ask(interface, &info) && info.bus_info[0] && strcmp(info.bus_info, "N/A") &&
	       strcmp(info.bus_info, "tun") && strcmp(info.bus_info, "tap");
}
