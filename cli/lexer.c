/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From text to lines of words.
 */
#include "lexer.h"

#include <errno.h>
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

static void skip_line(struct lexer *lexer)
{
	while (lexer->at < lexer->end && *lexer->at != '\n')
		lexer->at++;
}

/* Blanks, and line ends that a backslash takes back. */
static void skip_blanks(struct lexer *lexer)
{
	for (; lexer->at < lexer->end; lexer->at++) {
		if (*lexer->at == ' ' || *lexer->at == '\t' || *lexer->at == '\r')
			continue;
		if (*lexer->at != '\\' || lexer->at + 1 >= lexer->end)
			return;
		if (lexer->at[1] == '\r' && lexer->at + 2 < lexer->end && lexer->at[2] == '\n')
			lexer->at++;
		if (lexer->at[1] != '\n')
			return;
		lexer->at++;
		lexer->number++;
	}
}

static int is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Cut the word at `at` out; *message tells of a fault in it. */
static char *cut_word(struct lexer *lexer, const char **message)
{
	char *word = lexer->at;
	int quoted = *word == '"';

	if (quoted) {
		lexer->at = ++word;
		while (lexer->at < lexer->end && *lexer->at != '"' && *lexer->at != '\n')
			lexer->at++;
		if (lexer->at == lexer->end || *lexer->at != '"') {
			*message = "a quote is not closed on its line";
			return word;
		}
		*lexer->at++ = '\0';
		return word;
	}
	while (lexer->at < lexer->end && !is_blank(*lexer->at)) {
		if ((unsigned char)*lexer->at < ' ' || *lexer->at == 0x7f)
			*message = "a control character; is this a text file?";
		lexer->at++;
	}
	return word;
}

/* The words up to the line's end; `at` is left on the end itself. */
static int cut_words(struct lexer *lexer, struct line *line, const char **message)
{
	for (;;) {
		char *word, *end;

		skip_blanks(lexer);
		if (lexer->at == lexer->end || *lexer->at == '\n')
			return 0;
		if (*lexer->at == '#') {
			skip_line(lexer);
			return 0;
		}
		word = cut_word(lexer, message);
		if (*message)
			return -EINVAL;
		if (add_word(lexer, line, word))
			return -ENOMEM;
		/* The blank behind the word becomes its end, unless it is the line's. */
		end = lexer->at;
		if (end < lexer->end && *end != '\n')
			*lexer->at++ = '\0';
		else
			return 0;
	}
}

int lexer_next(struct lexer *lexer, struct line *line, const char **message)
{
	*message = NULL;
	while (lexer->at < lexer->end) {
		int error;

		*line = (struct line){.number = lexer->number};
		error = cut_words(lexer, line, message);
		if (error)
			skip_line(lexer);
		if (lexer->at < lexer->end) {
			*lexer->at++ = '\0';
			lexer->number++;
		}
		if (error)
			return error;
		if (line->count)
			return 1;
	}
	return 0;
}
