/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Services of guests that nobody may reach. A guest does not say what listens on it: it is asked,
 * by connecting, and the loaded programs are asked whether a stranger could have.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/explain.h"
#include "../maps/stats.h"
#include "audit.h"
#include "connects.h"
#include "prefix.h"
#include "question.h"

enum { GUESTS_MAX = 256, PORTS_MAX = 64, STRANGER_PORT = 40000 };

/* What people run and forget; ports of the rules come besides. */
static const __u16 usual_ports[] = {
	21,   22,   25,	  53,	80,   110,  143,  389,	443,  445,  465,   587,	  993,
	995,  1433, 1883, 2375, 2379, 3000, 3306, 3389, 5000, 5432, 5672,  5900,  6379,
	8000, 8006, 8080, 8443, 8883, 9000, 9090, 9100, 9200, 9443, 11211, 27017,
};

struct survey {
	const struct address *guests[GUESTS_MAX];
	size_t guest_count, left_out;
	__u16 ports[PORTS_MAX];
	size_t port_count;
	struct settings settings;
};

/* ---- whom and what to ask ---- */

static bool is_guest(const struct audit *audit, const struct neighbour *neighbour)
{
	const struct prefix whole = {neighbour->address, 128};
	const struct route_row *row = slices_holding(&audit->slices, &whole);

	return neighbour_is_known(neighbour) && row && row->route.kind == ROUTE_ON_LINK &&
	       row->route.ifindex == neighbour->ifindex;
}

static void choose_guests(const struct audit *audit, struct survey *survey)
{
	for (size_t i = 0; i < audit->neighbours.count; i++) {
		const struct neighbour *neighbour = &audit->neighbours.list[i];

		if (!is_guest(audit, neighbour))
			continue;
		if (survey->guest_count < GUESTS_MAX)
			survey->guests[survey->guest_count++] = &neighbour->address;
		else
			survey->left_out++;
	}
}

static void add_port(struct survey *survey, __u16 port)
{
	for (size_t i = 0; i < survey->port_count; i++)
		if (survey->ports[i] == port)
			return;
	if (survey->port_count < PORTS_MAX)
		survey->ports[survey->port_count++] = port;
}

/* The usual ones first: a long list of rules must not crowd them out. */
static void choose_ports(const struct config *config, struct survey *survey)
{
	for (size_t i = 0; i < sizeof(usual_ports) / sizeof(usual_ports[0]); i++)
		add_port(survey, usual_ports[i]);
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];

		for (size_t j = 0; rule->protocol == IPPROTO_TCP && j < rule->range_count; j++)
			if (rule->ranges[j].first == rule->ranges[j].last)
				add_port(survey, rule->ranges[j].first);
	}
}

/* ---- what a stranger would get ---- */

static const struct settings_interface *wan_of(const struct settings *settings)
{
	for (__u32 i = 0; i < settings->interface_count; i++)
		if (settings->interfaces[i].role == ROLE_WAN)
			return &settings->interfaces[i];
	return NULL;
}

/* Of the documentation's ranges: no rule is about them. */
static void stranger_for(const struct address *guest, struct address *stranger)
{
	const struct prefix whole = {*guest, 128};
	bool ipv4;

	address_read(prefix_is_ipv4(&whole) ? "198.51.100.77" : "2001:db8:ffff:ffff::77", stranger,
		     &ipv4);
}

static bool is_refused(const struct audit *audit, const struct survey *survey,
		       const struct connect *connect)
{
	const struct settings_interface *wan = wan_of(&survey->settings);
	struct question question = {.protocol = IPPROTO_TCP,
				    .destination = connect->address,
				    .source_port = STRANGER_PORT,
				    .destination_port = connect->port,
				    .tcp_flags = TH_SYN};
	struct explanation notes = {};
	__u8 frame[QUESTION_FRAME_MAX];
	size_t length;

	if (!wan)
		return false;
	stranger_for(&connect->address, &question.source);
	length = question_frame(&question, wan->has_link_header ? wan->mac : NULL, frame);
	return !explain_frame(audit->pins, frame, length, wan->ifindex, 0, &notes) &&
	       notes.verdict == VERDICT_DROP && notes.reason == DROP_NOT_ALLOWED;
}

/* Does an allow let some sources in, if not a stranger? */
static bool is_for_some(const struct config *config, const struct connect *connect)
{
	for (size_t i = 0; i < config->rule_count; i++) {
		const struct rule *rule = &config->rules[i];
		bool ports = !rule->range_count, destination = false;

		if (rule->action != RULE_ALLOW ||
		    (rule->protocol != PROTOCOL_ANY && rule->protocol != IPPROTO_TCP))
			continue;
		for (size_t j = 0; j < rule->range_count; j++)
			ports |= connect->port >= rule->ranges[j].first &&
				 connect->port <= rule->ranges[j].last;
		for (size_t j = 0; j < rule->destination_count; j++)
			destination |= prefix_contains(&rule->destinations[j], &connect->address);
		if (ports && destination)
			return true;
	}
	return false;
}

static void tell(struct audit *audit, const struct connect *connect)
{
	struct audit_finding *finding = audit_note(audit, AUDIT_UNREACHABLE);
	char text[PREFIX_TEXT];

	if (!finding)
		return;
	finding->address = connect->address;
	finding->has_address = true;
	snprintf(finding->service, sizeof(finding->service), "tcp %u", connect->port);
	address_format(&connect->address, text, sizeof(text));
	audit_say(finding, "answers the host; no rule lets anybody else in");
	audit_remedy(finding, "xfw allow tcp %u %s", connect->port, text);
}

/* ---- all of it ---- */

static void judge(struct audit *audit, const struct survey *survey, const struct connect *connects,
		  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (connects[i].answers && is_refused(audit, survey, &connects[i]) &&
		    !is_for_some(audit->config, &connects[i]))
			tell(audit, &connects[i]);
}

int audit_services(struct audit *audit, struct audit_asked *asked)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	struct connect *connects = NULL;
	size_t count = 0;

	if (!survey)
		return -ENOMEM;
	stats_settings(audit->pins, &survey->settings);
	choose_guests(audit, survey);
	choose_ports(audit->config, survey);
	connects = calloc(survey->guest_count * survey->port_count + 1, sizeof(*connects));
	if (!connects) {
		free(survey);
		return -ENOMEM;
	}
	/* A port of every guest before the next: no guest meets all of them at once. */
	for (size_t port = 0; port < survey->port_count; port++)
		for (size_t guest = 0; guest < survey->guest_count; guest++)
			connects[count++] = (struct connect){.address = *survey->guests[guest],
							     .port = survey->ports[port]};
	connects_try(connects, count);
	judge(audit, survey, connects, count);
	*asked = (struct audit_asked){survey->guest_count, survey->port_count, survey->left_out};
	free(connects);
	free(survey);
	return 0;
}
