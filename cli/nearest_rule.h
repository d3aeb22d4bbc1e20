/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of the rules that did not let a packet in, the one that came nearest: most often what its author
 * meant to say.
 */
#ifndef XFW_NEAREST_RULE_H
#define XFW_NEAREST_RULE_H

#include "../loader/config.h"
#include "ends.h"

enum {
	DIFFERS_SOURCE = 1,
	DIFFERS_POINT = 2, /* port or ICMP type */
	DIFFERS_PROTOCOL = 4,
	DIFFERS_DESTINATION = 8,
};

struct nearest_rule {
	const struct rule *rule; /* NULL: none comes near */
	const char *text;	 /* as typed */
	unsigned int differs;	 /* DIFFERS_… bits; 0: it matches, and something else is why */
};

/*
 * The allow of @config that differs in the least: in the source rather than the port, in these
 * rather than the protocol, and then it has the same port; in the destination only when all else is
 * as it should be.
 */
struct nearest_rule nearest_rule(const struct config *config, const struct ends *ends);

enum { DIFFERENCE_TEXT = 64 };

/* "another port", "another source and port", "matches" */
void nearest_rule_difference(const struct nearest_rule *nearest, char text[DIFFERENCE_TEXT]);

#endif
