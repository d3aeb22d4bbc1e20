// SPDX-License-Identifier: GPL-2.0
/*
 * Made of those lines of a broken file that can be read: a bad line elsewhere takes nothing from
 * them.
 */
#include "rescue.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../loader/offload.h"
#include "document.h"
#include "resolve.h"

static const char by_default[] = "allow tcp 22 host";

/* The words behind `option rescue` as an allow: the destination is the host. */
static size_t rule_words(const struct statement *option, char **words)
{
	size_t count = 0, at = 2;

	words[count++] = (char *)"allow";
	while (at < option->word_count && !is_rule_tail(option->words[at]))
		words[count++] = option->words[at++];
	words[count++] = (char *)"host";
	while (at < option->word_count)
		words[count++] = option->words[at++];
	return count;
}

int rescue_read(struct reader *reader)
{
	const struct statement *option = reader->statement;
	char **words = calloc(option->word_count + 2, sizeof(*words));
	struct statement statement = {
		.kind = STATEMENT_ALLOW, .words = words, .text = option->text};
	struct reader of_rule = *reader;
	struct rule rule = {};
	int error;

	if (!words)
		return -ENOMEM;
	of_rule.statement = &statement;
	of_rule.at = 1;
	of_rule.patient = true; /* the host may have no address yet */
	statement.word_count = rule_words(option, words);
	error = option->word_count > 2
			? resolve_rule(&of_rule, &rule)
			: reader_wants(reader, "what to let in to the host (tcp 22)");
	reader->at = option->word_count;
	rule_free(&rule);
	free(words);
	return error;
}

/* ---- the interfaces ---- */

static size_t print_named_wans(const struct document *document, FILE *to)
{
	size_t count = 0;

	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];

		/* An interface that is not there is no reason to leave the others open. */
		if (statement->kind == STATEMENT_WAN && statement->word_count == 2 &&
		    if_nametoindex(statement->words[1]))
			count += fprintf(to, "%s\n", statement->text) > 0;
	}
	return count;
}

/* Behind a card is somebody else; what the kernel made itself leads to guests. */
static size_t print_cards(FILE *to)
{
	struct if_nameindex *all = if_nameindex();
	size_t count = 0;

	for (struct if_nameindex *one = all; one && one->if_name; one++)
		if (offload_is_card(one->if_name))
			count += fprintf(to, "wan %s\n", one->if_name) > 0;
	if (all)
		if_freenameindex(all);
	return count;
}

/* ---- what is let in ---- */

static void print_rule(const struct statement *option, FILE *to)
{
	char **words = calloc(option->word_count + 2, sizeof(*words));
	size_t count = words ? rule_words(option, words) : 0;

	for (size_t i = 0; i < count; i++)
		fprintf(to, "%s%c", words[i], i + 1 < count ? ' ' : '\n');
	free(words);
}

/* The option, and the names it may be made of. */
static void print_asked(const struct document *document, FILE *to)
{
	const struct statement *option = NULL;

	for (size_t i = 0; i < document->count; i++) {
		const struct statement *statement = &document->statements[i];

		if (statement->kind == STATEMENT_OPTION && statement->word_count > 2 &&
		    !strcmp(statement->words[1], "rescue"))
			option = statement;
		else if (statement->kind == STATEMENT_DEFINE)
			fprintf(to, "%s\n", statement->text);
	}
	if (option)
		print_rule(option, to);
	else
		fprintf(to, "%s\n", by_default);
}

int rescue_open(const char *config, bool as_asked)
{
	struct document document;
	struct faults faults = {};
	int fd = memfd_create("rescue", MFD_CLOEXEC);
	FILE *rescue = fd < 0 ? NULL : fdopen(dup(fd), "w");
	size_t interfaces;

	if (!rescue) {
		if (fd >= 0)
			close(fd);
		return -errno;
	}
	document_init(&document, config);
	document_read_file(&document, config, &faults);
	interfaces = print_named_wans(&document, rescue) ?: print_cards(rescue);
	if (as_asked)
		print_asked(&document, rescue);
	else
		fprintf(rescue, "%s\n", by_default);
	document_free(&document);
	if (fclose(rescue) || !interfaces) {
		close(fd);
		return interfaces ? -EIO : -ENOENT;
	}
	return fd;
}
