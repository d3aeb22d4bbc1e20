/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names, addresses and prefixes.
 */
#include "names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXPANDED = 192, NESTED_MAX = 16, IPV4_BITS_BEFORE = 96 };

int fault_set(struct fault *fault, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* ---- defines ---- */

static bool is_hex_group(const char *word)
{
	size_t length = strlen(word);

	return length >= 1 && length <= 4 && strspn(word, "0123456789abcdefABCDEF") == length;
}

int names_check(const char *name, struct fault *fault)
{
	static const char *const reserved[] = {"any", "host", "from", "to",    "via",	 "dev",
					       "on",  "off",  "log",  "limit", "comment"};

	if (!isalpha((unsigned char)name[0]))
		return fault_set(fault, "'%s' is no name: names begin with a letter", name);
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '_' && *at != '-')
			return fault_set(fault, "'%s' is no name: only letters, digits, - and _",
					 name);
	if (is_hex_group(name))
		return fault_set(fault,
				 "'%s' reads as a group of an IPv6 address; choose another "
				 "name",
				 name);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (!strcmp(name, reserved[i]))
			return fault_set(fault,
					 "'%s' is a word of the language; choose another "
					 "name",
					 name);
	return 0;
}

int names_add(struct names *names, const char *name, const char *value)
{
	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 16;
		void *longer = reallocarray(names->definitions, room, sizeof(*names->definitions));

		if (!longer)
			return -ENOMEM;
		names->definitions = longer;
		names->room = room;
	}
	names->definitions[names->count++] = (struct definition){name, value};
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

const char *names_value(struct names *names, const char *name)
{
	struct definition key = {.name = name}, *found;

	if (!names->sorted && names->count)
		qsort(names->definitions, names->count, sizeof(key), compare_definitions);
	names->sorted = true;
	found = names->count ? bsearch(&key, names->definitions, names->count, sizeof(key),
				       compare_definitions)
			     : NULL;
	return found ? found->value : NULL;
}

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

int names_expand(struct names *names, const char *word, char *out, size_t size, struct fault *fault)
{
	char name[EXPANDED], joined[EXPANDED];
	const char *rest, *value;

	if (strlen(word) >= size || strlen(word) >= EXPANDED)
		return fault_set(fault, "'%.40s…' is too long", word);
	strcpy(joined, word);
	for (int nested = 0; nested < NESTED_MAX; nested++) {
		char next[EXPANDED];

		if (!split(joined, name, sizeof(name), &rest))
			break;
		value = names_value(names, name);
		if (!value) {
			strcpy(out, joined);
			return 0;
		}
		if (snprintf(next, sizeof(next), "%s%s", value, rest) >= (int)sizeof(next) ||
		    strlen(next) >= size)
			return fault_set(fault, "'%s' spelled out is too long", word);
		strcpy(joined, next);
	}
	return fault_set(fault, "'%s' is defined by itself", word);
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
	return names_prefix(names, name, &prefix, fault);
}

/* ---- addresses ---- */

static bool read_address(const char *text, struct address *address, bool *ipv4)
{
	memset(address, 0, sizeof(*address));
	*ipv4 = inet_pton(AF_INET, text, address->bytes + 12) == 1;
	if (*ipv4) {
		address->bytes[10] = address->bytes[11] = 0xff;
		return true;
	}
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

static int no_address(const char *word, const char *expanded, struct fault *fault)
{
	if (is_leading_groups(expanded) && strcmp(word, expanded))
		return fault_set(fault,
				 "'%s' stands for leading groups only; write %s:REST, as "
				 "in %s::1",
				 word, word, word);
	if (isalpha((unsigned char)word[0]) && !strpbrk(word, ".:/"))
		return fault_set(fault, "'%s' is not defined and no address (define %s VALUE)",
				 word, word);
	if (strcmp(word, expanded))
		return fault_set(fault, "'%s' (that is, %s) is no address or prefix", word,
				 expanded);
	return fault_set(fault, "'%s' is no address, prefix or name", word);
}

static void clear_host_bits(struct address *address, unsigned int length)
{
	for (unsigned int bit = length; bit < 128; bit++)
		address->bytes[bit / 8] &= ~(0x80 >> bit % 8);
}

static int read_length(const char *text, bool ipv4, unsigned int *length)
{
	unsigned int most = ipv4 ? 32 : 128;
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || value > most)
		return -EINVAL;
	*length = value + (ipv4 ? IPV4_BITS_BEFORE : 0);
	return 0;
}

int names_prefix(struct names *names, const char *word, struct prefix *prefix, struct fault *fault)
{
	char expanded[EXPANDED], whole[EXPANDED], *slash, right[PREFIX_TEXT];
	struct prefix cleared;
	bool ipv4;

	if (names_expand(names, word, expanded, sizeof(expanded), fault))
		return -EINVAL;
	strcpy(whole, expanded);
	slash = strchr(expanded, '/');
	if (slash)
		*slash++ = '\0';
	if (!read_address(expanded, &prefix->address, &ipv4))
		return no_address(word, whole, fault);
	prefix->length = 128;
	if (!slash)
		return 0;
	if (read_length(slash, ipv4, &prefix->length))
		return fault_set(fault, "'/%s' is no prefix length (0 to %d)", slash,
				 ipv4 ? 32 : 128);
	cleared = *prefix;
	clear_host_bits(&cleared.address, cleared.length);
	if (memcmp(&cleared, prefix, sizeof(cleared))) {
		prefix_format(&cleared, right, sizeof(right));
		return fault_set(fault, "'%s' has host bits set; the prefix is %s", word, right);
	}
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

bool prefix_is_ipv4(const struct prefix *prefix)
{
	static const __u8 start[12] = {[10] = 0xff, [11] = 0xff};

	return prefix->length >= IPV4_BITS_BEFORE &&
	       !memcmp(prefix->address.bytes, start, sizeof(start));
}

bool prefix_contains(const struct prefix *outer, const struct address *address)
{
	struct address network = *address;

	clear_host_bits(&network, outer->length);
	return !memcmp(&network, &outer->address, sizeof(network));
}

void address_format(const struct address *address, char *text, size_t size)
{
	struct prefix whole = {*address, 128};

	prefix_format(&whole, text, size);
}

void prefix_format(const struct prefix *prefix, char *text, size_t size)
{
	bool ipv4 = prefix_is_ipv4(prefix);
	char address[INET6_ADDRSTRLEN];

	inet_ntop(ipv4 ? AF_INET : AF_INET6, prefix->address.bytes + (ipv4 ? 12 : 0), address,
		  sizeof(address));
	if (prefix->length == 128)
		snprintf(text, size, "%s", address);
	else
		snprintf(text, size, "%s/%u", address,
			 prefix->length - (ipv4 ? IPV4_BITS_BEFORE : 0));
}
