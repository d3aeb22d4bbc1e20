/* SPDX-License-Identifier: GPL-2.0 */
/*
 * option NAME VALUE
 */
#include <errno.h>
#include <string.h>

#include "number.h"
#include "rescue.h"
#include "resolve.h"

/* ---- option ---- */

static int option_switch(struct reader *reader, bool *value)
{
	*value = reader_take(reader, "on");
	if (!*value && !reader_take(reader, "off"))
		return reader_wants(reader, "'on' or 'off'");
	return reader_end(reader);
}

static int option_bogons(struct reader *reader, struct options *options)
{
	return option_switch(reader, &options->drop_bogons);
}

static int option_fast_path(struct reader *reader, struct options *options)
{
	return option_switch(reader, &options->fast_path);
}

static int option_dispatcher(struct reader *reader, struct options *options)
{
	return option_switch(reader, &options->dispatcher);
}

static int option_require(struct reader *reader, struct options *options)
{
	options->require_native = reader_take(reader, "native");
	return options->require_native ? reader_end(reader) : reader_wants(reader, "'native'");
}

static int option_flows(struct reader *reader, struct options *options)
{
	enum { FLOWS_MIN = 1024, FLOWS_MAX = 16777216 };
	const char *word = reader_next(reader);
	unsigned long flows;

	if (!word)
		return reader_wants(reader, "a number of flows");
	if (!number_read(word, FLOWS_MAX, &flows) || flows < FLOWS_MIN)
		return fault_set(reader->fault, "'%s' is no size for the table of flows (%d to %d)",
				 word, FLOWS_MIN, FLOWS_MAX);
	options->flows = flows;
	return reader_end(reader);
}

static int option_drop_log(struct reader *reader, struct options *options)
{
	__u32 rate_pps;

	(void)options; /* for drop_log.h alone, which reads the line */
	if (!reader_take(reader, "rate"))
		return reader_wants(reader, "'rate N/s'");
	return reader_rate(reader, &rate_pps) ? -EINVAL : reader_end(reader);
}

static int option_rescue(struct reader *reader, struct options *options)
{
	(void)options;
	return rescue_read(reader); /* for the boot alone */
}

#define OPTION_WORDS "bogons, fast-path, dispatcher, require, flows, drop-log, rescue"
static const char *const option_words[] = {"bogons", "fast-path", "dispatcher", "require",
					   "flows",  "drop-log",  "rescue"};
static int (*const option_readers[])(struct reader *, struct options *) = {
	option_bogons, option_fast_path, option_dispatcher, option_require,
	option_flows,  option_drop_log,	 option_rescue,
};

int resolve_option(struct reader *reader, struct options *options)
{
	enum { COUNT = sizeof(option_words) / sizeof(option_words[0]) };
	const char *word = reader_next(reader);
	char hint[64];

	if (!word)
		return reader_wants(reader, "a name (" OPTION_WORDS ")");
	for (int i = 0; i < COUNT; i++)
		if (!strcmp(word, option_words[i]))
			return option_readers[i](reader, options);
	return fault_set(reader->fault, "unknown option '%s'%s (known: " OPTION_WORDS ")", word,
			 nearest_hint(word, option_words, COUNT, hint, sizeof(hint)));
}
