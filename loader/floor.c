/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The embedded measuring programs: loaded, filled, run.
 */
#include "floor.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "attach.h"
#include "floor.skel.h"

enum { LOOPBACK = 1, ETHERNET = 14, TCP_IN_IPV6 = ETHERNET + 40, FLOOR_LENGTH = 84 };

/* What the floor forwards: IPv6 and TCP, 4000 to 443, sources counting from 0. */
static const __u8 floor_frame[FLOOR_LENGTH] = {
	[0] = 2,
	[5] = 1,
	[6] = 2,
	[12] = 0x86,
	[13] = 0xdd,
	[ETHERNET] = 0x60,
	[ETHERNET + 5] = 20,
	[ETHERNET + 6] = 6,
	[ETHERNET + 7] = 64,
	[ETHERNET + 8] = 0x20,
	[ETHERNET + 9] = 0x01,
	[ETHERNET + 24] = 0x20,
	[ETHERNET + 25] = 0x02,
	[TCP_IN_IPV6] = 4000 >> 8,
	[TCP_IN_IPV6 + 1] = 4000 & 0xff,
	[TCP_IN_IPV6 + 2] = 443 >> 8,
	[TCP_IN_IPV6 + 3] = 443 & 0xff,
	[TCP_IN_IPV6 + 12] = 5 << 4,
};

static int fill(const struct floor *floor, __u32 flows)
{
	struct floor_flow flow = {.port = LOOPBACK};
	struct floor_key key = {.protocol = floor_frame[ETHERNET + 6]};

	memcpy(flow.macs, floor_frame, sizeof(flow.macs));
	memcpy(key.source, floor_frame + ETHERNET + 8, 32);
	memcpy(key.ports, floor_frame + TCP_IN_IPV6, sizeof(key.ports));
	/* Nothing is sent: a run says where to, and that is all. */
	if (bpf_map_update_elem(bpf_map__fd(floor->maps.floor_devices), &flow.port, &flow.port, 0))
		return -errno;
	for (__u32 i = 0; i < flows; i++) {
		__u32 low = __builtin_bswap32(i);

		memcpy(key.source + 12, &low, sizeof(low));
		if (bpf_map_update_elem(bpf_map__fd(floor->maps.floor_flows), &key, &flow, 0))
			return -errno;
	}
	return 0;
}

int floor_open(const struct pins *copy, __u32 flows, struct floor **floor, struct report *report)
{
	struct floor *opened = floor__open();
	int error = opened ? 0 : -errno;

	if (!error)
		error = bpf_map__reuse_fd(opened->maps.control, copy->maps[MAP_CONTROL]);
	if (!error)
		error = floor__load(opened);
	if (!error)
		error = fill(opened, flows);
	if (error) {
		report_error(report, "the measuring programs do not load: %s", strerror(-error));
		floor__destroy(opened);
		return error;
	}
	*floor = opened;
	return 0;
}

void floor_close(struct floor *floor)
{
	floor__destroy(floor);
}

struct measured floor_forwarding(const struct floor *floor, __u32 sources)
{
	struct measured measured = floor_empty(floor, false);

	measured.program = bpf_program__fd(floor->progs.floor_forward);
	measured.run.sources = sources;
	return measured;
}

struct measured floor_empty(const struct floor *floor, bool tc)
{
	struct measured measured = {
		.program = bpf_program__fd(tc ? floor->progs.nothing_tc : floor->progs.nothing),
		.tc = tc,
		.frame = floor_frame,
		.length = sizeof(floor_frame),
		.ifindex = LOOPBACK,
		.run.hop_limit = 64,
	};

	memcpy(measured.run.destination_mac, floor_frame, sizeof(measured.run.destination_mac));
	return measured;
}

/* What a run gave. */
struct run_result {
	__u32 nanoseconds, returned;
};

static int run_xdp(const struct floor *floor, const struct measured *measured, __u32 packets,
		   struct run_result *result)
{
	struct xdp_md context = {.data_end = measured->length,
				 .ingress_ifindex = measured->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = measured->frame,
		    .data_size_in = measured->length, .repeat = packets, .ctx_in = &context,
		    .ctx_size_in = sizeof(context));
	__u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(floor->maps.run), &zero, &measured->run, 0) ||
	    bpf_map_update_elem(bpf_map__fd(floor->maps.under_test), &zero, &measured->program, 0))
		return -errno;
	if (bpf_prog_test_run_opts(bpf_program__fd(floor->progs.renew), &opts))
		return -errno;
	*result = (struct run_result){opts.duration, opts.retval};
	return 0;
}

static int run_tc(const struct measured *measured, __u32 packets, struct run_result *result)
{
	struct __sk_buff context = {.ifindex = measured->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = measured->frame,
		    .data_size_in = measured->length, .repeat = packets, .ctx_in = &context,
		    .ctx_size_in = sizeof(context));

	if (bpf_prog_test_run_opts(measured->program, &opts))
		return -errno;
	*result = (struct run_result){opts.duration, opts.retval};
	return 0;
}

int floor_measure(const struct floor *floor, const struct measured *measured, __u32 packets,
		  double *nanoseconds, __u32 *result)
{
	struct run_result run = {};
	int error = measured->tc ? run_tc(measured, packets, &run)
				 : run_xdp(floor, measured, packets, &run);

	*nanoseconds = run.nanoseconds;
	*result = run.returned;
	return error;
}
