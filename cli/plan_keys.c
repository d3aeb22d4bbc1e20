/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Run wg genkey, genpsk and pubkey. A key is given on standard input, never as a word that other
 * users of the machine could read.
 */
#include "plan_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Wait for @child; true when it ended well. */
static bool ended_well(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* One line from @fd, which must be a key. */
static bool read_key(int fd, char key[KEY_TEXT])
{
	size_t length = 0;
	ssize_t got;

	while (length < KEY_TEXT && (got = read(fd, key + length, KEY_TEXT - length)) != 0) {
		if (got < 0 && errno != EINTR)
			return false;
		length += got > 0 ? got : 0;
	}
	if (length != KEY_TEXT || key[KEY_TEXT - 1] != '\n')
		return false;
	key[KEY_TEXT - 1] = '\0';
	return true;
}

static int spawn_wg(const char *verb, int input, int output, pid_t *child)
{
	char *const words[] = {"wg", (char *)verb, NULL};
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	error = posix_spawnp(child, "wg", &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* A file in memory that holds @text, so that no reader's early end can raise SIGPIPE. */
static int file_of(const char *text)
{
	int fd = memfd_create("key", MFD_CLOEXEC);
	ssize_t length = strlen(text);

	if (fd >= 0 && (write(fd, text, length) != length || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* `wg @verb` with @input on its standard input. */
static int run_wg(const char *verb, const char *input, char key[KEY_TEXT], struct fault *fault)
{
	int output[2], error, given = file_of(input);
	bool read_well;
	pid_t child;

	if (given < 0)
		return fault_set(fault, "wg %s: %s", verb, strerror(errno));
	if (pipe2(output, O_CLOEXEC)) {
		close(given);
		return fault_set(fault, "wg %s: %s", verb, strerror(errno));
	}
	error = spawn_wg(verb, given, output[1], &child);
	close(output[1]);
	close(given);
	read_well = !error && read_key(output[0], key);
	close(output[0]);
	if (error == -ENOENT)
		return fault_set(fault, "'wg' is not installed, and WireGuard's keys are made by "
					"it: apt install wireguard-tools");
	if (error)
		return fault_set(fault, "wg %s: %s", verb, strerror(-error));
	if (!ended_well(child) || !read_well)
		return fault_set(fault, "'wg %s' gave no key", verb);
	return 0;
}

static int make_pair(struct key_pair *pair, struct fault *fault)
{
	return run_wg("genkey", "", pair->private, fault)
		       ?: run_wg("pubkey", pair->private, pair->public, fault);
}

int tunnel_keys_make(struct tunnel_keys *keys, struct fault *fault)
{
	return make_pair(&keys->host, fault) ?: make_pair(&keys->home, fault) ?:
	       run_wg("genpsk", "", keys->shared, fault);
}
