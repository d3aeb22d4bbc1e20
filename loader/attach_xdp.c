/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP by a bpf_link of our own, pinned as links/IFNAME: it stays when the process goes, is
 * replaced atomically, and nobody else can replace it by mistake.
 */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xdp/libxdp.h>

/* The pinned link if it still holds this interface, else -1; *stale tells of a dead one. */
static int link_open(const struct pins *pins, const char *name, unsigned int ifindex, bool *stale)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);
	char path[256];
	int fd;

	*stale = false;
	pins_path(pins, "links", name, path, sizeof(path));
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -1;
	/* The interface's end leaves the link behind, bound to nothing. */
	if (bpf_obj_get_info_by_fd(fd, &info, &length) || info.xdp.ifindex != ifindex) {
		*stale = true;
		close(fd);
		return -1;
	}
	return fd;
}

/* Its name, "?" where the kernel does not give it: that takes CAP_SYS_ADMIN. */
static void foreign_name(unsigned int ifindex, char *name, size_t size)
{
	struct xdp_multiprog *foreign = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *program;

	snprintf(name, size, "?");
	if (libxdp_get_error(foreign) || !foreign)
		return;
	program = xdp_multiprog__main_prog(foreign);
	if (program)
		snprintf(name, size, "%s", xdp_program__name(program));
	xdp_multiprog__close(foreign);
}

int attach_xdp_free(const struct pins *pins, const char *name, unsigned int ifindex,
		    struct report *report)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	char program[64];
	bool stale;
	int fd = link_open(pins, name, ifindex, &stale);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (bpf_xdp_query(ifindex, 0, &query) || query.attach_mode == XDP_ATTACHED_NONE)
		return 0;
	foreign_name(ifindex, program, sizeof(program));
	report_error(report,
		     "%s: another XDP program is attached: '%s', id %u; take it off first "
		     "(ip link set dev %s xdp off); nothing was changed",
		     name, program, query.prog_id, name);
	return -EBUSY;
}

static int link_create(int program, unsigned int ifindex, __u32 mode)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode);
	int fd = bpf_link_create(program, ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

/* Is the failure the driver's, that generic mode would get around? */
static bool is_driver_refusal(int error)
{
	return error == -EOPNOTSUPP || error == -EINVAL || error == -ENOTSUP || error == -ERANGE ||
	       error == -ENOMEM || error == -ENOSPC;
}

static int link_new(const struct pins *pins, enum program program, const char *name,
		    unsigned int ifindex, bool generic, bool require_native, struct report *report)
{
	int prog = pins->programs[program], fd;

	fd = link_create(prog, ifindex, generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	if (!generic && is_driver_refusal(fd)) {
		if (require_native) {
			report_error(report,
				     "%s: its driver refuses native XDP (%s) and 'option require "
				     "native' is set",
				     name, strerror(-fd));
			return fd;
		}
		report_warning(report,
			       "%s: its driver refuses native XDP (%s): attached in GENERIC mode, "
			       "which is several times slower",
			       name, strerror(-fd));
		fd = link_create(prog, ifindex, XDP_FLAGS_SKB_MODE);
	}
	if (fd < 0)
		report_error(report, "%s: cannot attach %s: %s", name, program_names[program],
			     strerror(-fd));
	return fd;
}

int attach_xdp(const struct pins *pins, enum program program, const char *name,
	       unsigned int ifindex, bool generic, bool require_native, struct report *report)
{
	bool stale;
	int fd = link_open(pins, name, ifindex, &stale), error;

	if (fd >= 0) {
		error = bpf_link_update(fd, pins->programs[program], NULL) ? -errno : 0;
		close(fd);
		if (error)
			report_error(report, "%s: cannot replace the program: %s", name,
				     strerror(-error));
		return error;
	}
	fd = link_new(pins, program, name, ifindex, generic, require_native, report);
	if (fd < 0)
		return fd;
	error = pins_replace(pins, "links", name, fd);
	if (error)
		report_error(report, "%s: cannot pin the link: %s", name, strerror(-error));
	close(fd);
	return error;
}

int detach_xdp(const struct pins *pins, const char *name)
{
	char path[256];
	int fd, error = 0;

	pins_path(pins, "links", name, path, sizeof(path));
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		/* At once, whoever else holds the link. */
		bpf_link_detach(fd);
		close(fd);
	}
	if (unlink(path) && errno != ENOENT)
		error = -errno;
	return error;
}

const char *attach_xdp_mode(const struct pins *pins, const char *name, unsigned int ifindex,
			    unsigned int *program_id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	bool stale;
	int fd = link_open(pins, name, ifindex, &stale);

	*program_id = 0;
	if (fd < 0)
		return "none";
	close(fd);
	if (bpf_xdp_query(ifindex, 0, &query))
		return "none";
	*program_id = query.prog_id;
	switch (query.attach_mode) {
	case XDP_ATTACHED_DRV:
	case XDP_ATTACHED_HW:
		return "native";
	case XDP_ATTACHED_SKB:
		return "generic";
	}
	return "none";
}
