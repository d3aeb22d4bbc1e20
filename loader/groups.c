/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which multicast groups the WAN's NIC hands up: all of them where solicitations for guests are
 * to be answered.
 */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "instance.h"

/* The interface's flags into @request; @handle is any socket. */
static int ask_flags(int handle, unsigned int ifindex, struct ifreq *request)
{
	if (!if_indextoname(ifindex, request->ifr_name) || ioctl(handle, SIOCGIFFLAGS, request))
		return -errno;
	return 0;
}

static int ask_all_groups(unsigned int ifindex, bool *on)
{
	int handle = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
	struct ifreq request = {};

	if (handle < 0)
		return -errno;
	error = ask_flags(handle, ifindex, &request);
	*on = request.ifr_flags & IFF_ALLMULTI;
	close(handle);
	return error;
}

static int set_all_groups(unsigned int ifindex, bool on)
{
	int handle = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
	struct ifreq request = {};

	if (handle < 0)
		return -errno;
	error = ask_flags(handle, ifindex, &request);
	request.ifr_flags =
		on ? request.ifr_flags | IFF_ALLMULTI : request.ifr_flags & ~IFF_ALLMULTI;
	if (!error && ioctl(handle, SIOCSIFFLAGS, &request))
		error = -errno;
	close(handle);
	return error;
}

static bool should_listen(const struct config *config, unsigned int ifindex)
{
	for (size_t i = 0; i < config->ndp_proxy_count; i++)
		if (!config->ndp_proxies[i].ifindex || config->ndp_proxies[i].ifindex == ifindex)
			return true;
	return false;
}

/* ---- what we switched on: a directory groups/IFINDEX each, which outlives the process ---- */

static void note_path(const struct pins *pins, unsigned int ifindex, char *path, size_t size)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", ifindex);
	pins_path(pins, "groups", name, path, size);
}

/* Noted first: a process that dies in between has switched nothing on that nobody knows of. */
static int listen_on(const struct pins *pins, unsigned int ifindex)
{
	char path[256];
	bool on = false;
	int error = ask_all_groups(ifindex, &on);

	/* What the administrator switched on is not ours to switch off. */
	if (error || on)
		return error;
	pins_path(pins, NULL, "groups", path, sizeof(path));
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	note_path(pins, ifindex, path, sizeof(path));
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	return set_all_groups(ifindex, true);
}

static int listen_no_more(const struct pins *pins, unsigned int ifindex)
{
	int error = set_all_groups(ifindex, false);
	char path[256];

	if (error && error != -ENODEV && error != -ENXIO)
		return error;
	note_path(pins, ifindex, path, sizeof(path));
	return rmdir(path) ? -errno : 0;
}

void listen_to_groups(const struct pins *pins, const struct config *config, struct report *report)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		const struct interface_config *interface = &config->interfaces[i];
		int error = 0;

		if (interface->role == ROLE_WAN && should_listen(config, interface->ifindex))
			error = listen_on(pins, interface->ifindex);
		if (error)
			report_warning(report, "%s: cannot listen to all multicast groups: %s",
				       interface->name, strerror(-error));
	}
}

static bool is_wanted(const struct config *config, unsigned int ifindex)
{
	for (size_t i = 0; config && i < config->interface_count; i++)
		if (config->interfaces[i].ifindex == ifindex)
			return config->interfaces[i].role == ROLE_WAN &&
			       should_listen(config, ifindex);
	return false;
}

int listen_to_groups_no_more(const struct pins *pins, const struct config *config)
{
	struct dirent *entry;
	char path[256];
	DIR *notes;
	int error = 0;

	pins_path(pins, NULL, "groups", path, sizeof(path));
	notes = opendir(path);
	if (!notes)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(notes))) {
		unsigned int ifindex = strtoul(entry->d_name, NULL, 10);

		if (ifindex && !is_wanted(config, ifindex))
			error = listen_no_more(pins, ifindex) ?: error;
	}
	closedir(notes);
	return error;
}
