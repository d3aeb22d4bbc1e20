/* SPDX-License-Identifier: GPL-2.0 */
#include "neighbours.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../loader/netlink.h"

static struct neighbour *make_room(struct neighbours *neighbours)
{
	size_t room = neighbours->room ? neighbours->room * 2 : 64;
	struct neighbour *longer;

	if (neighbours->count < neighbours->room)
		return &neighbours->list[neighbours->count++];
	longer = reallocarray(neighbours->list, room, sizeof(*longer));
	if (!longer)
		return NULL;
	neighbours->list = longer;
	neighbours->room = room;
	return &neighbours->list[neighbours->count++];
}

static void take_address(const struct nlattr *attribute, struct address *address)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	size_t length = mnl_attr_get_payload_len(attribute);

	if (length == 4) {
		memcpy(address->bytes, mapped, sizeof(mapped));
		memcpy(address->bytes + sizeof(mapped), mnl_attr_get_payload(attribute), 4);
	} else if (length == sizeof(*address)) {
		memcpy(address->bytes, mnl_attr_get_payload(attribute), sizeof(*address));
	}
}

static int take_neighbour(const struct nlmsghdr *answer, void *context)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(answer);
	const struct nlattr *table[NDA_MAX + 1] = {};
	struct netlink_attributes attributes = {table, NDA_MAX};
	struct neighbour *neighbour;

	mnl_attr_parse(answer, sizeof(*header), netlink_collect, &attributes);
	if (!table[NDA_DST])
		return MNL_CB_OK;
	neighbour = make_room(context);
	if (!neighbour)
		return MNL_CB_ERROR;
	*neighbour = (struct neighbour){.ifindex = header->ndm_ifindex, .state = header->ndm_state};
	take_address(table[NDA_DST], &neighbour->address);
	if (table[NDA_LLADDR] && mnl_attr_get_payload_len(table[NDA_LLADDR]) == 6)
		memcpy(neighbour->mac, mnl_attr_get_payload(table[NDA_LLADDR]), 6);
	return MNL_CB_OK;
}

static int compare(const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	return memcmp(&x->address, &y->address, sizeof(x->address));
}

int neighbours_read(struct neighbours *neighbours)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] __attribute__((aligned(8))) = {};
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int error;

	*neighbours = (struct neighbours){};
	request->nlmsg_type = RTM_GETNEIGH;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ndmsg));
	error = netlink_talk(NETLINK_ROUTE, request, take_neighbour, neighbours);
	if (neighbours->count)
		qsort(neighbours->list, neighbours->count, sizeof(*neighbours->list), compare);
	return error;
}

void neighbours_free(struct neighbours *neighbours)
{
	free(neighbours->list);
}

const struct neighbour *neighbours_find(const struct neighbours *neighbours, __u32 ifindex,
					const struct address *address)
{
	struct neighbour wanted = {.ifindex = ifindex, .address = *address};

	if (!neighbours->count)
		return NULL;
	return bsearch(&wanted, neighbours->list, neighbours->count, sizeof(wanted), compare);
}

/* NUD_VALID, which the kernel keeps to itself. */
bool neighbour_is_known(const struct neighbour *neighbour)
{
	return neighbour && neighbour->state & (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE |
						NUD_PROBE | NUD_STALE | NUD_DELAY);
}

const char *neighbour_state(const struct neighbour *neighbour)
{
	static const struct {
		__u16 bit;
		const char *word;
	} words[] = {
		{NUD_PERMANENT, "permanent"}, {NUD_NOARP, "noarp"},
		{NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
		{NUD_DELAY, "delay"},	      {NUD_PROBE, "probe"},
		{NUD_FAILED, "failed"},	      {NUD_INCOMPLETE, "incomplete"},
	};

	for (size_t i = 0; neighbour && i < sizeof(words) / sizeof(words[0]); i++)
		if (neighbour->state & words[i].bit)
			return words[i].word;
	return "unresolved";
}
