/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Found by sshd's SSH_CONNECTION, which sudo takes out of the environment: ancestors have it
 * still. Judged by the loaded programs, under the tables that are about to judge.
 */
#include "session.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../maps/explain.h"
#include "../maps/stats.h"
#include "prefix.h"
#include "question.h"

#define VARIABLE "SSH_CONNECTION="

/* ---- finding it ---- */

static bool find_in_environment(pid_t process, char *found, size_t size)
{
	char path[64], *entry = NULL;
	size_t room = 0;
	bool is_there = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)process);
	file = fopen(path, "re");
	while (file && !is_there && getdelim(&entry, &room, '\0', file) > 0)
		is_there = !strncmp(entry, VARIABLE, strlen(VARIABLE));
	if (is_there)
		snprintf(found, size, "%s", entry + strlen(VARIABLE));
	free(entry);
	if (file)
		fclose(file);
	return is_there;
}

/* 0 at the end of the line of ancestors. */
static pid_t parent_of(pid_t process)
{
	char path[64], line[128];
	int parent = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)process);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "PPid: %d", &parent) == 1)
			break;
	if (file)
		fclose(file);
	return parent;
}

/* "CLIENT PORT SERVER PORT" */
static bool read_connection(const char *text, struct session *session)
{
	char client[64], server[64];
	bool ipv4;

	return sscanf(text, "%63s %hu %63s %hu", client, &session->client_port, server,
		      &session->server_port) == 4 &&
	       address_read(client, &session->client, &ipv4) &&
	       address_read(server, &session->server, &ipv4);
}

static bool find_session(struct session *session)
{
	char connection[256];

	for (pid_t process = getpid(); process > 1; process = parent_of(process))
		if (find_in_environment(process, connection, sizeof(connection)))
			return read_connection(connection, session);
	return false;
}

/* ---- asking ---- */

static int settings_of(const struct pins *pins, __u32 generation, struct settings *settings)
{
	int table = generation_table_open_of(pins, TABLE_SETTINGS, generation), error = 0;
	__u32 zero = 0;

	if (table < 0)
		return table;
	if (bpf_map_lookup_elem(table, &zero, settings))
		error = -errno;
	close(table);
	return error;
}

/* Would some WAN of @generation drop it? A session that comes in elsewhere is not ours to judge. */
static bool would_be_dropped(const struct pins *pins, const struct session *session,
			     __u32 generation, struct explanation *notes)
{
	struct question question = {.protocol = IPPROTO_TCP,
				    .source = session->client,
				    .destination = session->server,
				    .source_port = session->client_port,
				    .destination_port = session->server_port,
				    .tcp_flags = TH_ACK};
	__u8 frame[QUESTION_FRAME_MAX];
	struct settings settings;

	if (settings_of(pins, generation, &settings))
		return false;
	for (__u32 i = 0; i < settings.interface_count; i++) {
		const struct settings_interface *wan = &settings.interfaces[i];
		size_t length;

		if (wan->role != ROLE_WAN)
			continue;
		length = question_frame(&question, wan->has_link_header ? wan->mac : NULL, frame);
		if (explain_frame(pins, frame, length, wan->ifindex, generation, notes))
			continue;
		/* From a guest, it comes in by a LAN. */
		if (notes->verdict == VERDICT_DROP && notes->reason != DROP_SOURCE_OWN)
			return true;
	}
	return false;
}

static const char *rule_text(const struct document *document, __u32 id)
{
	for (size_t i = 0; id && i < document->count; i++)
		if (statement_is_rule(&document->statements[i]) && document->statements[i].id == id)
			return document->statements[i].text;
	return NULL;
}

static int refuse(const struct session *session, const struct explanation *notes)
{
	const char *rule = rule_text(session->document, notes->rule);
	char client[PREFIX_TEXT];

	address_format(&session->client, client, sizeof(client));
	if (rule)
		snprintf(session->report->error, sizeof(session->report->error),
			 "this would cut your SSH session from %s: '%s' drops it; nothing was "
			 "changed (--confirm SECONDS tries it, --force does it)",
			 client, rule);
	else
		snprintf(session->report->error, sizeof(session->report->error),
			 "this would cut your SSH session from %s: %s (an 'allow tcp %u host from "
			 "%s' would keep it); nothing was changed (--confirm SECONDS tries it, "
			 "--force does it)",
			 client, reason_texts[notes->reason], session->server_port, client);
	return -ECANCELED;
}

static int ask(const struct pins *pins, __u32 next, void *context)
{
	const struct session *session = context;
	struct explanation notes = {}, now = {};

	if (!would_be_dropped(pins, session, next, &notes))
		return 0;
	/* What is cut already is not cut by this change. */
	if (next > 1 && would_be_dropped(pins, session, generation_current(pins), &now))
		return 0;
	return refuse(session, &notes);
}

void session_guard(struct instance *instance, struct session *session)
{
	if (find_session(session))
		instance->guard = (struct generation_guard){ask, session};
}
