/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The SSH session that a command is typed in, and whether a change would saw it off.
 */
#ifndef XFW_SESSION_H
#define XFW_SESSION_H

#include "../loader/instance.h"
#include "document.h"

struct session {
	const struct document *document; /* what shall run: names the rule at fault */
	struct report *report;
	struct address client, server;
	__u16 client_port, server_port;
};

/*
 * Have @instance refuse its next change when that would drop this session's packets, which it
 * lets in now. Without a session nothing is refused. @session must outlive the change.
 */
void session_guard(struct instance *instance, struct session *session);

#endif
