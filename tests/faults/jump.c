/* SPDX-License-Identifier: GPL-2.0 */
/*
 * To be preloaded: the wall clock jumps by a year, forth and back, each time somebody looks at it.
 * The other clocks cannot be set, and go on as they are.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t jump(void)
{
	static int looks;

	return (++looks % 2 ? 1 : -1) * 365L * 86400;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int error = syscall(SYS_clock_gettime, clock, now);

	if (!error && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += jump();
	return error;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	int error = syscall(SYS_gettimeofday, now, zone);

	now->tv_sec += jump();
	return error;
}

time_t time(time_t *to)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (to)
		*to = now.tv_sec;
	return now.tv_sec;
}
