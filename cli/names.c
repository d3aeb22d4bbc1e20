/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names, and the words made of them.
 */
#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "number.h"
#include "statement.h"

enum { EXPANDED = 192, NESTED_MAX = 32 };

/* ---- what may be a name ---- */

static bool is_hex_group(const char *word)
{
	size_t length = strlen(word);

	return length >= 1 && length <= 4 && strspn(word, "0123456789abcdefABCDEF") == length;
}

static bool is_reserved(const char *name)
{
	static const char *const reserved[] = {
		"any",	   "host", "from",   "to",    "via",	"dev", "on",
		"off",	   "hook", "import", "table", "within", "log", "limit",
		"comment", "tcp",  "udp",    "sctp",  "icmp",	"esp", "gre",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (!strcmp(name, reserved[i]))
			return true;
	for (int kind = 0; kind < STATEMENT_KINDS; kind++)
		if (!strcmp(name, statement_keywords[kind]))
			return true;
	return !strcmp(name, "icmp6");
}

int names_check(const char *name, struct fault *fault)
{
	if (!isalpha((unsigned char)name[0]))
		return fault_set(fault, "'%s' is no name: names begin with a letter", name);
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
			return fault_set(fault, "'%s' is no name: only letters, digits, - and _",
					 name);
	if (is_hex_group(name))
		return fault_set(fault,
				 "'%s' reads as a group of an IPv6 address; choose another name",
				 name);
	if (is_reserved(name))
		return fault_set(fault, "'%s' is a word of the language; choose another name",
				 name);
	return 0;
}

/* ---- defines ---- */

int names_add(struct names *names, const char *name, const char *value, int line)
{
	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 16;
		void *longer = reallocarray(names->definitions, room, sizeof(*names->definitions));

		if (!longer)
			return -ENOMEM;
		names->definitions = longer;
		names->room = room;
	}
	names->definitions[names->count++] =
		(struct definition){.name = name, .value = value, .line = line};
	names->sorted = false;
	return 0;
}

void names_free(struct names *names)
{
	free(names->definitions);
	memset(names, 0, sizeof(*names));
}

static int compare_definitions(const void *a, const void *b)
{
	return strcmp(((const struct definition *)a)->name, ((const struct definition *)b)->name);
}

static struct definition *find(struct names *names, const char *name)
{
	struct definition key = {.name = name};

	if (!names->count)
		return NULL;
	if (!names->sorted)
		qsort(names->definitions, names->count, sizeof(key), compare_definitions);
	names->sorted = true;
	return bsearch(&key, names->definitions, names->count, sizeof(key), compare_definitions);
}

const char *names_value(struct names *names, const char *name)
{
	const struct definition *definition = find(names, name);

	return definition ? definition->value : NULL;
}

const char *names_nearest(const struct names *names, const char *word)
{
	/* A courtesy: not worth the time when there are very many. */
	enum { CANDIDATES = 256 };
	const char *candidates[CANDIDATES + 2] = {"any", "host"};
	size_t count = 2;

	for (size_t i = 0; i < names->count && i < CANDIDATES; i++)
		candidates[count++] = names->definitions[i].name;
	return nearest_word(word, candidates, count);
}

/* ---- spelling out ---- */

/* Split NAME:rest or NAME/length at its first separator; *rest includes the separator. */
static bool split(const char *word, char *name, size_t size, const char **rest)
{
	size_t length = strcspn(word, ":/");

	if (length >= size)
		return false;
	memcpy(name, word, length);
	name[length] = '\0';
	*rest = word + length;
	return true;
}

static int fault_cycle(const struct definition *first, const struct definition *last,
		       struct fault *fault)
{
	if (first == last)
		return fault_set(fault, "'%s' is defined by itself", first->name);
	if (first->line <= 0 || last->line <= 0)
		return fault_set(fault, "'%s' and '%s' are defined by each other", first->name,
				 last->name);
	return fault_set(fault, "'%s' and '%s' are defined by each other, in lines %d and %d",
			 first->name, last->name, first->line, last->line);
}

/* Go one define further down, from chain[depth - 1] to @next. */
static int descend(const struct definition *const *chain, size_t depth,
		   const struct definition *next, const char *word, struct fault *fault)
{
	if (next->faulty || !next->value) {
		fault->text[0] = '\0';
		return -EINVAL;
	}
	for (size_t i = 0; i < depth; i++)
		if (chain[i] == next)
			return fault_cycle(next, chain[depth - 1], fault);
	if (depth == NESTED_MAX)
		return fault_set(fault, "'%s' is defined through more than %d names", word,
				 NESTED_MAX);
	return 0;
}

int names_expand(struct names *names, const char *word, char *out, size_t size, struct fault *fault)
{
	const struct definition *chain[NESTED_MAX], *definition;
	char name[EXPANDED], joined[EXPANDED], next[EXPANDED];
	const char *rest;

	if (strlen(word) >= size || strlen(word) >= EXPANDED)
		return fault_set(fault, "'%.40s…' is too long", word);
	strcpy(joined, word);
	for (size_t depth = 0;; depth++) {
		if (!split(joined, name, sizeof(name), &rest))
			break;
		definition = find(names, name);
		if (!definition)
			break;
		if (descend(chain, depth, definition, word, fault))
			return -EINVAL;
		chain[depth] = definition;
		if (snprintf(next, sizeof(next), "%s%s", definition->value, rest) >=
			    (int)sizeof(next) ||
		    strlen(next) >= size)
			return fault_set(fault, "'%s' spelled out is too long", word);
		strcpy(joined, next);
	}
	strcpy(out, joined);
	return 0;
}

/* 2001:db8:1:2, fewer than eight groups and no :: */
static bool is_leading_groups(const char *text)
{
	char copy[EXPANDED], *group, *rest = copy;
	int count = 0;

	if (strlen(text) >= sizeof(copy) || strstr(text, "::"))
		return false;
	strcpy(copy, text);
	while ((group = strsep(&rest, ":"))) {
		if (!is_hex_group(group))
			return false;
		count++;
	}
	return count < 8;
}

int names_check_value(struct names *names, const char *name, struct fault *fault)
{
	char expanded[EXPANDED];
	struct prefix prefix;
	int error = names_expand(names, name, expanded, sizeof(expanded), fault);

	if (error || is_leading_groups(expanded))
		return error;
	return names_prefix(names, names_value(names, name), &prefix, fault);
}

void names_mark_faulty(struct names *names, const char *name)
{
	struct definition *definition = find(names, name);

	if (definition)
		definition->faulty = true;
}

/* ---- addresses ---- */

static int fault_undefined(const struct names *names, const char *word, const char *name,
			   struct fault *fault)
{
	const char *nearest = names_nearest(names, name);

	if (nearest)
		return fault_set(fault, "'%s' is not defined; did you mean '%s'?", name, nearest);
	if (!strcmp(word, name))
		return fault_set(fault, "'%s' is not defined and no address (define %s VALUE)",
				 word, word);
	return fault_set(fault, "'%s' in '%s' is not defined (define %s VALUE)", name, word, name);
}

static int fault_no_address(const struct names *names, const char *word, const char *expanded,
			    struct fault *fault)
{
	struct fault ignored;
	char name[EXPANDED];
	const char *rest;

	if (is_leading_groups(expanded) && strchr(word, ':') == NULL && strcmp(word, expanded))
		return fault_set(fault,
				 "'%s' stands for leading groups only; write %s:REST, as in %s::1",
				 word, word, word);
	/* Where a name could stand but none is defined, the name is what is missing. */
	if (!strcmp(word, expanded) && split(word, name, sizeof(name), &rest) &&
	    !names_check(name, &ignored))
		return fault_undefined(names, word, name, fault);
	if (strcmp(word, expanded))
		return fault_set(fault, "'%s' (that is, %s) is no address or prefix", word,
				 expanded);
	return fault_set(fault, "'%s' is no address, prefix or name", word);
}

/* IPv4 lives inside the IPv6 space here; a prefix around it would quietly mean both. */
static bool holds_ipv4_unsaid(const struct prefix *prefix)
{
	static const struct address mapped = {{[10] = 0xff, [11] = 0xff}};

	return prefix->length < IPV4_BITS_BEFORE && prefix_contains(prefix, &mapped);
}

int names_prefix(struct names *names, const char *word, struct prefix *prefix, struct fault *fault)
{
	char expanded[EXPANDED], whole[EXPANDED], *slash, right[PREFIX_TEXT];
	unsigned long length;
	struct prefix cleared;
	bool ipv4;

	if (names_expand(names, word, expanded, sizeof(expanded), fault))
		return -EINVAL;
	strcpy(whole, expanded);
	slash = strchr(expanded, '/');
	if (slash)
		*slash++ = '\0';
	if (!address_read(expanded, &prefix->address, &ipv4))
		return fault_no_address(names, word, whole, fault);
	prefix->length = 128;
	if (!slash)
		return 0;
	if (strchr(slash, '/') && strcmp(word, whole))
		return fault_no_address(names, word, whole, fault);
	if (!number_read(slash, ipv4 ? 32 : 128, &length))
		return fault_set(fault, "'/%s' is no prefix length (0 to %d)", slash,
				 ipv4 ? 32 : 128);
	prefix->length = length + (ipv4 ? IPV4_BITS_BEFORE : 0);
	cleared = *prefix;
	address_mask(&cleared.address, cleared.length);
	if (memcmp(&cleared, prefix, sizeof(cleared))) {
		prefix_format(&cleared, right, sizeof(right));
		return fault_set(fault, "'%s' has host bits set; the prefix is %s", word, right);
	}
	if (holds_ipv4_unsaid(prefix))
		return fault_set(fault,
				 "'%s' would hold IPv4, too; write 'any' for both families or "
				 "2000::/3 for global IPv6",
				 word);
	return 0;
}

int names_address(struct names *names, const char *word, struct address *address,
		  struct fault *fault)
{
	struct prefix prefix;
	int error = names_prefix(names, word, &prefix, fault);

	if (error)
		return error;
	if (prefix.length != 128)
		return fault_set(fault, "'%s' is a prefix where an address is wanted", word);
	*address = prefix.address;
	return 0;
}
