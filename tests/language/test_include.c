/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files in files: what they bring in, whose fault is said to be where, and what `save` leaves them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../cli/command.h"
#include "machine.h"

static const struct invocation quiet;
static char directory[] = "/tmp/xfw-include-XXXXXX";

static int enter(void **state)
{
	(void)state;
	return mkdtemp(directory) && !chdir(directory) && !mkdir("conf.d", 0755) ? 0 : -1;
}

static int leave(void **state)
{
	static const char *const files[] = {"xfw.conf", "conf.d/10-web.conf", "conf.d/20-mail.conf",
					    "conf.d/30-off.conf~", "loop.conf"};

	(void)state;
	for (size_t i = 0; i < ENTRIES(files); i++)
		unlink(files[i]);
	/* What a test did not name makes rmdir fail. */
	return rmdir("conf.d") || chdir("/") || rmdir(directory);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void assert_file(const char *path, const char *wanted)
{
	char text[1024] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, wanted);
	close(fd);
}

/* Read @path; its faults, a line each, must be @wanted. */
static void assert_faults(const char *path, const char *wanted)
{
	struct document document;
	struct faults faults = {};
	char said[4096] = "";

	document_init(&document, path);
	document_read_file(&document, path, &faults);
	for (size_t i = 0; i < faults.count; i++) {
		strcat(said, faults.lines[i]);
		strcat(said, "\n");
	}
	assert_string_equal(said, wanted);
	document_free(&document);
}

static void read_path(struct document *document, const char *path)
{
	struct faults faults = {};

	document_init(document, path);
	if (document_read_file(document, path, &faults))
		fail_msg("%s", faults.lines[0]);
}

static void a_directory_of_files(void)
{
	write_file("xfw.conf", "wan eth0\ninclude conf.d/*.conf # theirs\nallow tcp 22 host\n");
	write_file("conf.d/10-web.conf", "# web\nallow tcp 443 any\n");
	write_file("conf.d/20-mail.conf", "define mx 2001:db8::25\nallow tcp 25 mx\n");
	write_file("conf.d/30-off.conf~", "allow tcp 23 any\n");
}

static void a_pattern_brings_in_its_files_in_order(void **state)
{
	static const char *const wanted[] = {"wan eth0", "allow tcp 443 any",
					     "define mx 2001:db8::25", "allow tcp 25 mx",
					     "allow tcp 22 host"};
	struct document document;
	char path[128];

	(void)state;
	a_directory_of_files();
	/* Relative to the file, wherever one stands. */
	snprintf(path, sizeof(path), "%s/xfw.conf", directory);
	assert_int_equal(chdir("/"), 0);
	read_path(&document, path);
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(document.count, ENTRIES(wanted));
	for (size_t i = 0; i < ENTRIES(wanted); i++)
		assert_string_equal(document.statements[i].text, wanted[i]);
	document_free(&document);
}

static void a_pattern_may_match_nothing_and_a_name_may_not(void **state)
{
	struct document document;

	(void)state;
	write_file("xfw.conf", "wan eth0\ninclude none.d/*.conf\n");
	read_path(&document, "xfw.conf");
	assert_int_equal(document.count, 1);
	document_free(&document);
	write_file("xfw.conf", "include none.conf\ninclude conf.d\ninclude\ninclude a b\n");
	assert_faults("xfw.conf",
		      "xfw.conf:1: include: 'none.conf': No such file or directory\n"
		      "xfw.conf:2: include: 'conf.d' is a directory; include 'conf.d/*.conf'\n"
		      "xfw.conf:3: include: takes one path or pattern: include conf.d/*.conf\n"
		      "xfw.conf:4: include: takes one path or pattern: include conf.d/*.conf\n");
}

static void a_fault_is_said_where_it_is(void **state)
{
	(void)state;
	a_directory_of_files();
	write_file("conf.d/10-web.conf", "\nalow tcp 443 any\n");
	assert_faults("xfw.conf", "conf.d/10-web.conf:2: unknown statement 'alow'; did you mean "
				  "'allow'?\n");
	write_file("conf.d/10-web.conf", "define mx ::1\n");
	assert_faults("xfw.conf", "conf.d/20-mail.conf:1: define: 'mx' is given already, in "
				  "conf.d/10-web.conf:1: define mx ::1\n");
}

static void what_a_line_means_is_faulted_in_its_file(void **state)
{
	struct faults faults = {};
	struct document document;
	struct config config;
	struct fault fault;

	(void)state;
	a_directory_of_files();
	write_file("conf.d/20-mail.conf", "allow tcp 25 mx\n");
	read_path(&document, "xfw.conf");
	assert_int_equal(document_take_ids(&document, NULL, &fault), 0);
	assert_int_not_equal(resolve(&document, machine(), &config, &faults), 0);
	assert_string_equal(faults.lines[0], "conf.d/20-mail.conf:1: allow: 'mx' is not defined "
					     "and no address (define mx VALUE)");
	config_free(&config);
	document_free(&document);
}

static void files_that_include_each_other_end(void **state)
{
	(void)state;
	write_file("loop.conf", "include loop.conf\n");
	assert_faults("loop.conf", "loop.conf:1: include: 'loop.conf' includes itself\n");
	/* By another name each time. */
	write_file("loop.conf", "include ./loop.conf\n");
	assert_faults("loop.conf",
		      "././././././././loop.conf:1: include: './loop.conf' is the 9th file in a "
		      "file; do they include each other?\n");
}

/* Twice each would be 2^8 files, ten times each as many as take years. */
static void files_that_include_each_other_often_end_soon(void **state)
{
	char text[10 * 32] = "";
	struct document document;
	struct faults faults = {};

	(void)state;
	for (int i = 0; i < 10; i++)
		strcat(text, "include ./loop.conf\n");
	write_file("loop.conf", text);
	document_init(&document, "loop.conf");
	assert_int_equal(document_read_file(&document, "loop.conf", &faults), -EINVAL);
	assert_in_range(document.included_count, 1, 10000);
	assert_in_range(faults.count, FAULTS_MAX, 100000);
	document_free(&document);
}

static void save_writes_into_its_own_file_alone(void **state)
{
	struct document running;
	struct fault fault;

	(void)state;
	a_directory_of_files();
	read_path(&running, "xfw.conf");
	assert_int_equal(type(&running, "allow tcp 80 any", &fault), 0);
	assert_int_equal(save_document(&quiet, &running, "xfw.conf"), EXIT_DONE);
	assert_file("xfw.conf", "wan eth0\ninclude conf.d/*.conf # theirs\nallow tcp 22 host\n"
				"allow tcp 80 any\n");
	assert_file("conf.d/10-web.conf", "# web\nallow tcp 443 any\n");
	document_free(&running);
}

static void save_refuses_what_another_file_would_bring_back(void **state)
{
	struct document running;

	(void)state;
	a_directory_of_files();
	read_path(&running, "xfw.conf");
	document_remove(&running, document_find(&running, "allow tcp 25 mx"));
	assert_int_equal(save_document(&quiet, &running, "xfw.conf"), EXIT_REFUSED);
	assert_file("xfw.conf", "wan eth0\ninclude conf.d/*.conf # theirs\nallow tcp 22 host\n");
	document_free(&running);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_brings_in_its_files_in_order),
		cmocka_unit_test(a_pattern_may_match_nothing_and_a_name_may_not),
		cmocka_unit_test(a_fault_is_said_where_it_is),
		cmocka_unit_test(what_a_line_means_is_faulted_in_its_file),
		cmocka_unit_test(files_that_include_each_other_end),
		cmocka_unit_test(files_that_include_each_other_often_end_soon),
		cmocka_unit_test(save_writes_into_its_own_file_alone),
		cmocka_unit_test(save_refuses_what_another_file_would_bring_back),
	};

	return cmocka_run_group_tests_name("include", tests, enter, leave);
}
