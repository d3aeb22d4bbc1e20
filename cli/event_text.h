/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events of the ring buffers in words, for whoever listens.
 */
#ifndef XFW_EVENT_TEXT_H
#define XFW_EVENT_TEXT_H

#include <net/if.h>

#include "../maps/layout.h"
#include "../maps/pins.h"
#include "document.h"
#include "ends.h"

/* The line of the rule that decided, NULL when none did. */
const char *event_rule(const struct document *running, const struct event *event);

/* Who with whom; borrows from @event. */
struct ends event_ends(const struct event *event);
void event_format_ends(const struct event *event, char *text, size_t size);

/* "14:05:09.123", local time; @epoch_ns of event_epoch_ns(). */
void event_format_time(__u64 epoch_ns, const struct event *event, char *text, size_t size);

/* The interface that it came in by, "?" when that is gone. */
const char *event_interface(const struct event *event, char name[IF_NAMESIZE]);

/* What the clock of events (CLOCK_BOOTTIME) had at the epoch of CLOCK_REALTIME, negated. */
__u64 event_epoch_ns(void);

/* Events that a listener did not get: over the budget, or its ring was full. */
__u64 event_unseen(const struct pins *pins, enum event_listener listener);

#endif
