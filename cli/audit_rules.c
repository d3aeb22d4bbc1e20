/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules that do nothing: they point at nobody, others cover them, or nothing ever met them.
 */
#include <bpf/bpf.h>
#include <stdlib.h>

#include "../maps/clock.h"
#include "../maps/cover.h"
#include "../maps/rules.h"
#include "audit.h"
#include "command.h"
#include "prefix.h"

struct rules_look {
	struct audit *audit;
	__u32 *covered_by;			/* by place; see maps/cover.h */
	const struct forward_config **forwards; /* by place; NULL: an allow or deny */
	char age[16];				/* of what runs */
};

/* ---- noting ---- */

static struct audit_finding *note(struct audit *audit, enum audit_kind kind, size_t place)
{
	struct audit_finding *finding = audit_note(audit, kind);

	if (!finding)
		return NULL;
	finding->id = audit->config->rules[place].id;
	finding->line = audit->config->rule_texts[place];
	audit_remedy(finding, "xfw delete #%u", finding->id);
	return finding;
}

/* ---- nobody there ---- */

/* An allow's destinations; what a deny keeps guests from lies anywhere. */
static bool points_outside(const struct rules_look *look, size_t place)
{
	const struct rule *rule = &look->audit->config->rules[place];

	if (rule->action != RULE_ALLOW || look->forwards[place])
		return false;
	for (size_t i = 0; i < rule->destination_count; i++)
		if (slices_meet(&look->audit->slices, &rule->destinations[i]))
			return false;
	return true;
}

/* The one address that the rule lets somebody reach; NULL when it is of none or of several. */
static const struct address *only_target(const struct rules_look *look, size_t place)
{
	const struct rule *rule = &look->audit->config->rules[place];

	if (look->forwards[place])
		return &look->forwards[place]->target;
	if (rule->action != RULE_ALLOW || rule->destination_count != 1 ||
	    rule->destinations[0].length != 128)
		return NULL;
	return &rule->destinations[0].address;
}

/* Of a link with neighbours only: who is behind a gateway or a tunnel the kernel never hears. */
static bool is_unheard(const struct rules_look *look, const struct address *address,
		       struct audit_finding *about)
{
	const struct audit *audit = look->audit;
	const struct prefix whole = {*address, 128};
	const struct route_row *row = slices_holding(&audit->slices, &whole);
	const struct system_link *link =
		row ? system_link_by_index(audit->system, row->route.ifindex) : NULL;
	const struct neighbour *neighbour;

	if (!link || !link->has_link_header || row->route.kind == ROUTE_GATEWAY ||
	    row->route.kind == ROUTE_HOST)
		return false;
	neighbour = neighbours_find(&audit->neighbours, link->ifindex, address);
	if (neighbour_is_known(neighbour))
		return false;
	about->address = *address;
	about->has_address = true;
	about->slice = (struct prefix){row->key.address, row->key.prefixlen};
	about->has_slice = true;
	return true;
}

/* Returns whether there was something to say. */
static bool look_for_nobody(struct rules_look *look, size_t place, const struct hits *hits)
{
	const struct address *target = only_target(look, place);
	struct audit_finding about = {}, *finding;
	char text[PREFIX_TEXT];

	if (points_outside(look, place)) {
		finding = note(look->audit, AUDIT_NOBODY, place);
		audit_say(finding, "in no slice, no host address");
		return true;
	}
	if (!target || hits->packets || !is_unheard(look, target, &about))
		return false;
	finding = note(look->audit, AUDIT_NOBODY, place);
	if (!finding)
		return true;
	finding->address = about.address;
	finding->slice = about.slice;
	finding->has_address = finding->has_slice = true;
	address_format(target, text, sizeof(text));
	audit_say(finding, "%s not heard of, and never hit", text);
	return true;
}

/* ---- covered ---- */

/* What a forward adds to an allow is the translation: only a deny leaves nothing of it. */
static bool look_for_cover(struct rules_look *look, size_t place)
{
	const struct config *config = look->audit->config;
	__u32 by = look->covered_by[place];
	const struct rule *outer;

	if (by == COVERED_BY_NONE)
		return false;
	outer = &config->rules[by];
	if (look->forwards[place] && outer->action == RULE_ALLOW)
		return false;
	audit_say(note(look->audit, AUDIT_COVERED, place), "%s by #%u %s",
		  outer->action == config->rules[place].action ? "covered" : "always denied",
		  outer->id, config->rule_texts[by]);
	return true;
}

/* ---- one after the other ---- */

/* The most telling thing of each rule, and no more. */
static void look_at_rule(struct rules_look *look, size_t place)
{
	struct audit *audit = look->audit;
	struct hits hits;

	if (hits_read(audit->pins, MAP_RULE_STATS, audit->config->rules[place].id, &hits)) {
		audit->failed = true;
		return;
	}
	if (look_for_cover(look, place) || look_for_nobody(look, place, &hits) || hits.packets)
		return;
	audit_say(note(audit, AUDIT_NEVER_HIT, place), "never hit; xfw is up for %s", look->age);
}

/* Rules have no birthday; what runs has: older connections are taken on until then. */
static void read_age(const struct pins *pins, char *age, size_t size)
{
	struct control control = {};
	__u32 zero = 0, up;

	bpf_map_lookup_elem(pins->maps[MAP_CONTROL], &zero, &control);
	up = control.adopt_until - clock_ticks(ADOPT_SECONDS);
	format_age(clock_age(clock_tick(pins), up), true, age, size);
}

void audit_rules(struct audit *audit)
{
	const struct config *config = audit->config;
	struct rules_look look = {.audit = audit};

	look.covered_by = calloc(config->rule_count + 1, sizeof(*look.covered_by));
	look.forwards = calloc(config->rule_count + 1, sizeof(*look.forwards));
	read_age(audit->pins, look.age, sizeof(look.age));
	if (look.covered_by && look.forwards &&
	    !rules_covered(config->rules, config->rule_count, look.covered_by)) {
		for (size_t i = 0; i < config->forward_count; i++)
			look.forwards[config->forwards[i].rule] = &config->forwards[i];
		for (size_t i = 0; i < config->rule_count; i++)
			look_at_rule(&look, i);
	} else {
		audit->failed = true;
	}
	free(look.covered_by);
	free(look.forwards);
}
