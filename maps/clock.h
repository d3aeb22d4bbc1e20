/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The data path's clock, read from user space.
 */
#ifndef XFW_CLOCK_MAPS_H
#define XFW_CLOCK_MAPS_H

#include <linux/types.h>

#include "pins.h"

/* The present tick, 0 when it cannot be told. */
__u32 clock_tick(const struct pins *pins);

/* Jiffies a second: CONFIG_HZ. */
unsigned int clock_hz(void);

/* How many seconds @tick lies before @now. */
double clock_age(__u32 now, __u32 tick);

/* Ticks in @seconds. */
__u32 clock_ticks(unsigned int seconds);

#endif
