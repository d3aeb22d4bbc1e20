/* SPDX-License-Identifier: GPL-2.0 */
/*
 * `define` names, and every word that stands for an address or prefix.
 */
#ifndef XFW_NAMES_H
#define XFW_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "../maps/layout.h"

/* What is wrong with a word and what would be right; whoever knows the place puts it before. */
struct fault {
	char text[384];
};

int fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct definition {
	const char *name;  /* borrowed */
	const char *value; /* borrowed */
};

struct names {
	struct definition *definitions;
	size_t count, room;
	bool sorted;
};

/* May @name be defined? 0 or -EINVAL with the fault. */
int names_check(const char *name, struct fault *fault);

int names_add(struct names *names, const char *name, const char *value);
void names_free(struct names *names);

/* The value as written, NULL when the name is not defined. */
const char *names_value(struct names *names, const char *name);

/* NAME or NAME:rest spelled out, through defines of defines. 0 or -EINVAL with the fault. */
int names_expand(struct names *names, const char *word, char *out, size_t size,
		 struct fault *fault);

/* Is @value something a define may stand for: an address, a prefix, leading groups? */
int names_check_value(struct names *names, const char *name, struct fault *fault);

/*
 * The prefix or address (then of length 128) that @word stands for, IPv4 v4-mapped.
 * 0 or -EINVAL with the fault.
 */
int names_prefix(struct names *names, const char *word, struct prefix *prefix, struct fault *fault);
int names_address(struct names *names, const char *word, struct address *address,
		  struct fault *fault);

bool prefix_is_ipv4(const struct prefix *prefix);
bool prefix_contains(const struct prefix *outer, const struct address *address);

enum { PREFIX_TEXT = 64 };
/* As people write it: IPv4 dotted, a whole address without its length. */
void prefix_format(const struct prefix *prefix, char *text, size_t size);
void address_format(const struct address *address, char *text, size_t size);

#endif
