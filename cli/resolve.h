/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a document to what it means on this machine: names to addresses, interfaces to indexes,
 * words to numbers. Changes nothing.
 */
#ifndef XFW_RESOLVE_H
#define XFW_RESOLVE_H

#include "../loader/config.h"
#include "../loader/system.h"
#include "document.h"
#include "reader.h"

/*
 * Fill @config (to be freed by config_free, also after a fault). The document's rules and routes
 * have their ids. Every statement is looked at, so that every fault is told; those that @faults
 * already holds are of lines that could not be read. Returns 0, -ENOMEM, or -EINVAL.
 */
int resolve(const struct document *document, const struct system *system, struct config *config,
	    struct faults *faults);

/* The snapshot that resolving @document wants: with the tables it imports. 0 or -errno. */
int system_read_for(const struct document *document, struct system *system);

/*
 * The rule or route of @document that means what @wanted means, however it is written (tcp https
 * for tcp 443); NULL when there is none.
 */
struct statement *find_by_meaning(const struct document *document, const struct statement *wanted,
				  const struct system *system);

/* ---- for the files of resolving ---- */

/* The names that the document defines. 0 or -ENOMEM. */
int collect_names(const struct document *document, struct names *names);

/* One allow or deny line. Also after a fault, the rule is to be freed. */
int resolve_rule(struct reader *reader, struct rule *rule);
void rule_free(struct rule *rule);

/* A word that ends what a rule matches at the destination: from, limit, log, comment. */
bool is_rule_tail(const char *word);

/* The routes so far, by prefix: who has one already, and which slice a gateway lies in. */
struct route_index {
	const struct statement **lines; /* by place in config->routes */
	__u32 *places;			/* open addressing, from 1 */
	size_t size;			/* a power of two */
	bool lengths[129];		/* of the prefixes that are on link */
};

int route_index_open(struct route_index *index, size_t count);
void route_index_close(struct route_index *index);

/* What a route line says, without asking where it leads; @device is "" when it names none. */
struct route_words {
	struct prefix prefix;
	enum route_kind kind;
	struct address gateway;
	const char *device;
};

int read_route(struct reader *reader, struct route_words *words);

/* One route line, into @config and @index. */
int resolve_route(struct reader *reader, struct config *config, struct route_index *index);

/* Add @route unless its prefix is routed already. Returns whether it was added. */
bool route_index_add(struct route_index *index, struct config *config,
		     const struct route_config *route, const struct statement *line);

/* `route import …`, a kind of route line of its own: all that @reader's system has in the table. */
bool is_import(const struct statement *statement);
int resolve_import(struct reader *reader, struct config *config, struct route_index *index);

/* NULL when the interface has no role. */
const struct interface_config *interface_of(const struct config *config, unsigned int ifindex);

int resolve_option(struct reader *reader, struct options *options);

/* One line each; a forward is a rule, too, to be freed like one. */
int resolve_masquerade(struct reader *reader, struct config *config);
int resolve_forward(struct reader *reader, struct rule *rule, struct forward_config *forward);
int resolve_ndp(struct reader *reader, struct config *config);

#endif
