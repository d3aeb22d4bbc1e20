/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xfw_explain by BPF_PROG_TEST_RUN, on one CPU, so that its notes are found again.
 */
#include "explain.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>

/* Stay on the CPU this runs on. Returns it, or -errno. */
static int stay(cpu_set_t *before)
{
	cpu_set_t here;
	int cpu = sched_getcpu();

	if (cpu < 0 || sched_getaffinity(0, sizeof(*before), before))
		return -errno;
	CPU_ZERO(&here);
	CPU_SET(cpu, &here);
	return sched_setaffinity(0, sizeof(here), &here) ? -errno : cpu;
}

static int read_notes(const struct pins *pins, int cpu, struct explanation *explanation)
{
	/* Per-CPU elements are handed over in steps of 8 bytes. */
	size_t step = (sizeof(*explanation) + 7) & ~7UL;
	char *values = calloc(libbpf_num_possible_cpus(), step);
	__u32 zero = 0;
	int error = values ? 0 : -ENOMEM;

	if (!error && bpf_map_lookup_elem(pins->maps[MAP_EXPLAINED], &zero, values))
		error = -errno;
	if (!error)
		*explanation = *(struct explanation *)(values + cpu * step);
	free(values);
	return error;
}

int explain_frame(const struct pins *pins, const void *frame, size_t length, unsigned int ifindex,
		  struct explanation *explanation)
{
	struct xdp_md context = {.data_end = length, .ingress_ifindex = ifindex};
	char out[256];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = length,
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1);
	cpu_set_t before;
	int cpu = stay(&before), error = 0;

	if (cpu < 0)
		return cpu;
	if (bpf_prog_test_run_opts(pins->programs[PROGRAM_EXPLAIN], &opts))
		error = -errno;
	if (!error)
		error = read_notes(pins, cpu, explanation);
	sched_setaffinity(0, sizeof(before), &before);
	return error;
}
