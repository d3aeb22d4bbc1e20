/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is written but does nothing, and what is there but written nowhere. Looks, never changes.
 */
#ifndef XFW_AUDIT_H
#define XFW_AUDIT_H

#include "../loader/config.h"
#include "../loader/system.h"
#include "../maps/pins.h"
#include "document.h"
#include "neighbours.h"
#include "slices.h"

/* Row: identifier, name, the heading of its lines. In the order they are printed. */
#define XFW_AUDIT_KINDS(ROW)                                                                  \
	ROW(NO_NEXT_HOP, "no-next-hop", "slices without a next hop")                          \
	ROW(UNREACHABLE, "unreachable-service", "services of guests that no rule lets in to") \
	ROW(NOBODY, "points-at-nobody", "rules that point at nobody")                         \
	ROW(COVERED, "covered", "rules covered by others")                                    \
	ROW(NEVER_HIT, "never-hit", "rules not hit since they were added")

#define XFW_ENUM_AUDIT(id, name, heading) AUDIT_##id,
enum audit_kind { XFW_AUDIT_KINDS(XFW_ENUM_AUDIT) AUDIT_KINDS };

struct audit_finding {
	enum audit_kind kind;
	bool fault;	  /* something does not work; else: worth a look */
	__u32 id;	  /* the rule's, 0 for none */
	const char *line; /* as typed, borrowed; NULL for none */
	struct prefix slice;
	struct address address;
	bool has_slice, has_address;
	char service[16]; /* "tcp 22", or "" */
	char *why, *remedy;
};

struct audit {
	const struct pins *pins;
	const struct document *document; /* what runs */
	const struct config *config;	 /* and what it means now */
	const struct system *system;
	struct slices slices;
	struct neighbours neighbours;
	struct audit_finding *findings;
	size_t count, room;
	bool failed; /* memory was out: findings are missing */
};

/* A new finding, to be told where it lies. NULL when memory is out. */
struct audit_finding *audit_note(struct audit *audit, enum audit_kind kind);
/* NULL is taken as a finding that could not be noted. */
void audit_say(struct audit_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void audit_remedy(struct audit_finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- the looks ---- */

void audit_slices(struct audit *audit);
void audit_rules(struct audit *audit);

/* What was asked for, to be told. */
struct audit_asked {
	size_t guests, ports, left_out; /* left_out: guests over the bound */
};

/*
 * Connect from the host to guests that the kernel knows, on a bounded list of TCP ports, and note
 * who answers though no rule lets anybody in. 0 or -errno.
 */
int audit_services(struct audit *audit, struct audit_asked *asked);

#endif
