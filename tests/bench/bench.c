// SPDX-License-Identifier: GPL-2.0
/*
 * Measures one class of packet: nanoseconds a packet in xfw_wan and in the forwarding floor, by
 * BPF_PROG_TEST_RUN on the loaded program and its live maps. Prints one JSON object.
 * Runs in the hypervisor's namespace of a lab of its own; tests/bench/run calls it.
 */
#include <argp.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <linux/types.h>
#include <linux/bpf.h>

#include "maps/floor.h"
#include "maps/layout.h"
#include "floor.skel.h"

enum { TEMPLATE = FLOOR_TEMPLATE, ROUNDS = 9 };

struct arguments {
	const char *pin_directory;
	const char *wan;
	const char *port;
	unsigned char packet[TEMPLATE];
	unsigned int sources;
	unsigned int destinations;
	unsigned int destination_shift;
	unsigned int flows; /* to put into the flow table, their sources counting up */
	unsigned int repeat;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int pinned(const struct arguments *arguments, const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", arguments->pin_directory, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		die(path);
	return fd;
}

static void parse_hex(const char *hex, unsigned char *packet)
{
	for (int i = 0; i < TEMPLATE; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &packet[i]) != 1)
			die("--packet needs 80 bytes in hex");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'D':
		arguments->pin_directory = value;
		return 0;
	case 'w':
		arguments->wan = value;
		return 0;
	case 'o':
		arguments->port = value;
		return 0;
	case 'p':
		parse_hex(value, arguments->packet);
		return 0;
	case 's':
		arguments->sources = strtoul(value, NULL, 0);
		return 0;
	case 'd':
		arguments->destinations = strtoul(value, NULL, 0);
		return 0;
	case 'h':
		arguments->destination_shift = strtoul(value, NULL, 0);
		return 0;
	case 'f':
		arguments->flows = strtoul(value, NULL, 0);
		return 0;
	case 'r':
		arguments->repeat = strtoul(value, NULL, 0);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{"pin-dir", 'D', "DIR", 0, "where xfw is pinned", 0},
	{"wan", 'w', "IF", 0, "interface the packets come in by", 0},
	{"port", 'o', "IF", 0, "port the floor redirects to", 0},
	{"packet", 'p', "HEX", 0, "the first 80 bytes of the frame", 0},
	{"sources", 's', "N", 0, "vary the source over N addresses", 0},
	{"destinations", 'd', "N", 0, "vary the destination over N addresses", 0},
	{"destination-shift", 'h', "BITS", 0, "distance of destinations, as a power of two", 0},
	{"flows", 'f', "N", 0, "established flows to fill in", 0},
	{"repeat", 'r', "N", 0, "packets a round", 0},
	{0},
};

/* Nanoseconds a packet behind `renew`, and the last verdict. */
static double run_once(int renew, const struct arguments *arguments, int *verdict)
{
	unsigned char in[TEMPLATE + 4];
	struct xdp_md context = {
		.data_end = sizeof(in),
		.ingress_ifindex = if_nametoindex(arguments->wan),
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in, .data_size_in = sizeof(in),
		    .ctx_in = &context, .ctx_size_in = sizeof(context),
		    .repeat = arguments->repeat);

	memset(in, 0, sizeof(in));
	memcpy(in, arguments->packet, TEMPLATE);
	if (bpf_prog_test_run_opts(renew, &opts))
		die("BPF_PROG_TEST_RUN");
	*verdict = opts.retval;
	return opts.duration;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void set_run(struct floor *bench, const struct arguments *arguments,
		    unsigned int destinations)
{
	struct floor_run value = {
		.hop_limit = 64,
		.sources = arguments->sources,
		.destinations = destinations,
		.destination_shift = arguments->destination_shift,
	};
	__u32 zero = 0;

	memcpy(value.destination_mac, arguments->packet, 6);
	if (bpf_map_update_elem(bpf_map__fd(bench->maps.run), &zero, &value, 0))
		die("run");
}

/* One program of those compared, and the rounds it ran. */
struct contender {
	int program;
	unsigned int destinations;
	int verdict;
	double rounds[ROUNDS];
};

static void run_round(struct floor *bench, const struct arguments *arguments,
		      struct contender *contender, double *nanoseconds)
{
	__u32 zero = 0;

	set_run(bench, arguments, contender->destinations);
	if (bpf_map_update_elem(bpf_map__fd(bench->maps.under_test), &zero, &contender->program, 0))
		die("tail call");
	*nanoseconds =
		run_once(bpf_program__fd(bench->progs.renew), arguments, &contender->verdict);
}

/* In turns, so that what else the machine does in the meantime meets all of them. */
static void run_in_turns(struct floor *bench, const struct arguments *arguments,
			 struct contender *contenders, int count)
{
	double warm_up;

	for (int i = 0; i < count; i++)
		run_round(bench, arguments, &contenders[i], &warm_up);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < count; i++)
			run_round(bench, arguments, &contenders[i], &contenders[i].rounds[round]);
}

static double median(struct contender *contender)
{
	qsort(contender->rounds, ROUNDS, sizeof(double), by_value);
	return contender->rounds[ROUNDS / 2];
}

/* ---- the tables a class needs ---- */

static const unsigned char *at(const struct arguments *arguments, int offset)
{
	return arguments->packet + 14 + offset;
}

static __u32 tick_now(const struct arguments *arguments)
{
	struct {
		__u32 tick;
	} reading = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &reading, .ctx_size_in = sizeof(reading));

	if (bpf_prog_test_run_opts(pinned(arguments, "programs/xfw_clock"), &opts))
		die("xfw_clock");
	return reading.tick;
}

static __u32 generation(const struct arguments *arguments)
{
	struct control control;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(pinned(arguments, "control"), &zero, &control))
		die("control");
	return control.judging;
}

/*
 * Flows between the packet's destination and sources counting from 0, as if each had started
 * inside and been answered.
 */
static void fill_flows(const struct arguments *arguments)
{
	struct flow flow = {.state = FLOW_ESTABLISHED};
	struct flow_key key = {.protocol = 6};
	int table = pinned(arguments, "flows");

	flow.last_seen = flow.created = tick_now(arguments);
	flow.judged_in = generation(arguments);
	memcpy(key.outside.bytes, at(arguments, 8), 16);
	memcpy(key.inside.bytes, at(arguments, 24), 16);
	key.outside_port = at(arguments, 40)[0] << 8 | at(arguments, 40)[1];
	key.inside_port = at(arguments, 42)[0] << 8 | at(arguments, 42)[1];
	for (__u32 i = 0; i < arguments->flows; i++) {
		if (arguments->sources) {
			__u32 low = __builtin_bswap32(i);

			memcpy(key.outside.bytes + 12, &low, 4);
		}
		if (bpf_map_update_elem(table, &key, &flow, 0))
			die("flows");
	}
}

/* The floor gets as many flows as the class has, or one a source where it has none. */
static void fill_floor(struct floor *bench, const struct arguments *arguments)
{
	struct floor_key key = {.protocol = 6};
	struct floor_flow flow = {.port = if_nametoindex(arguments->port)};
	__u32 count = arguments->sources ?: 1;

	memcpy(flow.macs, arguments->packet, sizeof(flow.macs));
	if (bpf_map_update_elem(bpf_map__fd(bench->maps.floor_devices), &flow.port, &flow.port, 0))
		die("floor_devices");
	memcpy(key.source, at(arguments, 8), 32);
	memcpy(key.ports, at(arguments, 40), 4);
	for (__u32 i = 0; i < count; i++) {
		if (arguments->sources) {
			__u32 low = __builtin_bswap32(i);

			memcpy(key.source + 12, &low, 4);
		}
		if (bpf_map_update_elem(bpf_map__fd(bench->maps.floor_flows), &key, &flow, 0))
			die("floor_flows");
	}
}

int main(int argc, char **argv)
{
	struct arguments arguments = {.repeat = 1000000};
	const struct argp argp = {.options = options, .parser = parse_option};
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct floor *bench;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	bench = floor__open_and_load();
	if (!bench)
		die("bench programs");

	fill_floor(bench, &arguments);
	fill_flows(&arguments);
	struct contender contenders[] = {
		{.program = bpf_program__fd(bench->progs.nothing)},
		/* The floor knows one destination: it varies sources only, as its flows do. */
		{.program = bpf_program__fd(bench->progs.floor_forward)},
		{.program = pinned(&arguments, "programs/xfw_wan"),
		 .destinations = arguments.destinations},
	};
	run_in_turns(bench, &arguments, contenders, 3);

	printf("{\"empty\": %.1f, \"floor\": %.1f, \"floor_verdict\": %d, \"xfw\": %.1f, "
	       "\"verdict\": %d}\n",
	       median(&contenders[0]), median(&contenders[1]), contenders[1].verdict,
	       median(&contenders[2]), contenders[2].verdict);
	floor__destroy(bench);
	return 0;
}
