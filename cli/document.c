/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A configuration in memory: statements, found by their text or by their subject, and their ids.
 */
#include "document.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/content_hash.h"
#include "../maps/layout.h"

void document_init(struct document *document, const char *source)
{
	memset(document, 0, sizeof(*document));
	snprintf(document->source, sizeof(document->source), "%s", source ?: "");
}

void document_free(struct document *document)
{
	for (size_t i = 0; i < document->count; i++)
		statement_free(&document->statements[i]);
	for (size_t i = 0; i < document->included_count; i++)
		free(document->included[i]);
	free(document->included);
	free(document->statements);
	free(document->by_text.slots);
	free(document->by_subject.slots);
	memset(document, 0, sizeof(*document));
}

void document_fault(const struct document *document, const struct statement *statement,
		    struct faults *faults, const char *text)
{
	const char *source = document->source[0] ? document->source : "xfw";

	if (statement && statement->included)
		source = statement->included;
	if (!statement)
		faults_add(faults, 0, "%s: %s", source, text);
	else if (statement->line > 0)
		faults_add(faults, statement->line, "%s:%d: %s: %s", source, statement->line,
			   statement_keywords[statement->kind], text);
	else if (statement->line == LINE_RUNNING)
		faults_add(faults, 0, "%s: %s: %s (in the running '%s')", source,
			   statement_keywords[statement->kind], text, statement->text);
	else
		faults_add(faults, 0, "%s: %s: %s", source, statement_keywords[statement->kind],
			   text);
}

/* ---- the indexes ---- */

static struct document_slot *text_slot(const struct document *document, const char *text,
				       __u32 hash)
{
	const struct document_index *index = &document->by_text;
	size_t at = hash & (index->size - 1);

	for (; index->slots[at].place; at = (at + 1) & (index->size - 1))
		if (index->slots[at].hash == hash &&
		    !strcmp(document->statements[index->slots[at].place - 1].text, text))
			break;
	return &index->slots[at];
}

static __u32 subject_hash(const struct statement *statement)
{
	const char *subject = statement_subject(statement);

	return content_hash(subject, strlen(subject), statement_groups[statement->kind]);
}

static struct document_slot *subject_slot(const struct document *document,
					  const struct statement *statement, __u32 hash)
{
	const struct document_index *index = &document->by_subject;
	size_t at = hash & (index->size - 1);

	for (; index->slots[at].place; at = (at + 1) & (index->size - 1))
		if (index->slots[at].hash == hash &&
		    statement_same_subject(&document->statements[index->slots[at].place - 1],
					   statement))
			break;
	return &index->slots[at];
}

static void index_statement(struct document *document, size_t place)
{
	const struct statement *statement = &document->statements[place];
	__u32 hash = statement->hash;

	*text_slot(document, statement->text, hash) = (struct document_slot){place + 1, hash};
	if (!statement_subject(statement))
		return;
	hash = subject_hash(statement);
	*subject_slot(document, statement, hash) = (struct document_slot){place + 1, hash};
}

static void index_all(struct document *document)
{
	memset(document->by_text.slots, 0, document->by_text.size * sizeof(struct document_slot));
	memset(document->by_subject.slots, 0,
	       document->by_subject.size * sizeof(struct document_slot));
	for (size_t i = 0; i < document->count; i++)
		index_statement(document, i);
}

static int reserve_index(struct document_index *index, size_t size)
{
	void *slots = reallocarray(index->slots, size, sizeof(*index->slots));

	if (!slots)
		return -ENOMEM;
	index->slots = slots;
	index->size = size;
	return 0;
}

int document_reserve(struct document *document, size_t count)
{
	size_t room = document->room ?: 64;
	void *longer;

	while (room < count)
		room *= 2;
	if (room == document->room)
		return 0;
	longer = reallocarray(document->statements, room, sizeof(*document->statements));
	if (!longer)
		return -ENOMEM;
	document->statements = longer;
	/* At most half full, or searches get long. */
	if (reserve_index(&document->by_text, room * 2) ||
	    reserve_index(&document->by_subject, room * 2))
		return -ENOMEM;
	document->room = room;
	index_all(document);
	return 0;
}

static struct statement *find(const struct document *document, const char *text, __u32 hash)
{
	__u32 place = document->count ? text_slot(document, text, hash)->place : 0;

	return place ? &document->statements[place - 1] : NULL;
}

struct statement *document_find(const struct document *document, const char *text)
{
	return find(document, text, statement_hash(text));
}

struct statement *document_find_subject(const struct document *document,
					const struct statement *statement)
{
	__u32 place;

	if (!document->count || !statement_subject(statement))
		return NULL;
	place = subject_slot(document, statement, subject_hash(statement))->place;
	return place ? &document->statements[place - 1] : NULL;
}

/* ---- changing ---- */

void document_remove(struct document *document, struct statement *statement)
{
	size_t place = statement - document->statements;

	statement_free(statement);
	document->count--;
	memmove(statement, statement + 1, (document->count - place) * sizeof(*statement));
	index_all(document);
}

static int fault_twice(const struct statement *before, struct fault *fault)
{
	return fault_set(fault, "'%s' is given already%s: %s", before->words[1],
			 statement_where(before).text, before->text);
}

/* @statement takes the place of @before, or joins the others. */
static void place_statement(struct document *document, const struct statement *statement,
			    struct statement *before)
{
	if (before) {
		statement_free(before);
		*before = *statement;
		index_all(document);
		return;
	}
	assert(document->statements); /* there is room: document_reserve() */
	document->statements[document->count] = *statement;
	index_statement(document, document->count++);
}

int document_add(struct document *document, char *const *words, size_t count, int line,
		 bool replace, struct fault *fault)
{
	struct statement statement, *before;
	int error;

	if (document_reserve(document, document->count + 1))
		return -ENOMEM;
	error = statement_make(&statement, words, count, line, fault);
	if (error)
		return error;
	if (find(document, statement.text, statement.hash)) {
		statement_free(&statement);
		return 1;
	}
	before = document_find_subject(document, &statement);
	if (before && !replace) {
		error = fault_twice(before, fault);
		statement_free(&statement);
		return error;
	}
	place_statement(document, &statement, before);
	return 0;
}

/* ---- who stands on a define ---- */

static bool is_name_or_joined(const char *word, const char *name)
{
	size_t length = strlen(name);

	/* strchr() finds the word's end, too. */
	return !strncmp(word, name, length) && strchr(":/", word[length]);
}

/* Words that are no addresses: keywords and protocols, interfaces, what a comment says. */
static bool names_no_address(const struct statement *statement, size_t place)
{
	const char *before = statement->words[place - 1];

	return (place == 1 &&
		(statement->kind == STATEMENT_DEFINE || statement_is_rule(statement))) ||
	       !strcmp(before, "dev") || !strcmp(before, "comment");
}

const struct statement *document_user_of(const struct document *document, const char *name)
{
	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];
		enum statement_group group = statement_groups[statement->kind];

		if (group == GROUP_ROLES || group == GROUP_OPTIONS)
			continue;
		for (size_t place = 1; place < statement->word_count; place++)
			if (is_name_or_joined(statement->words[place], name) &&
			    !names_no_address(statement, place))
				return statement;
	}
	return NULL;
}

/* ---- ids ---- */

/* Ids of one kind: those taken, and the one given last. */
struct id_space {
	bool *taken;
	__u32 capacity;
	__u32 *last;
};

static int give_id(struct id_space *space, __u32 *id)
{
	for (__u32 tries = 1; tries < space->capacity; tries++) {
		*space->last = *space->last + 1 < space->capacity ? *space->last + 1 : 1;
		if (space->taken[*space->last])
			continue;
		space->taken[*space->last] = true;
		*id = *space->last;
		return 0;
	}
	return -ENOSPC;
}

static int give_ids(struct document *document, struct id_space *rules, struct id_space *routes,
		    struct fault *fault)
{
	for (size_t i = 0; i < document->count; i++) {
		struct statement *statement = &document->statements[i];
		bool *taken = statement_is_rule(statement) ? rules->taken : routes->taken;

		if (!statement->id)
			continue;
		if (taken[statement->id])
			statement->id = 0;
		else
			taken[statement->id] = true;
	}
	for (size_t i = 0; i < document->count; i++) {
		struct statement *statement = &document->statements[i];
		struct id_space *space = statement_is_rule(statement) ? rules : routes;

		if (statement->id || !statement_has_id(statement))
			continue;
		if (give_id(space, &statement->id))
			return fault_set(fault, "more %s than xfw has room for (%u)",
					 space == rules ? "rules" : "routes", space->capacity - 1);
	}
	return 0;
}

int document_take_ids(struct document *document, const struct document *running,
		      struct fault *fault)
{
	struct id_space rules = {.capacity = XFW_RULES_CAPACITY, .last = &document->last_rule_id};
	struct id_space routes = {.capacity = XFW_ROUTES_CAPACITY,
				  .last = &document->last_route_id};
	int error = -ENOMEM;

	if (running) {
		document->last_rule_id = running->last_rule_id;
		document->last_route_id = running->last_route_id;
	}
	for (size_t i = 0; running && i < document->count; i++) {
		struct statement *statement = &document->statements[i];
		const struct statement *same = find(running, statement->text, statement->hash);

		if (same)
			statement->id = same->id;
	}
	rules.taken = calloc(rules.capacity, sizeof(bool));
	routes.taken = calloc(routes.capacity, sizeof(bool));
	if (rules.taken && routes.taken)
		error = give_ids(document, &rules, &routes, fault);
	free(rules.taken);
	free(routes.taken);
	return error;
}
