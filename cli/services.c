/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of ports, kept for as long as the process lives.
 */
#include "services.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

struct service {
	char *name;
	char *protocol;
	__u16 port;
	size_t order; /* as read */
};

static struct {
	struct service *list; /* sorted by name, then protocol */
	size_t count, room;
	bool read;
} services;

static bool add_service(const char *name, const struct servent *entry)
{
	struct service service = {strdup(name), strdup(entry->s_proto), ntohs(entry->s_port),
				  services.count};

	if (services.count == services.room) {
		size_t room = services.room ? services.room * 2 : 512;
		void *longer = reallocarray(services.list, room, sizeof(service));

		if (longer) {
			services.list = longer;
			services.room = room;
		}
	}
	if (!service.name || !service.protocol || services.count == services.room) {
		free(service.name);
		free(service.protocol);
		return false;
	}
	services.list[services.count++] = service;
	return true;
}

static int compare_services(const void *a, const void *b)
{
	const struct service *left = a, *right = b;

	return strcmp(left->name, right->name) ?: strcmp(left->protocol, right->protocol);
}

static int compare_in_order(const void *a, const void *b)
{
	const struct service *left = a, *right = b;

	return compare_services(a, b)
		       ?: (left->order > right->order) - (left->order < right->order);
}

/* Where a name stands twice, its first line counts, as for getservbyname(). */
static void sort_services(void)
{
	size_t kept = 0;

	qsort(services.list, services.count, sizeof(*services.list), compare_in_order);
	for (size_t i = 0; i < services.count; i++) {
		struct service *service = &services.list[i];

		if (!kept || compare_services(&services.list[kept - 1], service)) {
			services.list[kept++] = *service;
			continue;
		}
		free(service->name);
		free(service->protocol);
	}
	services.count = kept;
}

/* Out of memory, the names read so far are the known ones: the message then says so. */
static void read_services(void)
{
	const struct servent *entry;

	setservent(1);
	while ((entry = getservent())) {
		if (!add_service(entry->s_name, entry))
			break;
		for (char **alias = entry->s_aliases; *alias; alias++)
			add_service(*alias, entry);
	}
	endservent();
	if (services.count)
		sort_services();
	services.read = true;
}

bool service_port(const char *name, const char *protocol, __u16 *port)
{
	const struct service key = {(char *)name, (char *)protocol, 0, 0}, *found;

	if (!services.read)
		read_services();
	if (!services.count)
		return false;
	found = bsearch(&key, services.list, services.count, sizeof(key), compare_services);
	if (found)
		*port = found->port;
	return found;
}

const char *service_hint(const char *name, const char *protocol, char *text, size_t size)
{
	enum { CANDIDATES = 512 };
	const char *candidates[CANDIDATES];
	size_t count = 0;

	for (size_t i = 0; i < services.count && count < CANDIDATES; i++)
		if (!strcmp(services.list[i].protocol, protocol))
			candidates[count++] = services.list[i].name;
	return nearest_hint(name, candidates, count, text, size);
}
