/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which rules another rule makes idle. Pure: no system calls, no words, no maps.
 */
#ifndef XFW_COVER_H
#define XFW_COVER_H

#include "compile.h"

/*
 * Does @outer leave nothing for @inner to decide? Every packet that @inner matches @outer matches,
 * by one of its prefixes and one of its port ranges; @outer has no limit; and either they have the
 * same action and both or neither `log`, or @outer denies what @inner allows.
 *
 * Errs on the side of no: what only several of @outer's prefixes or ranges cover together, or
 * several rules, is not seen.
 */
bool rule_covers(const struct rule *outer, const struct rule *inner);

/*
 * For each of @count rules the place in @rules of one that covers it, or COVERED_BY_NONE, in @by. Of
 * rules that cover one another the lowest id stays uncovered, a deny comes before an allow, and the
 * rule named is never covered itself: all covered rules may go at once and nothing changes. About
 * n log n for the rules people write. Returns 0 or -ENOMEM.
 */
int rules_covered(const struct rule *rules, size_t count, __u32 *by);

enum { COVERED_BY_NONE = 0xffffffffU };

#endif
