/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Time in ticks of 64 jiffies. jiffies cost nothing where ktime costs 35 ns a packet.
 */
#ifndef XFW_CLOCK_H
#define XFW_CLOCK_H

#include "tables.h"

/* The kernel's CONFIG_HZ; the loader sets it from the coarse clock's resolution. */
const volatile __u32 hz = 250;

static __always_inline __u32 clock_now(void)
{
	return bpf_jiffies64() >> XFW_TICK_SHIFT;
}

static __always_inline __u32 clock_ticks(__u32 seconds)
{
	return ((__u64)seconds * hz) >> XFW_TICK_SHIFT;
}

/* Has @seconds passed since @then? Right also when the tick counter has wrapped. */
static __always_inline bool clock_passed(__u32 now, __u32 then, __u32 seconds)
{
	/* Another CPU may have stamped @then a tick after this one read its clock. */
	if ((__s32)(now - then) < 0)
		return false;
	return now - then > clock_ticks(seconds);
}

#endif
