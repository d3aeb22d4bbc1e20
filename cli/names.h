/* SPDX-License-Identifier: GPL-2.0 */
/*
 * `define` names, and every word that stands for an address or prefix.
 */
#ifndef XFW_NAMES_H
#define XFW_NAMES_H

#include "fault.h"
#include "prefix.h"

struct definition {
	const char *name;  /* borrowed */
	const char *value; /* borrowed; NULL in a define without one */
	int line;	   /* in its file, or not positive */
	bool faulty;	   /* told already: what stands on it faults without another word */
};

struct names {
	struct definition *definitions;
	size_t count, room;
	bool sorted;
};

/* May @name be defined? 0 or -EINVAL with the fault. */
int names_check(const char *name, struct fault *fault);

int names_add(struct names *names, const char *name, const char *value, int line);
void names_free(struct names *names);

/* The value as written, NULL when the name is not defined. */
const char *names_value(struct names *names, const char *name);

/*
 * NAME or NAME:rest spelled out, through defines of defines. 0 or -EINVAL with the fault; the
 * fault is empty when a define that it stands on has been found faulty before.
 */
int names_expand(struct names *names, const char *word, char *out, size_t size,
		 struct fault *fault);

/* Is the value of @name something a define may stand for: an address, prefix, leading groups? */
int names_check_value(struct names *names, const char *name, struct fault *fault);

/* The define of @name is faulty, and the user has been told. */
void names_mark_faulty(struct names *names, const char *name);

/*
 * The prefix or address (then of length 128) that @word stands for, IPv4 v4-mapped.
 * 0 or -EINVAL with the fault.
 */
int names_prefix(struct names *names, const char *word, struct prefix *prefix, struct fault *fault);
int names_address(struct names *names, const char *word, struct address *address,
		  struct fault *fault);

/* A name that @word may have meant, or NULL. */
const char *names_nearest(const struct names *names, const char *word);

#endif
