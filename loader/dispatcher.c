/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A dispatcher is never changed: each change builds another with the programs that are to be in
 * it and exchanges the two in one step. What is pinned for it is libxdp's, and its directory says
 * what is in there; ours is the program that uses our maps.
 */
#include "dispatcher.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "load.h"

/* libxdp's default is 50, and those who filter take 10: nothing may be seen before it is judged. */
enum { RUN_PRIORITY = 5 };

/* SEATS: what a dispatcher has (MAX_DISPATCHER_ACTIONS). */
enum { SEATS = 10, MAPS_LOOKED_AT = 64 };

/* The last thing libxdp or libbpf complained of. */
static char complaint[256];

static int remember(const char *format, va_list arguments)
{
	vsnprintf(complaint, sizeof(complaint), format, arguments);
	complaint[strcspn(complaint, "\n")] = '\0';
	return 0;
}

static int remember_libxdp(enum libxdp_print_level level, const char *format, va_list arguments)
{
	return level == LIBXDP_WARN ? remember(format, arguments) : 0;
}

static int remember_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? remember(format, arguments) : 0;
}

bool dispatcher_granted(void)
{
	return libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 1;
}

bool dispatcher_permitted(void)
{
	__u32 id = 0;

	/* The first id of all asks for what opening one asks for. */
	return !bpf_prog_get_next_id(0, &id) || errno != EPERM;
}

/* ---- what is there, read from the pins: libxdp needs CAP_SYS_ADMIN to look ---- */

/* Where libxdp pins what is in the interface's dispatcher; false: there is none. */
static bool folder_of(unsigned int ifindex, char *folder, size_t size, const char **mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct stat there;

	if (bpf_xdp_query(ifindex, 0, &query) || query.attach_mode == XDP_ATTACHED_NONE)
		return false;
	*mode = query.attach_mode == XDP_ATTACHED_SKB ? "generic" : "native";
	snprintf(folder, size, "/sys/fs/bpf/xdp/dispatch-%u-%u", ifindex, query.prog_id);
	return !stat(folder, &there) && S_ISDIR(there.st_mode);
}

bool dispatcher_there(unsigned int ifindex)
{
	const char *mode;
	char folder[64];

	return folder_of(ifindex, folder, sizeof(folder), &mode);
}

static __u32 control_map_id(const struct pins *pins)
{
	/* By its pin: what is half up, or of another version, is taken off as well. */
	int fd = pins_get(pins, NULL, map_names[MAP_CONTROL]);
	__u32 id = 0;

	if (fd >= 0) {
		id = pins_map_id(fd);
		close(fd);
	}
	return id;
}

static bool uses_map(int program, __u32 map_id)
{
	__u32 ids[MAPS_LOOKED_AT] = {};
	struct bpf_prog_info info = {.nr_map_ids = MAPS_LOOKED_AT, .map_ids = (uintptr_t)ids};
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &length))
		return false;
	for (__u32 i = 0; i < info.nr_map_ids && i < MAPS_LOOKED_AT; i++)
		if (ids[i] == map_id)
			return true;
	return false;
}

/*
 * Ours in the interface's dispatcher, and the links by which they are called in there. Two while
 * one replaces the other, or after a dead process.
 */
struct ours {
	int programs[SEATS];
	int links[SEATS];
	int count;
	const char *mode;
};

static void ours_close(struct ours *ours)
{
	while (ours->count) {
		ours->count--;
		close(ours->programs[ours->count]);
		if (ours->links[ours->count] >= 0)
			close(ours->links[ours->count]);
	}
}

static int seat_open(const char *folder, int seat, const char *what)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/prog%d-%s", folder, seat, what);
	return bpf_obj_get(path);
}

static void ours_find(const struct pins *pins, unsigned int ifindex, struct ours *ours)
{
	__u32 map_id = control_map_id(pins);
	char folder[64];

	ours->count = 0;
	if (!map_id || !folder_of(ifindex, folder, sizeof(folder), &ours->mode))
		return;
	for (int seat = 0; seat < SEATS; seat++) {
		int program = seat_open(folder, seat, "prog");

		if (program >= 0 && uses_map(program, map_id)) {
			ours->programs[ours->count] = program;
			ours->links[ours->count++] = seat_open(folder, seat, "link");
		} else if (program >= 0) {
			close(program);
		}
	}
}

/* Zeros when it cannot be told. */
static struct bpf_prog_info info_of(int program)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);

	bpf_obj_get_info_by_fd(program, &info, &length);
	return info;
}

void dispatcher_state(const struct pins *pins, unsigned int ifindex, struct xdp_state *state)
{
	struct ours ours;

	*state = (struct xdp_state){.mode = "none", .held = ""};
	ours_find(pins, ifindex, &ours);
	if (ours.count) {
		state->mode = ours.mode;
		state->held = "dispatcher";
		state->program_id = info_of(ours.programs[0]).id;
	}
	ours_close(&ours);
}

/* One, and loaded after what the last `up` pinned, that is, in its course. */
static bool is_there_and_current(const struct xdp_place *place)
{
	struct ours ours;
	bool current;

	ours_find(place->pins, place->ifindex, &ours);
	current =
		ours.count == 1 && info_of(ours.programs[0]).load_time >
					   info_of(place->pins->programs[place->program]).load_time;
	ours_close(&ours);
	return current;
}

/* ---- the exchange ---- */

/*
 * Until no packet is in a dispatcher that was exchanged. When the last reference to a link goes,
 * the call by it turns to the dispatcher's own empty function, whose answer is "pass", and libxdp
 * lets go of the old links at once: whoever exchanges holds them open over this.
 */
static void wait_for_packets(void)
{
	/* An RCU grace period. */
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static struct xdp_multiprog *look(unsigned int ifindex)
{
	struct xdp_multiprog *found;

	libxdp_set_print(remember_libxdp);
	found = xdp_multiprog__get_from_ifindex(ifindex);
	return libxdp_get_error(found) ? NULL : found;
}

static bool is_dispatcher(const struct xdp_multiprog *found)
{
	return found && !xdp_multiprog__is_legacy(found);
}

/* Each of @ours but @but, in one exchange. */
static int take_out(const struct ours *ours, unsigned int ifindex, __u32 but)
{
	struct xdp_multiprog *found = look(ifindex);
	struct xdp_program *old[SEATS];
	int count = 0, error = 0;

	for (int i = 0; !error && i < ours->count; i++) {
		if (info_of(ours->programs[i]).id == but)
			continue;
		old[count] = xdp_program__from_fd(ours->programs[i]);
		error = libxdp_get_error(old[count]);
		count += !error;
	}
	if (!error && count)
		error = found ? xdp_program__detach_multi(old, count, ifindex,
							  xdp_multiprog__attach_mode(found), 0)
			      : -EPERM;
	while (count)
		xdp_program__close(old[--count]);
	xdp_multiprog__close(found);
	return error;
}

int dispatcher_detach(const struct pins *pins, unsigned int ifindex)
{
	struct ours ours;
	int error;

	ours_find(pins, ifindex, &ours);
	error = take_out(&ours, ifindex, 0);
	ours_close(&ours);
	return error;
}

static int attach(void *what, const struct xdp_place *place, bool generic)
{
	struct xdp_multiprog *found = look(place->ifindex);
	enum xdp_attach_mode mode = generic ? XDP_MODE_SKB : XDP_MODE_NATIVE;
	struct ours before, both;
	int error;

	/* One that is there has its mode already. */
	if (is_dispatcher(found))
		mode = xdp_multiprog__attach_mode(found);
	xdp_multiprog__close(found);
	ours_find(place->pins, place->ifindex, &before);
	error = xdp_program__attach(what, place->ifindex, mode, 0);
	/* The old one and the new are in it now: for so long packets are judged twice. */
	ours_find(place->pins, place->ifindex, &both);
	if (!error)
		error = take_out(&both, place->ifindex, xdp_program__id(what));
	if (before.count)
		wait_for_packets();
	ours_close(&before);
	ours_close(&both);
	return error;
}

/* Where libxdp cannot have a dispatcher, it attaches the program alone and says nothing. */
static int check_it_is_one(const struct xdp_place *place)
{
	struct xdp_multiprog *found = look(place->ifindex);
	int error = is_dispatcher(found) ? 0 : -EOPNOTSUPP;

	if (found && error)
		xdp_multiprog__detach(found);
	xdp_multiprog__close(found);
	return error;
}

static int attach_new(struct bpf_object *object, const struct xdp_place *place,
		      struct report *report)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = object,
			    .prog_name = program_names[place->program]);
	struct xdp_program *program = xdp_program__create(&opts);
	int error = libxdp_get_error(program);

	if (error)
		return error;
	error = xdp_program__set_run_prio(program, RUN_PRIORITY);
	if (!error)
		error = attach_xdp_in_some_mode(attach, program, place, report);
	xdp_program__close(program);
	return error ?: check_it_is_one(place);
}

int dispatcher_attach(const struct xdp_place *place, struct report *report)
{
	libbpf_print_fn_t before;
	struct bpf_object *object;
	int error;

	if (is_there_and_current(place))
		return 0;
	if (!dispatcher_permitted()) {
		report_error(report,
			     "%s: to replace the program in libxdp's dispatcher takes "
			     "CAP_SYS_ADMIN",
			     place->name);
		return -EPERM;
	}
	before = libbpf_set_print(remember_libbpf);
	complaint[0] = '\0';
	object = load_open_alone(place->pins, place->program, report);
	error = object ? attach_new(object, place, report) : -EINVAL;
	bpf_object__close(object);
	libbpf_set_print(before);
	if (error && error != -EOPNOTSUPP && !report->error[0])
		report_error(report, "%s: cannot put %s into the dispatcher: %s (%s)", place->name,
			     program_names[place->program], strerror(-error), complaint);
	return error;
}
