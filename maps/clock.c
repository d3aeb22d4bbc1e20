/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ticks are jiffies, which only the kernel counts: a tiny program of ours reads them out.
 */
#include "clock.h"

#include <bpf/bpf.h>
#include <time.h>

#include "layout.h"

__u32 clock_tick(const struct pins *pins)
{
	struct {
		__u32 tick;
	} reading = {0};
	/* A syscall program writes into the context it is given. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &reading, .ctx_size_in = sizeof(reading));

	return bpf_prog_test_run_opts(pins->programs[PROGRAM_CLOCK], &opts) ? 0 : reading.tick;
}

/* The coarse clocks advance once a jiffy, so that is their resolution. */
unsigned int clock_hz(void)
{
	struct timespec resolution;

	clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
	return (1000000000L + resolution.tv_nsec / 2) / resolution.tv_nsec;
}

double clock_age(__u32 now, __u32 tick)
{
	__s32 ticks = (__s32)(now - tick);

	return ticks < 0 ? 0 : (double)ticks * (1 << XFW_TICK_SHIFT) / clock_hz();
}

__u32 clock_ticks(unsigned int seconds)
{
	return ((__u64)seconds * clock_hz()) >> XFW_TICK_SHIFT;
}
