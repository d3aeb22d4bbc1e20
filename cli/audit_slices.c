/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slices whose packets have nowhere to go.
 */
#include <linux/neighbour.h>

#include "audit.h"
#include "prefix.h"

static const struct statement *line_of(const struct audit *audit, const struct route *route)
{
	for (size_t i = 0; i < audit->document->count; i++) {
		const struct statement *statement = &audit->document->statements[i];

		if (statement->kind == STATEMENT_ROUTE && statement->id == route->index)
			return statement;
	}
	return NULL;
}

static struct audit_finding *note(struct audit *audit, const struct route_row *row, bool fault)
{
	struct audit_finding *finding = audit_note(audit, AUDIT_NO_NEXT_HOP);
	const struct statement *line = line_of(audit, &row->route);

	if (!finding)
		return NULL;
	finding->fault = fault;
	finding->line = line ? line->text : NULL;
	finding->slice = (struct prefix){row->key.address, row->key.prefixlen};
	finding->has_slice = true;
	if (row->route.kind == ROUTE_GATEWAY) {
		finding->address = row->route.gateway;
		finding->has_address = true;
	}
	return finding;
}

/* "not heard of" is no fault: the kernel asks when the first packet comes. */
static void look_at_gateway(struct audit *audit, const struct route_row *row)
{
	const struct route *route = &row->route;
	const struct neighbour *neighbour =
		neighbours_find(&audit->neighbours, route->ifindex, &route->gateway);
	char gateway[PREFIX_TEXT];
	struct audit_finding *finding;

	address_format(&route->gateway, gateway, sizeof(gateway));
	if (neighbour && neighbour->state & (NUD_FAILED | NUD_INCOMPLETE)) {
		finding = note(audit, row, true);
		audit_say(finding, "%s does not answer on %s (%s)", gateway, route->device,
			  neighbour_state(neighbour));
		audit_remedy(finding, "start who has it, or ip neigh show dev %s", route->device);
	} else if (!neighbour_is_known(neighbour)) {
		finding = note(audit, row, false);
		audit_say(finding, "%s not heard of on %s", gateway, route->device);
		audit_remedy(finding, "ping -c1 -I %s %s", route->device, gateway);
	}
}

static void look_at_slice(struct audit *audit, const struct route_row *row)
{
	const struct route *route = &row->route;
	const struct system_link *link = system_link_by_index(audit->system, route->ifindex);
	struct audit_finding *finding;

	if (!link) {
		finding = note(audit, row, true);
		audit_say(finding, "there is no interface %s", route->device);
		audit_remedy(finding, "ip link show %s; xfw sync once it is there", route->device);
	} else if (!link->is_running) {
		finding = note(audit, row, true);
		audit_say(finding, "%s is down, or nothing is plugged into it", route->device);
		audit_remedy(finding, "ip link set %s up", route->device);
	} else if (route->kind == ROUTE_GATEWAY && link->has_link_header) {
		/* A tunnel has peers of its own and no neighbours. */
		look_at_gateway(audit, row);
	}
}

void audit_slices(struct audit *audit)
{
	for (size_t i = 0; i < audit->slices.count; i++) {
		enum route_kind kind = audit->slices.rows[i].route.kind;

		if (kind == ROUTE_ON_LINK || kind == ROUTE_GATEWAY)
			look_at_slice(audit, &audit->slices.rows[i]);
	}
}
