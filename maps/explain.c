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

/* Per-CPU elements are handed over in steps of 8 bytes. */
enum { NOTES_STEP = (sizeof(struct explanation) + 7) & ~7UL };

/* Empty notes on every CPU, with the question in them. */
static int ask(const struct pins *pins, char *notes, int cpus, __u32 generation)
{
	__u32 zero = 0;

	for (int cpu = 0; cpu < cpus; cpu++)
		((struct explanation *)(notes + cpu * NOTES_STEP))->ask = generation;
	return bpf_map_update_elem(pins->maps[MAP_EXPLAINED], &zero, notes, BPF_ANY) ? -errno : 0;
}

static int read_notes(const struct pins *pins, char *notes, int cpu,
		      struct explanation *explanation)
{
	__u32 zero = 0;

	if (bpf_map_lookup_elem(pins->maps[MAP_EXPLAINED], &zero, notes))
		return -errno;
	*explanation = *(struct explanation *)(notes + cpu * NOTES_STEP);
	return 0;
}

int explain_frame(const struct pins *pins, const void *frame, size_t length, unsigned int ifindex,
		  __u32 generation, struct explanation *explanation)
{
	struct xdp_md context = {.data_end = length, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = length,
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);
	cpu_set_t before;
	int cpus = libbpf_num_possible_cpus(), cpu, error;
	char *notes = calloc(cpus > 0 ? cpus : 1, NOTES_STEP);

	if (!notes)
		return -ENOMEM;
	cpu = stay(&before);
	if (cpu < 0) {
		free(notes);
		return cpu;
	}
	error = ask(pins, notes, cpus, generation);
	if (!error && bpf_prog_test_run_opts(pins->programs[PROGRAM_EXPLAIN], &opts))
		error = -errno;
	if (!error)
		error = read_notes(pins, notes, cpu, explanation);
	sched_setaffinity(0, sizeof(before), &before);
	free(notes);
	return error;
}
