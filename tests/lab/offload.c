/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Preloaded into xfw by test_doctor.py: a NIC that has the feature named in OFFLOAD turned on
 * (FIXED=1: for good). No device that a namespace can make has LRO; all else is the kernel's.
 */
#include <dlfcn.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static unsigned int place_of(const struct ethtool_gstrings *names, const char *feature)
{
	for (unsigned int i = 0; i < names->len; i++)
		if (!strcmp((const char *)names->data + i * ETH_GSTRING_LEN, feature))
			return i;
	abort(); /* the kernel knows no such feature: the test proves nothing */
}

int ioctl(int handle, unsigned long request, ...)
{
	static unsigned int place;
	int (*kernels)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	struct ethtool_gfeatures *features;
	struct ifreq *argument;
	va_list arguments;
	int result;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	result = kernels(handle, request, argument);
	if (request != SIOCETHTOOL || result)
		return result;
	features = (void *)argument->ifr_data;
	if (features->cmd == ETHTOOL_GSTRINGS)
		place = place_of((void *)features, getenv("OFFLOAD"));
	if (features->cmd == ETHTOOL_GFEATURES) {
		features->features[place / 32].active |= 1U << place % 32;
		if (!getenv("FIXED"))
			features->features[place / 32].available |= 1U << place % 32;
	}
	return result;
}
