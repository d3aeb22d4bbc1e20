/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the loaded programs noted of one packet, in words: a line for each step with its cause.
 */
#ifndef XFW_EXPLANATION_H
#define XFW_EXPLANATION_H

#include <jansson.h>
#include <net/if.h>

#include "../loader/config.h"
#include "../maps/pins.h"
#include "document.h"
#include "ends.h"
#include "nearest_rule.h"
#include "prefix.h"

/* What words are looked up in. */
struct explanation_context {
	const struct pins *pins;
	const struct document *running;
	const struct config *config; /* what `running` means */
	const struct document *file; /* the saved one: rules have their lines there; may be empty */
};

/* Everything that was found. */
struct answer {
	struct explanation notes;
	struct ends ends;	      /* of notes.key */
	size_t length;		      /* of the frame, bytes */
	unsigned int number;	      /* in a capture, from 1; 0: asked in words */
	bool without_link;	      /* the frame's MAC addresses were none of ours and left out */
	const struct statement *rule; /* that decided, or NULL */
	int rule_line;		      /* in the file, 0 where it is not there */
	struct nearest_rule nearest;  /* of what was dropped */
	struct route route;	      /* of the guest's end */
	bool has_route;
	double flow_age_s, flow_idle_s;
	char gateway[PREFIX_TEXT];
	char interface[IF_NAMESIZE], port[IF_NAMESIZE];
};

/* The route that holds @address in the tables that judge. */
bool explanation_route(const struct pins *pins, const struct address *address, struct route *route);

/* Look up what the notes stand for; @ifindex: where the packet came in. */
void explanation_name(const struct explanation_context *context, unsigned int ifindex,
		      struct answer *answer);

void explanation_print(const struct explanation_context *context, const struct answer *answer);
json_t *explanation_json(const struct explanation_context *context, const struct answer *answer);

#endif
