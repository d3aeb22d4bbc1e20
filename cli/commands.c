/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one table of all commands; usage and help are printed from it.
 */
#include <stdio.h>

#include "command.h"

#define STATEMENT_COMMAND(id, keyword, group, form) {#keyword, command_statement, form, NULL},

const struct command commands[] = {
	{"up", command_up, "up [--config F] [--boot|--running]",
	 "read the file, load, fill, verify, then attach"},
	{"down", command_down, "down [--force]", "detach everything and remove the pins"},
	{"apply", command_apply, "apply [F] [--confirm S] [--force]",
	 "make running = F in one atomic switch"},
	{"shadow", command_shadow, "shadow F [SECONDS]",
	 "what F would newly drop or let in of the live traffic, before it is applied"},
	{"sync", command_sync, "sync", "look at interfaces and bridge ports anew"},
	{"follow", command_follow, "follow",
	 "keep in step with the kernel's links, addresses and imported routes"},
	{"check", command_check, "check [F]", "parse, resolve and compile; touch nothing"},
	{"confirm", command_confirm, "confirm", "keep what waits for confirmation"},
	{"rollback", command_confirm, "rollback", "undo what waits for confirmation"},
	{"diff", command_diff, "diff [F]", "what F would change of what is running"},
	{"show", command_show, "show", "print running as a file"},
	{"save", command_save, "save [F]", "write running into the file, comments kept"},
	XFW_STATEMENTS(STATEMENT_COMMAND){"delete", command_delete, "delete WORDS... | delete #ID",
					  "take a line back"},
	{"rules", command_rules, "rules [--sort ORDER] [--watch]",
	 "rules with id, packets, bytes, last hit"},
	{"routes", command_routes, "routes [--sort ORDER] [--watch]",
	 "slices with counters and the state of their next hop"},
	{"flows", command_flows, "flows [STATE...] [FILTERS] [--watch|--kill]",
	 "tracked flows, by --from, --to, --port, --proto; --kill ends them"},
	{"explain", command_explain,
	 "explain PROTO SRC [SPORT] DST [DPORT] | --read F [-n N] | --hex H",
	 "what would happen to this packet now, and why"},
	{"monitor", command_monitor, "monitor [--drops|--logged] [FILTER] [--write F]",
	 "live verdicts; F is a capture (pcapng) with the reasons in it"},
	{"exporter", command_exporter, "exporter [--listen ADDR:PORT]",
	 "Prometheus metrics over HTTP, on 127.0.0.1:9567"},
	{"ndp learn", command_learn, "ndp learn [PREFIX]", /* found by way of the statement ndp */
	 "is it on the provider's link, or routed to us?"},
	{"doctor", command_doctor, "doctor", "what on this machine stands in the way, and the fix"},
	{"audit", command_audit, "audit [--probe]",
	 "rules that do nothing, slices that lead nowhere, services that nobody reaches"},
	{"bench", command_bench, "bench",
	 "what a packet of each class costs here under these rules, without traffic"},
	{"stats", command_stats, "stats [--watch]", "counters by interface, verdict and reason"},
	{"status", command_status, "status [--watch]",
	 "interfaces, modes, programs, how full maps are"},
	{"top", command_top, "top", "rates by rule, guest, reason and source, on the whole screen"},
	{"plan", command_plan, "plan PREFIX/64 [host NAME [MAC]]...",
	 "a provider's /64 as addresses and files of a host"},
	{"help", command_help, "help", "this text"},
	{},
};

/* Its options are of no other command, so main leaves them where they are. */
bool command_reads_options(const struct command *command)
{
	return command->run == command_plan;
}

bool command_only_acts(const struct command *command)
{
	static int (*const actors[])(const struct invocation *) = {
		command_up,   command_down, command_apply,     command_confirm,
		command_sync, command_save, command_statement, command_delete,
	};

	for (size_t i = 0; i < sizeof(actors) / sizeof(actors[0]); i++)
		if (command->run == actors[i])
			return true;
	return false;
}

int command_help(const struct invocation *invocation)
{
	(void)invocation;
	printf("usage: xfw [--json] [--config F] [--pin-dir D] COMMAND ...\n\n");
	for (const struct command *command = commands; command->name; command++)
		if (command->help)
			printf("  xfw %-28s %s\n", command->form, command->help);
	printf("\none line of the language, applied to running at once (--save saves it too):\n\n");
	for (const struct command *command = commands; command->name; command++)
		if (!command->help)
			printf("  xfw %s\n", command->form);
	return EXIT_DONE;
}
