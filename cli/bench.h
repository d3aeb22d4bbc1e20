/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The classes of packet that the user's own rules have, each with a packet of its own.
 */
#ifndef XFW_BENCH_H
#define XFW_BENCH_H

#include "../loader/config.h"
#include "../loader/floor.h"
#include "../maps/pins.h"
#include "neighbours.h"
#include "question.h"
#include "slices.h"

enum { BENCH_SOURCES = 65536, BENCH_FRAME = 84 };

/* Row: identifier, name. In the order they are measured and printed. */
#define XFW_BENCH_CLASSES(ROW)                                     \
	ROW(ESTABLISHED, "established, 1 flow")                    \
	ROW(ESTABLISHED_MANY, "established, 65,536 flows")         \
	ROW(SERVICE, "to an allowed service, 1 source")            \
	ROW(SERVICE_MANY, "to an allowed service, 65,536 sources") \
	ROW(FIRST, "first packet to it, nothing cached")           \
	ROW(CLOSED, "to a closed port, 1 source")                  \
	ROW(CLOSED_MANY, "to a closed port, 65,536 sources")       \
	ROW(DENIED, "denied by a rule")                            \
	ROW(OUTBOUND, "from a guest, outwards")                    \
	ROW(ESSENTIAL, "neighbour discovery")

#define XFW_ENUM_BENCH(id, name) BENCH_##id,
enum bench_class_id { XFW_BENCH_CLASSES(XFW_ENUM_BENCH) BENCH_CLASSES };

struct bench_class {
	const char *absent; /* why there is no such packet; NULL: there is */
	struct question question;
	__u8 frame[QUESTION_FRAME_MAX];
	struct measured measured;
	enum program program; /* that is measured */
	__u32 rule;	      /* that decides, 0 for none */
};

/* What the packets are chosen from. */
struct bench {
	const struct config *config;
	const struct pins *copy; /* loaded for this, by @config: may be asked, filled, worn out */
	struct slices slices;
	struct neighbours neighbours;
	struct settings settings;
	struct bench_class classes[BENCH_CLASSES];
};

/*
 * Choose a packet for each class by asking the copy's programs, and put the flows that it needs into
 * the copy. Returns 0, or -ENODEV when no wan interface has frames with an Ethernet header.
 */
int bench_choose(struct bench *bench);

#endif
