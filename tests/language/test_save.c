/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Saving: the old file and what runs give the new file, byte for byte; and the file on the disk
 * is the old one or the new one, with its mode, behind its symbolic link.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "../../cli/command.h"

struct row {
	const char *name;
	const char *old;
	const char *running;
	const char *wanted; /* NULL: the old one */
};

static const struct row rows[] = {
	{"nothing changed, nothing is touched",
	 "# head\n\nwan   eth0 # the wire\n\n\tallow tcp \\\n  443 any\n# tail",
	 "wan eth0\nallow tcp 443 any\n", NULL},
	{"an empty file gets what show prints", "", "allow tcp 1 any\nwan eth0\n",
	 "wan eth0\n\nallow tcp 1 any\n"},
	{"comments alone stay before what show prints", "# mine", "wan eth0\n",
	 "# mine\nwan eth0\n"},
	{"a line that is gone goes, the comment above it stays",
	 "wan eth0\n# web\nallow tcp 80 any # old\nallow tcp 443 any\n",
	 "wan eth0\nallow tcp 443 any\n", "wan eth0\n# web\nallow tcp 443 any\n"},
	{"a new rule stands behind the last of its kind",
	 "allow tcp 1 any\nallow tcp 2 any # two\n\n# denies\ndeny tcp 9\n",
	 "allow tcp 1 any\nallow tcp 2 any\nallow tcp 3 any\ndeny tcp 9\ndeny tcp 8\n",
	 "allow tcp 1 any\nallow tcp 2 any # two\nallow tcp 3 any\n\n# denies\ndeny tcp 9\n"
	 "deny tcp 8\n"},
	{"a kind that is new stands with its group",
	 "wan eth0\n\nallow tcp 1 any\n\noption bogons off\n",
	 "wan eth0\nlan vmbr0\nallow tcp 1 any\ndeny tcp 2\noption bogons off\n",
	 "wan eth0\nlan vmbr0\n\nallow tcp 1 any\ndeny tcp 2\n\noption bogons off\n"},
	{"a group that is new stands at the end", "wan eth0\n# tail\n",
	 "wan eth0\noption bogons off\nallow tcp 1 any\n",
	 "wan eth0\n# tail\nallow tcp 1 any\noption bogons off\n"},
	{"a new rule takes the place of the last one that is gone",
	 "# rules\nallow tcp 1 any\n# end\nwan eth0\n", "allow tcp 2 any\nwan eth0\n",
	 "# rules\nallow tcp 2 any\n# end\nwan eth0\n"},
	{"a changed define changes in its place and keeps its comment",
	 "  define vm1   ::1\t # the first\ndefine vm2 ::2\n", "define vm2 ::2\ndefine vm1 ::9\n",
	 "  define vm1 ::9\t # the first\ndefine vm2 ::2\n"},
	{"a changed define loses its continuation, not its comment",
	 "define vm1 \\\n   ::1 # here\nwan eth0\n", "define vm1 ::9\nwan eth0\n",
	 "define vm1 ::9 # here\nwan eth0\n"},
	{"a changed role and option change in their place",
	 "lan vmbr0 # inside\noption bogons on # yes\nwan eth0\n",
	 "wan eth0\nlan vmbr0 hook tc\noption bogons off\n",
	 "lan vmbr0 hook tc # inside\noption bogons off # yes\nwan eth0\n"},
	{"a line that stands twice stays twice", "allow tcp 1 any\n# x\nallow  tcp 1 any # again\n",
	 "allow tcp 1 any\n", NULL},
	{"of a name that stands twice, the line that holds stays",
	 "define vm1 ::1\ndefine vm1 ::9 # x\n", "define vm1 ::9\n", "define vm1 ::9 # x\n"},
	{"of a changed name that stands twice, one line stays",
	 "define vm1 ::1 # x\ndefine vm1 ::2\n", "define vm1 ::9\n", "define vm1 ::9 # x\n"},
	{"a file without a last newline gets one where lines follow", "wan eth0",
	 "wan eth0\nwan eth1\n", "wan eth0\nwan eth1\n"},
	{"lines end as the file's lines do", "wan eth0\r\n# x\r\nallow tcp 1 any\r\n",
	 "wan eth0\nallow tcp 1 any\nallow tcp 2 any\n",
	 "wan eth0\r\n# x\r\nallow tcp 1 any\r\nallow tcp 2 any\r\n"},
	{"a backslash in a comment continues nothing",
	 "# a comment \\\nallow tcp 1 any\nallow tcp 2 any # two \\\nwan eth0\n",
	 "allow tcp 2 any\nwan eth0\n", "# a comment \\\nallow tcp 2 any # two \\\nwan eth0\n"},
	{"a quoted sharp is no comment", "allow tcp 1 any comment \"a # b\" # c\n",
	 "allow tcp 1 any comment \"a # b\"\n", NULL},
	{"a statement over three lines goes as a whole",
	 "wan eth0\nallow tcp \\\n 1 \\\n any\n# end\n", "wan eth0\n", "wan eth0\n# end\n"},
	{"everything gone leaves the comments", "# a\nwan eth0\n# b\n", "", "# a\n# b\n"},
	{"ids are never written", "wan eth0\n", "wan eth0\nallow tcp 1 any comment \"x y\"\n",
	 "wan eth0\nallow tcp 1 any comment \"x y\"\n"},
};

static const struct document none;

static void is_merged(void **state)
{
	const struct row *row = *state;
	struct document running, again;
	struct fault fault;
	size_t length;
	char *text;
	int line;

	read_good(&running, row->running);
	assert_int_equal(document_take_ids(&running, NULL, &fault), 0);
	assert_int_equal(document_merge(&running, &none, row->old, strlen(row->old), &text, &length,
					&line, &fault),
			 0);
	assert_string_equal(text, row->wanted ?: row->old);
	assert_int_equal(length, strlen(text));
	/* Whatever it looks like, it says what runs. */
	read_good(&again, text);
	assert_int_equal(document_diff(&running, &again, stderr), 0);
	free(text);
	document_free(&running);
	document_free(&again);
}

/* ---- files ---- */

static char directory[] = "/tmp/xfw-save-XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(directory) && !chdir(directory) ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	/* Nothing may be left: what could not be removed makes rmdir fail. */
	unlink("xfw.conf");
	unlink("real.conf");
	return chdir("/") || rmdir(directory);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_file(const char *path, const char *wanted, mode_t mode)
{
	char text[1024] = "";
	struct stat stat;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, wanted);
	assert_int_equal(fstat(fd, &stat), 0);
	assert_int_equal(stat.st_mode & 07777, mode);
	close(fd);
}

static const struct invocation quiet;

static void save_keeps_the_mode_and_the_symbolic_link(void **state)
{
	struct document running;
	struct stat stat;

	(void)state;
	read_good(&running, "wan eth0\nlan vmbr0\n");
	write_file("real.conf", "# mine\nwan eth0\n", 0640);
	assert_int_equal(symlink("real.conf", "xfw.conf"), 0);
	assert_int_equal(save_document(&quiet, &running, "xfw.conf"), EXIT_DONE);
	assert_file("real.conf", "# mine\nwan eth0\nlan vmbr0\n", 0640);
	assert_int_equal(lstat("xfw.conf", &stat), 0);
	assert_true(S_ISLNK(stat.st_mode));
	unlink("xfw.conf");
	document_free(&running);
}

static void save_makes_the_file_that_is_not_there(void **state)
{
	struct document running;

	(void)state;
	read_good(&running, "wan eth0\n");
	unlink("xfw.conf");
	assert_int_equal(save_document(&quiet, &running, "xfw.conf"), EXIT_DONE);
	assert_file("xfw.conf", "wan eth0\n", 0644);
	document_free(&running);
}

static void save_leaves_a_file_alone_that_it_cannot_read(void **state)
{
	struct document running;

	(void)state;
	read_good(&running, "wan eth0\n");
	write_file("xfw.conf", "wan eth0\nalow tcp 1 any\n", 0644);
	assert_int_equal(save_document(&quiet, &running, "xfw.conf"), EXIT_REFUSED);
	assert_file("xfw.conf", "wan eth0\nalow tcp 1 any\n", 0644);
	assert_int_equal(save_document(&quiet, &running, "."), EXIT_REFUSED);
	assert_int_equal(save_document(&quiet, &running, "none/xfw.conf"), EXIT_REFUSED);
	document_free(&running);
}

static void a_line_that_cannot_be_read_is_named(void **state)
{
	struct document running;
	struct fault fault;
	size_t length;
	char *text;
	int line;

	(void)state;
	read_good(&running, "wan eth0\n");
	assert_int_equal(document_merge(&running, &none, "\n\nalow\n", 7, &text, &length, &line,
					&fault),
			 -EINVAL);
	assert_int_equal(line, 3);
	assert_string_equal(fault.text, "unknown statement 'alow'; did you mean 'allow'?");
	assert_null(text);
	document_free(&running);
}

static void reading_tells_why_a_file_cannot_be_read(void **state)
{
	struct document document;
	struct faults faults = {};

	(void)state;
	document_init(&document, "none.conf");
	assert_int_equal(document_read_file(&document, "none.conf", &faults), -ENOENT);
	assert_string_equal(faults.lines[0], "none.conf: No such file or directory");
	document_free(&document);

	memset(&faults, 0, sizeof(faults));
	document_init(&document, ".");
	assert_int_equal(document_read_file(&document, ".", &faults), -EISDIR);
	assert_string_equal(faults.lines[0], ".: Is a directory; name a file in it");
	document_free(&document);

	memset(&faults, 0, sizeof(faults));
	document_init(&document, "/dev/zero");
	assert_int_equal(document_read_file(&document, "/dev/zero", &faults), -EFBIG);
	assert_string_equal(faults.lines[0],
			    "/dev/zero: gives more than 64 MB; that is no configuration");
	document_free(&document);

	memset(&faults, 0, sizeof(faults));
	write_file("xfw.conf", "wan eth0\nlan vmbr0", 0644);
	document_init(&document, "xfw.conf");
	assert_int_equal(document_read_file(&document, "xfw.conf", &faults), 0);
	assert_int_equal(document.count, 2);
	document_free(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(save_keeps_the_mode_and_the_symbolic_link),
		cmocka_unit_test(save_makes_the_file_that_is_not_there),
		cmocka_unit_test(save_leaves_a_file_alone_that_it_cannot_read),
		cmocka_unit_test(a_line_that_cannot_be_read_is_named),
		cmocka_unit_test(reading_tells_why_a_file_cannot_be_read),
	};
	int failed = run_rows("merge", is_merged, rows, sizeof(rows[0]), ENTRIES(rows));

	return failed + cmocka_run_group_tests_name("save", tests, enter, leave);
}
