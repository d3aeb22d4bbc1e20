/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A document over its life: ids, changes, deletions, the running form, show and diff.
 */
#include <netdb.h>
#include <netinet/in.h>

#include "machine.h"
#include "../../cli/services.h"

static void add(struct document *document, const char *text, int wanted)
{
	struct fault fault = {""};
	int result = type(document, text, &fault);

	if (result != wanted)
		fail_msg("%s: %d, not %d: %s", text, result, wanted, fault.text);
}

static void take_ids(struct document *document, const struct document *running)
{
	struct fault fault = {""};

	assert_int_equal(document_take_ids(document, running, &fault), 0);
}

static __u32 id_of(const struct document *document, const char *text)
{
	const struct statement *statement = document_find(document, text);

	assert_non_null(statement);
	return statement->id;
}

static void assert_shown(const struct document *document, const char *wanted)
{
	char *text = shown(document);

	assert_string_equal(text, wanted);
	free(text);
}

/* ---- adding and changing ---- */

static void the_same_rule_twice_is_one(void **state)
{
	struct document document;

	(void)state;
	read_good(&document, "allow tcp 443 ::5\nallow  tcp 443  ::5 # again\n");
	assert_int_equal(document.count, 1);
	add(&document, "allow tcp 443 ::5", 1);
	add(&document, "allow tcp 443 ::6", 0);
	assert_int_equal(document.count, 2);
	document_free(&document);
}

static void a_typed_define_changes_the_one_there_in_its_place(void **state)
{
	struct document document;

	(void)state;
	read_good(&document, "define vm1 ::1\ndefine vm2 ::2\nwan eth0\n");
	add(&document, "define vm1 ::9", 0);
	add(&document, "define vm1 ::9", 1);
	add(&document, "lan eth0", 0);
	add(&document, "option bogons on", 0);
	add(&document, "option bogons off", 0);
	assert_shown(&document,
		     "define vm1 ::9\ndefine vm2 ::2\n\nlan eth0\n\noption bogons off\n");
	assert_null(document_find(&document, "define vm1 ::1"));
	assert_non_null(document_find(&document, "define vm1 ::9"));
	document_free(&document);
}

static void in_a_file_a_second_define_is_a_fault_naming_the_first(void **state)
{
	struct document document;
	struct faults faults = {};
	const char *text = "define vm1 ::1\n\ndefine vm1 ::2\n";

	(void)state;
	document_init(&document, "dir/xfw.conf");
	assert_int_equal(document_read(&document, text, strlen(text), &faults), -EINVAL);
	assert_string_equal(
		faults.lines[0],
		"dir/xfw.conf:3: define: 'vm1' is given already, in line 1: define vm1 ::1");
	document_free(&document);
}

static void a_thousand_statements_are_all_found_and_removed(void **state)
{
	enum { COUNT = 1000 };
	struct document document;
	char text[64];

	(void)state;
	document_init(&document, NULL);
	for (int i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), i % 2 ? "allow tcp %d any" : "define n%d ::1", i + 1);
		add(&document, text, 0);
	}
	for (int i = 0; i < COUNT; i += 3) {
		snprintf(text, sizeof(text), i % 2 ? "allow tcp %d any" : "define n%d ::1", i + 1);
		document_remove(&document, document_find(&document, text));
	}
	for (int i = 0; i < COUNT; i++) {
		struct statement *found;

		snprintf(text, sizeof(text), i % 2 ? "allow tcp %d any" : "define n%d ::1", i + 1);
		found = document_find(&document, text);
		if (i % 3 == 0)
			assert_null(found);
		else
			assert_string_equal(found->text, text);
	}
	document_free(&document);
}

/* ---- ids ---- */

static void ids_go_up_from_one_in_spaces_of_their_own(void **state)
{
	struct document document;

	(void)state;
	read_good(&document,
		  "allow tcp 1 any\nroute ::5 dev a\ndeny tcp 2\nroute ::6 dev a\nwan e\n");
	take_ids(&document, NULL);
	assert_int_equal(id_of(&document, "allow tcp 1 any"), 1);
	assert_int_equal(id_of(&document, "deny tcp 2"), 2);
	assert_int_equal(id_of(&document, "route ::5 dev a"), 1);
	assert_int_equal(id_of(&document, "route ::6 dev a"), 2);
	assert_int_equal(id_of(&document, "wan e"), 0);
	document_free(&document);
}

static void a_rule_keeps_its_id_while_it_lives_whatever_file_it_stands_in(void **state)
{
	struct document running, file;

	(void)state;
	read_good(&running, "allow tcp 1 any\nallow tcp 2 any\nallow tcp 3 any\n");
	take_ids(&running, NULL);
	read_good(&file, "allow tcp 9 any\nallow tcp 3 any\n\nallow   tcp 1 any\n");
	take_ids(&file, &running);
	assert_int_equal(id_of(&file, "allow tcp 1 any"), 1);
	assert_int_equal(id_of(&file, "allow tcp 3 any"), 3);
	assert_int_equal(id_of(&file, "allow tcp 9 any"), 4);
	document_free(&running);
	document_free(&file);
}

static void a_deleted_rules_id_is_not_given_to_the_next(void **state)
{
	struct document document;

	(void)state;
	read_good(&document, "allow tcp 1 any\nallow tcp 2 any\n");
	take_ids(&document, NULL);
	document_remove(&document, document_find(&document, "allow tcp 2 any"));
	add(&document, "allow tcp 3 any", 0);
	take_ids(&document, &document);
	assert_int_equal(id_of(&document, "allow tcp 3 any"), 3);
	assert_int_equal(id_of(&document, "allow tcp 1 any"), 1);
	document_free(&document);
}

static void past_the_capacity_the_lowest_free_id_is_given(void **state)
{
	struct document document;

	(void)state;
	read_good(&document, "allow tcp 1 any\n");
	take_ids(&document, NULL);
	document.last_rule_id = XFW_RULES_CAPACITY - 2;
	add(&document, "allow tcp 2 any", 0);
	add(&document, "allow tcp 3 any", 0);
	take_ids(&document, &document);
	assert_int_equal(id_of(&document, "allow tcp 2 any"), XFW_RULES_CAPACITY - 1);
	assert_int_equal(id_of(&document, "allow tcp 3 any"), 2);
	document_free(&document);
}

static void more_routes_than_there_is_room_for_are_refused(void **state)
{
	struct document document;
	struct fault fault;
	char text[64];

	(void)state;
	document_init(&document, NULL);
	for (int i = 1; i < XFW_ROUTES_CAPACITY; i++) {
		snprintf(text, sizeof(text), "route 2001:db8:%x::/48 dev a", i);
		add(&document, text, 0);
	}
	take_ids(&document, NULL);
	add(&document, "route ::5 dev a", 0);
	assert_int_equal(document_take_ids(&document, NULL, &fault), -EINVAL);
	assert_string_equal(fault.text, "more routes than xfw has room for (16383)");
	document_free(&document);
}

/* ---- the running form ---- */

static void the_running_form_reads_back_exactly(void **state)
{
	struct document document, again;
	struct faults faults = {};
	char *text, *second;
	size_t length, second_length;

	(void)state;
	read_good(&document, PREAMBLE "route home dev vmbr0\nallow tcp 22 vm1 comment \"a # b\"\n"
				      "deny any from home\noption bogons off\n");
	take_ids(&document, NULL);
	document_remove(&document, document_find(&document, "route home dev vmbr0"));
	add(&document, "allow tcp 7 any", 0);
	take_ids(&document, &document);
	text = document_running_text(&document, &length);
	assert_string_equal(text, "3 1\n"
				  "0 define rangeB 2001:db8:1:2\n"
				  "0 define vm1 rangeB:8000:1:0:1\n"
				  "0 define home 2001:db8:beef::/48\n"
				  "0 wan eth0\n"
				  "0 lan vmbr0\n"
				  "1 allow tcp 22 vm1 comment \"a # b\"\n"
				  "2 deny any from home\n"
				  "0 option bogons off\n"
				  "3 allow tcp 7 any\n");
	assert_int_equal(length, strlen(text));
	document_init(&again, NULL);
	assert_int_equal(document_read_running(&again, text, &faults), 0);
	assert_int_equal(again.last_rule_id, 3);
	assert_int_equal(again.last_route_id, 1);
	assert_int_equal(again.statements[0].line, LINE_RUNNING);
	second = document_running_text(&again, &second_length);
	assert_string_equal(second, text);
	free(text);
	free(second);
	document_free(&document);
	document_free(&again);
}

static void what_xfw_did_not_write_is_no_running_form(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"wan eth0\n", "line 1 is not of the form xfw keeps"},
		{"1 2 3\n", "line 1 is not of the form xfw keeps"},
		{"0 16384\n", "line 1 is not of the form xfw keeps"},
		{"0 0\nwan\n", "line 2 is not of the form xfw keeps"},
		{"0 0\n1 wan eth0\n", "line 2 is not of the form xfw keeps"},
		{"0 0\n131072 allow tcp 1 any\n", "line 2 is not of the form xfw keeps"},
		{"0 0\n16384 route ::5 dev a\n", "line 2 is not of the form xfw keeps"},
		{"0 0\n-1 allow tcp 1 any\n", "line 2 is not of the form xfw keeps"},
		{"0 0\n1 allow tcp 1 any\n2 allow tcp 1 any\n",
		 "line 3 is not of the form xfw keeps"},
		{"0 0\n1 nonsense\n", NULL},
		{"0 0\n1 allow \"\n", "line 2: a quote is not closed on its line"},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(rows); i++) {
		struct document document;
		struct faults faults = {};
		char wanted[256];

		document_init(&document, NULL);
		assert_int_equal(document_read_running(&document, rows[i].text, &faults), -EINVAL);
		snprintf(wanted, sizeof(wanted), "xfw: the running configuration: %s",
			 rows[i].message ?: "");
		assert_memory_equal(faults.lines[0], wanted, strlen(wanted));
		document_free(&document);
	}
}

static void an_id_held_twice_is_given_anew(void **state)
{
	struct document document;
	struct faults faults = {};

	(void)state;
	document_init(&document, NULL);
	assert_int_equal(document_read_running(
				 &document, "2 0\n2 allow tcp 1 any\n2 allow tcp 2 any\n", &faults),
			 0);
	take_ids(&document, &document);
	assert_int_equal(id_of(&document, "allow tcp 1 any"), 2);
	assert_int_equal(id_of(&document, "allow tcp 2 any"), 3);
	document_free(&document);
}

/* ---- show and diff ---- */

static void show_groups_by_purpose_and_keeps_the_order_within(void **state)
{
	struct document document;

	(void)state;
	read_good(&document, "option bogons off\n"
			     "deny any from ::9\n"
			     "allow tcp 2 any\n"
			     "ndp proxy ::5\n"
			     "allow tcp 1 any\n"
			     "route ::6 dev lan1\n"
			     "lan lan1\n"
			     "masquerade 10.0.0.0/8\n"
			     "define b1x ::2\n"
			     "wan wan1\n"
			     "define a1x ::1\n");
	assert_shown(&document, "define b1x ::2\n"
				"define a1x ::1\n"
				"\n"
				"lan lan1\n"
				"wan wan1\n"
				"\n"
				"route ::6 dev lan1\n"
				"\n"
				"deny any from ::9\n"
				"allow tcp 2 any\n"
				"allow tcp 1 any\n"
				"\n"
				"ndp proxy ::5\n"
				"masquerade 10.0.0.0/8\n"
				"\n"
				"option bogons off\n");
	document_free(&document);
}

static void show_is_a_fixed_point(void **state)
{
	struct document document, again;
	char *first, *second;

	(void)state;
	read_good(&document, "allow tcp 22  vm1 comment \"x  #  y\" # gone\ndefine vm1 \\\n ::1\n"
			     "allow tcp 1 any comment \"\"\nwan eth0");
	first = shown(&document);
	read_good(&again, first);
	second = shown(&again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	document_free(&document);
	document_free(&again);
}

static void diff_tells_what_goes_and_what_comes(void **state)
{
	struct document from, to;
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	(void)state;
	read_good(&from, "wan eth0\nallow tcp 1 any\nallow tcp 2 any\ndefine vm1 ::1\n");
	read_good(&to, "allow tcp 3 any\ndefine vm1 ::2\nallow  tcp 1 any\nwan eth0 # same\n");
	assert_int_equal(document_diff(&from, &to, memory), 4);
	fclose(memory);
	assert_string_equal(text, "-allow tcp 2 any\n-define vm1 ::1\n"
				  "+allow tcp 3 any\n+define vm1 ::2\n");
	assert_int_equal(document_diff(&from, &from, stderr), 0);
	free(text);
	document_free(&from);
	document_free(&to);
}

/* ---- delete ---- */

static void a_define_is_used_where_an_address_stands(void **state)
{
	static const struct {
		const char *line;
		bool user;
	} rows[] = {
		{"allow tcp 22 vm1", true},
		{"allow tcp 22 vm1:5", true},
		{"allow tcp 22 vm1/64", true},
		{"allow tcp vm1", true},
		{"allow tcp 22 any from vm1", true},
		{"deny any from vm1", true},
		{"route vm1:1::/77 dev vmbr0", true},
		{"route ::5 via vm1 dev vmbr0", true},
		{"define other vm1", true},
		{"define other vm1:1", true},
		{"masquerade vm1", true},
		{"forward tcp 22 to vm1", true},
		{"ndp proxy vm1", true},
		{"allow tcp 22 vm11", false},
		{"allow tcp 22 vm", false},
		{"allow tcp 22 any comment vm1", false},
		{"lan vm1", false},
		{"option vm1 on", false},
		{"route ::5 dev vm1", false},
		{"define vm1 ::5", false},
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(rows); i++) {
		struct document document;
		const struct statement *user;

		read_good(&document, rows[i].line);
		user = document_user_of(&document, "vm1");
		if ((user != NULL) != rows[i].user)
			fail_msg("%s: %s", rows[i].line, user ? "a user" : "no user");
		document_free(&document);
	}
}

static void delete_finds_a_line_by_what_it_means(void **state)
{
	static const struct {
		const char *wanted;
		const char *found;
	} rows[] = {
		{"allow tcp https vm1", "allow tcp 443 vm1"},
		{"allow tcp 443 rangeB:8000:1:0:1", "allow tcp 443 vm1"},
		{"allow tcp 443 2001:db8:1:2:8000:1:0:1", "allow tcp 443 vm1"},
		{"allow 6 443 vm1", "allow tcp 443 vm1"},
		{"allow tcp 443-443 vm1 from any", "allow tcp 443 vm1"},
		{"allow tcp 443 vm1 comment other", "allow tcp 443 vm1"},
		{"allow tcp 80,22 vm1", "allow tcp 22,80 vm1 comment \"web, shell\""},
		{"allow icmp6 128 any", "allow icmp6 echo-request any"},
		{"deny any any from 2001:db8:bad::/48", "deny any from 2001:db8:bad::/48"},
		{"route 2001:db8:1:2:8000::/77 dev vmbr0", "route rangeB:8000::/77 dev vmbr0"},
		{"route rangeB:8010::/77 via rangeB:8000:1:0:1",
		 "route rangeB:8010::/77 via vm1 dev vmbr0"},
		{"allow tcp 444 vm1", NULL},
		{"allow udp 443 vm1", NULL},
		{"deny tcp 443 vm1", NULL},
		{"allow tcp 443 vm1 from home", NULL},
		{"allow tcp 443 any", NULL},
		{"allow tcp vm1", NULL},
		{"allow tcp 0 vm1", NULL},
		{"route rangeB:8000::/77 dev vmbr1", NULL},
		{"route rangeB:8000::/78 dev vmbr0", NULL},
		{"route rangeB:8010::/77 via rangeB:8000:1:0:2", NULL},
		{"option bogons off", NULL},
	};
	struct document document;

	(void)state;
	read_good(&document, PREAMBLE "route rangeB:8000::/77 dev vmbr0\n"
				      "route rangeB:8010::/77 via vm1 dev vmbr0\n"
				      "allow tcp 443 vm1\n"
				      "allow tcp 22,80 vm1 comment \"web, shell\"\n"
				      "allow icmp6 echo-request any\n"
				      "deny any from 2001:db8:bad::/48\n"
				      "option bogons on\n");
	for (size_t i = 0; i < ENTRIES(rows); i++) {
		struct document asked;
		const struct statement *found;

		read_good(&asked, rows[i].wanted);
		found = find_by_meaning(&document, asked.statements, machine());
		if (!found != !rows[i].found || (found && strcmp(found->text, rows[i].found)))
			fail_msg("%s: found %s", rows[i].wanted, found ? found->text : "nothing");
		document_free(&asked);
	}
	document_free(&document);
}

/* ---- resolving a whole ---- */

static void names_and_slices_may_stand_after_their_use(void **state)
{
	char said[1024];
	const char *text = "route rangeB:8020::/77 via rangeB:8010::9\n"
			   "route rangeB:8010::/77 dev vmbr1\n"
			   "allow tcp 22 late\n"
			   "define late rangeB:8010::5\n"
			   "define rangeB 2001:db8:1:2\n"
			   "lan vmbr1\nlan vmbr0\nwan eth0\n";

	(void)state;
	faults_of(text, strlen(text), said, sizeof(said));
	assert_string_equal(said, "");
}

static void a_gateway_is_sought_in_the_smallest_network_that_holds_it(void **state)
{
	static const struct {
		const char *gateway;
		const char *device;
	} rows[] = {
		{"2001:db8:1:2:8000::7", "vmbr0"},   /* vmbr0's own /77 */
		{"2001:db8:1:3::7", "vmbr1"},	     /* vmbr1's own /64 */
		{"2001:db8:1:3:8000::7", "vmbr0"},   /* a slice inside it */
		{"2001:db8:1:2:8000:2::7", "vmbr1"}, /* a slice inside vmbr0's own */
		{"2001:db8:77::7", "vmbr1"},	     /* a slice alone */
		{"2001:db8:77:1::7", "vmbr0"},	     /* the smaller of two slices */
	};

	(void)state;
	for (size_t i = 0; i < ENTRIES(rows); i++) {
		struct document document;
		struct faults faults = {};
		struct config config;
		char text[1024];

		snprintf(text, sizeof(text),
			 PREAMBLE "lan vmbr1\n"
				  "route 2001:db8:1::/48 dev vmbr1\n"
				  "route 2001:db8:77:1::/64 dev vmbr0\n"
				  "route 2001:db8:77::/48 dev vmbr1\n"
				  "route 2001:db8:1:3:8000::/65 dev vmbr0\n"
				  "route 2001:db8:1:2:8000:2::/96 dev vmbr1\n"
				  "route 2001:db8:99::/48 via %s\n",
			 rows[i].gateway);
		read_good(&document, text);
		take_ids(&document, NULL);
		if (resolve(&document, machine(), &config, &faults))
			fail_msg("%s", faults.lines[0]);
		assert_int_equal(config.route_count, 6);
		assert_int_equal(config.routes[5].kind, ROUTE_GATEWAY);
		assert_string_equal(config.routes[5].device, rows[i].device);
		assert_int_equal(config.routes[5].index, 6);
		config_free(&config);
		document_free(&document);
	}
}

static void the_config_carries_ids_texts_and_the_running_form(void **state)
{
	struct document document;
	struct faults faults = {};
	struct config config;

	(void)state;
	read_good(&document, PREAMBLE "allow tcp ssh vm1 comment \"a b\"\nroute home dev vmbr0\n"
				      "deny tcp 25\n");
	take_ids(&document, NULL);
	assert_int_equal(resolve(&document, machine(), &config, &faults), 0);
	assert_int_equal(config.interface_count, 2);
	assert_string_equal(config.interfaces[0].name, "eth0");
	assert_int_equal(config.interfaces[0].role, ROLE_WAN);
	assert_int_equal(config.interfaces[0].ifindex, 2);
	assert_string_equal(config.interfaces[1].name, "vmbr0");
	assert_int_equal(config.interfaces[1].role, ROLE_LAN);
	assert_int_equal(config.rule_count, 2);
	assert_int_equal(config.rules[0].id, 1);
	assert_int_equal(config.rules[1].id, 2);
	assert_string_equal(config.rule_texts[0], "allow tcp ssh vm1 comment \"a b\"");
	assert_string_equal(config.rule_texts[1], "deny tcp 25");
	assert_int_equal(config.routes[0].index, 1);
	assert_int_equal(config.routes[0].ifindex, 3);
	assert_memory_equal(config.text, "2 1\n0 define rangeB", 19);
	assert_int_equal(config.text_length, strlen(config.text));
	assert_true(config.options.drop_bogons);
	assert_true(config.options.fast_path);
	assert_false(config.options.require_native);
	assert_int_equal(config.options.flows, XFW_FLOWS_DEFAULT);
	config_free(&config);
	assert_null(config.rules);
	document_free(&document);
}

static void every_service_has_the_port_that_the_library_says(void **state)
{
	const char *names[2048], *protocols[2048];
	const struct servent *entry;
	size_t count = 0;
	__u16 port;

	(void)state;
	setservent(1);
	for (entry = getservent(); entry && count < ENTRIES(names); entry = getservent()) {
		names[count] = strdup(entry->s_name);
		protocols[count++] = strdup(entry->s_proto);
	}
	endservent();
	assert_true(count > 100);
	for (size_t i = 0; i < count; i++) {
		entry = getservbyname(names[i], protocols[i]);
		assert_true(service_port(names[i], protocols[i], &port));
		assert_int_equal(port, ntohs(entry->s_port));
		free((char *)names[i]);
		free((char *)protocols[i]);
	}
	assert_false(service_port("https", "none", &port));
}

static void a_host_without_addresses_cannot_be_named(void **state)
{
	static const struct system bare = {.links = machine_links, .link_count = 3};
	struct document document;
	struct faults faults = {};
	struct config config;

	(void)state;
	read_good(&document, "wan eth0\nallow tcp 22 host\n");
	assert_int_equal(resolve(&document, &bare, &config, &faults), -EINVAL);
	assert_string_equal(faults.lines[0], "xfw.conf:2: allow: the host has no address yet");
	config_free(&config);
	document_free(&document);
}

static void more_roles_than_xfw_has_room_for_are_refused(void **state)
{
	struct system_link links[XFW_INTERFACES_CAPACITY + 1] = {};
	struct system many = {.links = links, .link_count = ENTRIES(links)};
	struct document document;
	struct faults faults = {};
	struct fault fault = {""};
	struct config config;
	char text[64];

	(void)state;
	document_init(&document, NULL);
	for (size_t i = 0; i < ENTRIES(links); i++) {
		snprintf(links[i].name, sizeof(links[i].name), "if%zu", i);
		links[i].ifindex = i + 1;
		snprintf(text, sizeof(text), "wan if%zu", i);
		assert_int_equal(type(&document, text, &fault), 0);
	}
	assert_int_equal(resolve(&document, &many, &config, &faults), -EINVAL);
	assert_string_equal(faults.lines[0], "xfw: wan: more than 16 interfaces have a role");
	config_free(&config);
	document_free(&document);
}

/* A whole file as a user of it all has it: the one of the README, and every option word. */
static const char everything[] =
	"define rangeB  2001:db8:1:2            # leading groups: rangeB:8010::5 is 2001:db8:1:2:8010::5\n"
	"define vm1     rangeB:8000:1:0:1\n"
	"define home    2001:db8:beef::/48\n"
	"\n"
	"wan  eth0                              # role of an interface; more than one of each is fine\n"
	"lan  vmbr0\n"
	"tun  wg0\n"
	"\n"
	"route rangeB:8000::/77 dev vmbr0                           # on-link slice\n"
	"route rangeB:8010::/77 via rangeB:8000:1:0:1 dev vmbr0     # containers behind VM1\n"
	"route rangeB:8008::/77 via fda2:5d88:d5a3:1d4d::2 dev wg0  # home network behind the tunnel\n"
	"\n"
	"allow tcp 443          rangeB:8010::5\n"
	"allow tcp 22           vm1 from home\n"
	"allow udp 60000-61000  vm1\n"
	"allow tcp 80,443       rangeB:8000::/77\n"
	"allow icmp6 echo-request rangeB:8000::/65\n"
	"allow udp 51820        host\n"
	"deny  any from 2001:db8:bad::/48       # a deny beats every allow, whatever the order\n"
	"\n"
	"masquerade 172.16.0.0/16               # IPv4: guests leave with the WAN's address\n"
	"forward tcp 8443 to 172.16.99.10:443   # port forward; permits what it forwards, may end in `from SRC`\n"
	"ndp proxy rangeB:8000::/65             # answer neighbour solicitations for the slices inside (on-link providers)\n"
	"option drop-log rate 10/s\n";

static void a_file_that_uses_everything_is_accepted(void **state)
{
	char said[4096];

	(void)state;
	faults_of(everything, strlen(everything), said, sizeof(said));
	assert_string_equal(said, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_rule_twice_is_one),
		cmocka_unit_test(a_typed_define_changes_the_one_there_in_its_place),
		cmocka_unit_test(in_a_file_a_second_define_is_a_fault_naming_the_first),
		cmocka_unit_test(a_thousand_statements_are_all_found_and_removed),
		cmocka_unit_test(ids_go_up_from_one_in_spaces_of_their_own),
		cmocka_unit_test(a_rule_keeps_its_id_while_it_lives_whatever_file_it_stands_in),
		cmocka_unit_test(a_deleted_rules_id_is_not_given_to_the_next),
		cmocka_unit_test(past_the_capacity_the_lowest_free_id_is_given),
		cmocka_unit_test(more_routes_than_there_is_room_for_are_refused),
		cmocka_unit_test(the_running_form_reads_back_exactly),
		cmocka_unit_test(what_xfw_did_not_write_is_no_running_form),
		cmocka_unit_test(an_id_held_twice_is_given_anew),
		cmocka_unit_test(show_groups_by_purpose_and_keeps_the_order_within),
		cmocka_unit_test(show_is_a_fixed_point),
		cmocka_unit_test(diff_tells_what_goes_and_what_comes),
		cmocka_unit_test(a_define_is_used_where_an_address_stands),
		cmocka_unit_test(delete_finds_a_line_by_what_it_means),
		cmocka_unit_test(names_and_slices_may_stand_after_their_use),
		cmocka_unit_test(a_gateway_is_sought_in_the_smallest_network_that_holds_it),
		cmocka_unit_test(the_config_carries_ids_texts_and_the_running_form),
		cmocka_unit_test(every_service_has_the_port_that_the_library_says),
		cmocka_unit_test(a_host_without_addresses_cannot_be_named),
		cmocka_unit_test(more_roles_than_xfw_has_room_for_are_refused),
		cmocka_unit_test(a_file_that_uses_everything_is_accepted),
	};

	return cmocka_run_group_tests_name("documents", tests, NULL, NULL);
}
