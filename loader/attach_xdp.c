/* SPDX-License-Identifier: GPL-2.0 */
/*
 * XDP in libxdp's dispatcher, where the kernel grants one: links/IFNAME is a directory then.
 * Else by a bpf_link of our own, pinned as links/IFNAME: it stays when the process goes, is
 * replaced atomically, and nobody else can replace it by mistake.
 */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../maps/layout.h"
#include "dispatcher.h"
#include "foreign_xdp.h"

/* The interface that a link holds; 0: its end left the link behind, bound to nothing. */
static unsigned int link_interface(int fd)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &length) ? 0 : info.xdp.ifindex;
}

/* The link pinned as links/@name if it holds this interface, else -1. */
static int link_open_at(const struct pins *pins, const char *name, unsigned int ifindex)
{
	int fd = pins_get(pins, "links", name);

	if (fd < 0)
		return -1;
	if (link_interface(fd) == ifindex)
		return fd;
	close(fd);
	return -1;
}

/* An interface renamed since keeps its link, pinned by the old name: see attach_xdp_renamed(). */
static int link_open(const struct pins *pins, const char *name, unsigned int ifindex)
{
	int fd = link_open_at(pins, name, ifindex);
	struct dirent *entry;
	char path[256];
	DIR *links;

	if (fd >= 0)
		return fd;
	pins_path(pins, NULL, "links", path, sizeof(path));
	links = opendir(path);
	while (links && fd < 0 && (entry = readdir(links)))
		fd = entry->d_name[0] == '.' ? -1 : link_open_at(pins, entry->d_name, ifindex);
	if (links)
		closedir(links);
	return fd;
}

/* Names may have been exchanged: then the pins are, too. True when something was moved. */
static bool link_follow(const struct pins *pins, const char *pinned)
{
	char name[IF_NAMESIZE], from[256], to[256];
	int fd = pins_get(pins, "links", pinned);
	unsigned int ifindex;

	if (fd < 0)
		return false;
	ifindex = link_interface(fd);
	close(fd);
	if (!ifindex || !if_indextoname(ifindex, name) || !strcmp(name, pinned))
		return false;
	pins_path(pins, "links", pinned, from, sizeof(from));
	pins_path(pins, "links", name, to, sizeof(to));
	return !renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) ||
	       !renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE);
}

static bool follow_one(const struct pins *pins)
{
	struct dirent *entry;
	bool moved = false;
	char path[256];
	DIR *links;

	pins_path(pins, NULL, "links", path, sizeof(path));
	links = opendir(path);
	while (links && !moved && (entry = readdir(links)))
		moved = entry->d_name[0] != '.' && link_follow(pins, entry->d_name);
	if (links)
		closedir(links);
	return moved;
}

/* Each move puts one pin where it belongs; a bound, should names change meanwhile. */
void attach_xdp_renamed(const struct pins *pins)
{
	for (int i = 0; i < XFW_INTERFACES_CAPACITY && follow_one(pins); i++)
		;
}

int attach_xdp_free(const struct xdp_place *place, struct report *report)
{
	struct foreign_xdp foreign;
	struct xdp_state state;

	attach_xdp_state(place->pins, place->name, place->ifindex, &state);
	if (state.program_id || !foreign_xdp(place->ifindex, &foreign))
		return 0;
	if (place->dispatcher && dispatcher_there(place->ifindex) && dispatcher_granted()) {
		if (dispatcher_permitted())
			return 0;
		report_error(report,
			     "%s: another XDP program is in a dispatcher there; to join it takes "
			     "CAP_SYS_ADMIN; nothing was changed",
			     place->name);
		return -EPERM;
	}
	if (!strcmp(foreign.program, program_names[place->program])) {
		report_error(report,
			     "%s: an xfw whose pins are not in %s is attached already; 'xfw "
			     "--pin-dir DIR down' takes it off, where its pins are; nothing was "
			     "changed",
			     place->name, place->pins->directory);
		return -EBUSY;
	}
	report_error(report,
		     "%s: another XDP program is attached: '%s', id %u; take it off first "
		     "(ip link set dev %s xdp off); nothing was changed",
		     place->name, foreign.program, foreign.program_id, place->name);
	return -EBUSY;
}

/* Is the failure the driver's, that generic mode would get around? */
static bool is_driver_refusal(int error)
{
	return error == -EOPNOTSUPP || error == -EINVAL || error == -ERANGE || error == -ENOMEM ||
	       error == -ENOSPC;
}

int attach_xdp_in_some_mode(attach_in_mode *attach, void *what, const struct xdp_place *place,
			    struct report *report)
{
	int done = attach(what, place, place->generic);

	if (place->generic || !is_driver_refusal(done))
		return done;
	if (place->require_native) {
		report_error(report,
			     "%s: its driver refuses native XDP (%s) and 'option require "
			     "native' is set",
			     place->name, strerror(-done));
		return done;
	}
	report_warning(report,
		       "%s: its driver refuses native XDP (%s): attached in GENERIC mode, "
		       "which is several times slower",
		       place->name, strerror(-done));
	return attach(what, place, true);
}

static int link_create(void *what, const struct xdp_place *place, bool generic)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(place->pins->programs[place->program], place->ifindex, BPF_XDP,
				 &opts);

	(void)what;
	return fd < 0 ? -errno : fd;
}

static int link_replace(int fd, const struct xdp_place *place, struct report *report)
{
	int error = bpf_link_update(fd, place->pins->programs[place->program], NULL) ? -errno : 0;

	if (error)
		report_error(report, "%s: cannot replace the program: %s", place->name,
			     strerror(-error));
	return error;
}

/*
 * At its name at once: under another one first, a process that dies in between would leave a link
 * there that nobody looks for. What is at its name holds no interface any more.
 */
static int link_pin(const struct xdp_place *place, int fd)
{
	char path[256];

	pins_path(place->pins, "links", place->name, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		return -errno;
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

static int link_new(const struct xdp_place *place, struct report *report)
{
	int fd = attach_xdp_in_some_mode(link_create, NULL, place, report), error;

	if (fd < 0) {
		if (!report->error[0])
			report_error(report, "%s: cannot attach %s: %s", place->name,
				     program_names[place->program], strerror(-fd));
		return fd;
	}
	error = link_pin(place, fd);
	if (error)
		report_error(report, "%s: cannot pin the link: %s", place->name, strerror(-error));
	close(fd);
	return error;
}

/* In the place of a link's pin: the interface's program is in a dispatcher. */
static int mark_dispatched(const struct xdp_place *place, struct report *report)
{
	char path[256];
	int error = 0;

	pins_path(place->pins, "links", place->name, path, sizeof(path));
	unlink(path);
	if (mkdir(path, 0700) && errno != EEXIST) {
		error = -errno;
		report_error(report, "%s: cannot be made: %s", path, strerror(-error));
	}
	return error;
}

static void unmark_dispatched(const struct xdp_place *place)
{
	char path[256];

	pins_path(place->pins, "links", place->name, path, sizeof(path));
	rmdir(path);
}

/* What is in a dispatcher stays there; else it is tried first. */
static bool wants_dispatcher(const struct xdp_place *place, struct report *report)
{
	struct xdp_state state;

	dispatcher_state(place->pins, place->ifindex, &state);
	if (state.program_id)
		return true;
	if (!place->dispatcher || !dispatcher_granted())
		return false;
	if (dispatcher_permitted())
		return true;
	report_warning(report,
		       "%s: attached by a link of xfw's own, beside which no other XDP program can "
		       "be: libxdp's dispatcher takes CAP_SYS_ADMIN ('option dispatcher off' asks "
		       "for the link)",
		       place->name);
	return false;
}

int attach_xdp(const struct xdp_place *place, struct report *report)
{
	int fd = link_open(place->pins, place->name, place->ifindex), error;

	/* A link of our own stays one: there is no step from it to a dispatcher. */
	if (fd >= 0) {
		error = link_replace(fd, place, report);
		close(fd);
		return error;
	}
	if (wants_dispatcher(place, report)) {
		/* First, so that what a dead process attached is found and taken off. */
		error = mark_dispatched(place, report);
		if (!error)
			error = dispatcher_attach(place, report);
		if (error != -EOPNOTSUPP)
			return error;
	}
	unmark_dispatched(place);
	return link_new(place, report);
}

int detach_xdp(const struct pins *pins, const char *name)
{
	struct stat there;
	char path[256];
	int fd, error = 0;

	pins_path(pins, "links", name, path, sizeof(path));
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		/* At once, whoever else holds the link. */
		bpf_link_detach(fd);
		close(fd);
		return unlink(path) ? -errno : 0;
	}
	if (stat(path, &there))
		return 0;
	if (!S_ISDIR(there.st_mode))
		return unlink(path) ? -errno : 0;
	if (if_nametoindex(name))
		error = dispatcher_detach(pins, if_nametoindex(name));
	if (error)
		return error;
	return rmdir(path) ? -errno : 0;
}

void attach_xdp_state(const struct pins *pins, const char *name, unsigned int ifindex,
		      struct xdp_state *state)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int fd = link_open(pins, name, ifindex);

	if (fd < 0) {
		dispatcher_state(pins, ifindex, state);
		return;
	}
	close(fd);
	*state = (struct xdp_state){.mode = "none", .held = ""};
	if (bpf_xdp_query(ifindex, 0, &query) || query.attach_mode == XDP_ATTACHED_NONE)
		return;
	state->mode = query.attach_mode == XDP_ATTACHED_SKB ? "generic" : "native";
	state->held = "own link";
	state->program_id = query.prog_id;
}
