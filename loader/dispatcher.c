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
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "load.h"

/* libxdp's default is 50, and those who filter take 10: nothing may be seen before it is judged. */
enum { RUN_PRIORITY = 5, MAPS_LOOKED_AT = 64 };

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

/* ---- what is there ---- */

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

bool dispatcher_there(unsigned int ifindex)
{
	struct xdp_multiprog *found = look(ifindex);
	bool there = is_dispatcher(found);

	xdp_multiprog__close(found);
	return there;
}

static __u32 control_map_id(const struct pins *pins)
{
	char path[256];
	__u32 id = 0;
	int fd;

	/* By its pin: what is half up, or of another version, is taken off as well. */
	pins_path(pins, NULL, map_names[MAP_CONTROL], path, sizeof(path));
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		id = pins_map_id(fd);
		close(fd);
	}
	return id;
}

static bool uses_map(const struct xdp_program *program, __u32 map_id)
{
	__u32 ids[MAPS_LOOKED_AT];
	struct bpf_prog_info info = {.nr_map_ids = MAPS_LOOKED_AT, .map_ids = (uintptr_t)ids};
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(xdp_program__fd(program), &info, &length))
		return false;
	for (__u32 i = 0; i < info.nr_map_ids && i < MAPS_LOOKED_AT; i++)
		if (ids[i] == map_id)
			return true;
	return false;
}

/* Ours in @found, after @previous: two of them while one replaces the other. NULL: none. */
static struct xdp_program *ours_in(const struct pins *pins, const struct xdp_multiprog *found,
				   struct xdp_program *previous)
{
	__u32 map_id = control_map_id(pins);
	struct xdp_program *program = previous;

	if (!is_dispatcher(found) || !map_id)
		return NULL;
	while ((program = xdp_multiprog__next_prog(program, found)))
		if (uses_map(program, map_id))
			return program;
	return NULL;
}

static __u64 load_time(int fd)
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &length) ? 0 : info.load_time;
}

/* Loaded after what the last `up` pinned, that is, in its course. */
static bool is_current(const struct xdp_place *place, const struct xdp_program *program)
{
	return load_time(xdp_program__fd(program)) >
	       load_time(place->pins->programs[place->program]);
}

void dispatcher_state(const struct pins *pins, unsigned int ifindex, struct xdp_state *state)
{
	struct xdp_multiprog *found = look(ifindex);
	struct xdp_program *ours = ours_in(pins, found, NULL);

	*state = (struct xdp_state){.mode = "none", .held = ""};
	if (ours) {
		state->mode =
			xdp_multiprog__attach_mode(found) == XDP_MODE_SKB ? "generic" : "native";
		state->held = "dispatcher";
		state->program_id = xdp_program__id(ours);
	}
	xdp_multiprog__close(found);
}

/* ---- the exchange ---- */

/*
 * The links by which a dispatcher calls our programs, held open. When the last reference to one
 * goes, its call turns to the dispatcher's own empty function, whose answer is "pass": libxdp
 * lets go of the old dispatcher's links while a packet may still be inside it.
 */
struct held {
	int links[8];
	int count;
};

static void hold_links(struct held *held, __u32 program_id)
{
	struct bpf_link_info info;
	__u32 id = 0, length;

	while (!bpf_link_get_next_id(id, &id) && held->count < 8) {
		int fd = bpf_link_get_fd_by_id(id);

		memset(&info, 0, sizeof(info));
		length = sizeof(info);
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &length) &&
		    info.type == BPF_LINK_TYPE_TRACING && info.prog_id == program_id)
			held->links[held->count++] = fd;
		else if (fd >= 0)
			close(fd);
	}
}

static void let_go(struct held *held)
{
	/* Waits for an RCU grace period: no packet is in the old dispatcher any more. */
	if (held->count)
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	while (held->count)
		close(held->links[--held->count]);
}

static int take_out(const struct pins *pins, unsigned int ifindex, __u32 but, struct held *held)
{
	struct xdp_program *program = NULL, *old[4];
	struct xdp_multiprog *found = look(ifindex);
	int count = 0, error = 0;

	while (count < 4 && (program = ours_in(pins, found, program))) {
		hold_links(held, xdp_program__id(program));
		if (xdp_program__id(program) != but)
			old[count++] = program;
	}
	if (count)
		error = xdp_program__detach_multi(old, count, ifindex,
						  xdp_multiprog__attach_mode(found), 0);
	xdp_multiprog__close(found);
	return error;
}

int dispatcher_detach(const struct pins *pins, unsigned int ifindex)
{
	struct held held = {};
	int error = take_out(pins, ifindex, 0, &held);

	let_go(&held);
	return error;
}

static int attach(void *what, const struct xdp_place *place, bool generic)
{
	struct xdp_multiprog *found = look(place->ifindex);
	enum xdp_attach_mode mode = generic ? XDP_MODE_SKB : XDP_MODE_NATIVE;
	struct held held = {};
	int error;

	/* One that is there has its mode already. */
	if (is_dispatcher(found))
		mode = xdp_multiprog__attach_mode(found);
	for (struct xdp_program *old = NULL; (old = ours_in(place->pins, found, old));)
		hold_links(&held, xdp_program__id(old));
	xdp_multiprog__close(found);
	error = xdp_program__attach(what, place->ifindex, mode, 0);
	/* Both are in it now, one behind the other: for so long packets are judged twice. */
	if (!error)
		error = take_out(place->pins, place->ifindex, xdp_program__id(what), &held);
	let_go(&held);
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

static bool is_there_and_current(const struct xdp_place *place)
{
	struct xdp_multiprog *found = look(place->ifindex);
	struct xdp_program *ours = ours_in(place->pins, found, NULL);
	bool current = ours && is_current(place, ours) && !ours_in(place->pins, found, ours);

	xdp_multiprog__close(found);
	return current;
}

int dispatcher_attach(const struct xdp_place *place, struct report *report)
{
	libbpf_print_fn_t before;
	struct bpf_object *object;
	int error;

	if (is_there_and_current(place))
		return 0;
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
