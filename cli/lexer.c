/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From text to lines of words. Works in place on its copy: a word ends where its blank stood.
 */
#include "lexer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int lexer_open(struct lexer *lexer, const char *text, size_t length)
{
	memset(lexer, 0, sizeof(*lexer));
	lexer->text = malloc(length + 1);
	if (!lexer->text)
		return -ENOMEM;
	memcpy(lexer->text, text, length);
	lexer->text[length] = '\0';
	lexer->at = lexer->text;
	lexer->end = lexer->text + length;
	lexer->number = 1;
	return 0;
}

void lexer_close(struct lexer *lexer)
{
	free(lexer->text);
	free(lexer->words);
	memset(lexer, 0, sizeof(*lexer));
}

static int add_word(struct lexer *lexer, struct line *line, char *word)
{
	if (line->count == lexer->room) {
		size_t room = lexer->room ? lexer->room * 2 : 16;
		char **words = reallocarray(lexer->words, room, sizeof(*words));

		if (!words)
			return -ENOMEM;
		lexer->words = words;
		lexer->room = room;
	}
	lexer->words[line->count++] = word;
	line->words = lexer->words;
	return 0;
}

static bool at_line_end(const struct lexer *lexer)
{
	return lexer->at == lexer->end || *lexer->at == '\n';
}

static void skip_line(struct lexer *lexer)
{
	while (!at_line_end(lexer))
		lexer->at++;
}

/* Bytes of a backslash and the line end it takes back, 0 when there is none here. */
static size_t continuation(const struct lexer *lexer)
{
	size_t left = lexer->end - lexer->at;

	if (left >= 2 && !memcmp(lexer->at, "\\\n", 2))
		return 2;
	if (left >= 3 && !memcmp(lexer->at, "\\\r\n", 3))
		return 3;
	return 0;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

static void skip_blanks(struct lexer *lexer)
{
	while (lexer->at < lexer->end) {
		size_t taken_back = continuation(lexer);

		if (taken_back)
			lexer->number++;
		else if (is_blank(*lexer->at))
			taken_back = 1;
		else
			return;
		lexer->at += taken_back;
	}
}

static bool is_control(char byte)
{
	return (unsigned char)byte < ' ' || byte == 0x7f;
}

/* Step over a word; its bounds, without quotes. Returns the fault in it, or NULL. */
static const char *step_over_word(struct lexer *lexer, char **word, char **behind)
{
	const char *fault = NULL;
	bool quoted = *lexer->at == '"';

	if (quoted)
		lexer->at++;
	*word = lexer->at;
	while (!at_line_end(lexer) && (quoted ? *lexer->at != '"' : !is_blank(*lexer->at)) &&
	       !continuation(lexer)) {
		if (is_control(*lexer->at))
			fault = "a control character; is this a text file?";
		lexer->at++;
	}
	*behind = lexer->at;
	if (!quoted || fault)
		return fault;
	if (at_line_end(lexer) || *lexer->at != '"')
		return "a quote is not closed on its line";
	lexer->at++;
	if (!at_line_end(lexer) && !is_blank(*lexer->at) && !continuation(lexer))
		return "a quote ends in the middle of a word";
	return NULL;
}

/* The words up to the line's end; `at` is left on the end itself. */
static int cut_words(struct lexer *lexer, struct line *line, const char **message)
{
	for (;;) {
		char *word, *behind;

		skip_blanks(lexer);
		if (at_line_end(lexer) || *lexer->at == '#') {
			skip_line(lexer);
			return 0;
		}
		*message = step_over_word(lexer, &word, &behind);
		if (*message)
			return -EINVAL;
		line->behind = lexer->at - lexer->text;
		if (add_word(lexer, line, word))
			return -ENOMEM;
		/* What stands behind the word is looked at before the word's end takes its place. */
		skip_blanks(lexer);
		if (at_line_end(lexer) || *lexer->at == '#')
			skip_line(lexer);
		if (behind != lexer->at)
			*behind = '\0';
		if (at_line_end(lexer))
			return 0;
	}
}

int lexer_next(struct lexer *lexer, struct line *line, const char **message)
{
	*message = NULL;
	while (lexer->at < lexer->end) {
		int error;

		*line = (struct line){.number = lexer->number, .start = lexer->at - lexer->text};
		error = cut_words(lexer, line, message);
		if (error)
			skip_line(lexer);
		if (lexer->at < lexer->end) {
			*lexer->at++ = '\0';
			lexer->number++;
		}
		line->end = lexer->at - lexer->text;
		if (error)
			return error;
		if (line->count)
			return 1;
	}
	return 0;
}
