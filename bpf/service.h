/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cell that judges a destination and port, remembered per CPU: one lookup for policy's
 * three. Direct-mapped arrays, so memory is bounded and an entry costs no lock. Services and
 * what was refused are apart: strangers cannot push out a service, since only what was allowed
 * and resolved is kept there.
 */
#ifndef XFW_SERVICE_H
#define XFW_SERVICE_H

#include "policy.h"

/* Where in @table the cell for this packet is or would be. */
static __always_inline struct service *service_place(void *table, const struct packet *pkt)
{
	__u32 index = address_hash(&pkt->key.inside, pkt->point) & (XFW_SERVICES_CAPACITY - 1);

	return bpf_map_lookup_elem(table, &index);
}

static __always_inline bool service_is(const struct service *service, const struct packet *pkt)
{
	return service->point == pkt->point && service->generation == pkt->generation &&
	       address_equal(&service->destination, &pkt->key.inside);
}

static __always_inline void service_keep(void *table, const struct packet *pkt,
					 const struct cell *cell)
{
	struct service *service = service_place(table, pkt);

	if (!service || pkt->dry || service_is(service, pkt))
		return;
	service->destination = pkt->key.inside;
	service->point = pkt->point;
	service->generation = pkt->generation;
	service->cell = *cell;
}

static __always_inline bool service_recall(void *table, const struct packet *pkt, struct cell *cell)
{
	const struct service *service = service_place(table, pkt);

	if (!service || !service_is(service, pkt))
		return false;
	*cell = service->cell;
	return true;
}

/* The cell that holds for the packet. False: there is no policy, and nothing may pass. */
static __always_inline bool service_cell(const struct packet *pkt, struct cell *cell)
{
	if (service_recall(&services, pkt, cell) || service_recall(&refused, pkt, cell))
		return true;
	return !policy_cell(pkt->slot, &pkt->key.inside, pkt->point, cell);
}

#endif
