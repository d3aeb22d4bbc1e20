/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nftables script of a configuration, and its transaction through libnftables.
 */
#include "nat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "netlink.h"

#define NAME  "ip xfw"
#define TABLE "table " NAME

/* ---- transactions ---- */

/* In a process of its own: what the transaction printed, or why it failed, goes to @to. */
static void run_script_here(const char *script, FILE *to)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int error;

	if (!nft)
		_exit(1);
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	error = nft_run_cmd_from_buffer(nft, script);
	fputs(error ? nft_ctx_get_error_buffer(nft) : nft_ctx_get_output_buffer(nft), to);
	_exit(fclose(to) || error ? 1 : 0);
}

/* Everything that @from gives, NUL-terminated, to be freed; NULL when memory is out. */
static char *read_all(int from)
{
	FILE *file = fdopen(from, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file) {
		close(from);
		return NULL;
	}
	if (getdelim(&text, &size, '\0', file) < 0 && text)
		text[0] = '\0';
	if (!text)
		text = strdup("");
	fclose(file);
	return text;
}

/*
 * Run @script. *output is what it printed, or the first line of why it failed, to be freed.
 * libnftables ends the process when the kernel does not talk to it: it gets one of its own, so
 * that a change which is half made can be taken back.
 */
static int run_script(const char *script, char **output)
{
	int ends[2], status = 0;
	pid_t child;

	*output = NULL;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (!child) {
		FILE *to = fdopen(ends[1], "w");

		/* What it would say on its way out is said by whoever asked. */
		if (freopen("/dev/null", "w", stderr) && to)
			run_script_here(script, to);
		_exit(1);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return -EAGAIN;
	}
	*output = read_all(ends[0]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (!*output)
		return -ENOMEM;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EINVAL;
}

/* The same, and nobody wants to know what it printed. */
static int run_script_quietly(const char *script)
{
	char *output;
	int error = run_script(script, &output);

	free(output);
	return error;
}

/* Has this kernel no nftables, or no such table? Then that is the answer, and no fault. */
static bool says_none(const char *said)
{
	static const int none[] = {ENOENT, EOPNOTSUPP, EINVAL, EPROTONOSUPPORT};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (strstr(said, strerror(none[i])))
			return true;
	return false;
}

static bool kernel_knows_netfilter(void)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);

	if (!socket)
		return errno != EPROTONOSUPPORT;
	mnl_socket_close(socket);
	return true;
}

/* "" when there is none; NULL when it cannot be told. */
static char *table_now(void)
{
	char *text;

	if (!run_script("list " TABLE "\n", &text))
		return text;
	if (text && (says_none(text) || !kernel_knows_netfilter())) {
		text[0] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

static int read_before(char **before, struct report *report)
{
	*before = table_now();
	if (*before)
		return 0;
	report_error(report, "nftables does not say what '" TABLE "' is now");
	return -EIO;
}

/* ---- the script ---- */

static void write_address(FILE *script, const struct address *address)
{
	char text[INET_ADDRSTRLEN];

	fputs(inet_ntop(AF_INET, address->bytes + 12, text, sizeof(text)), script);
}

static void write_prefix(FILE *script, const struct prefix *prefix)
{
	write_address(script, &prefix->address);
	fprintf(script, "/%u", prefix->length - 96);
}

static const char *protocol_name(int protocol)
{
	return protocol == IPPROTO_UDP ? "udp" : protocol == IPPROTO_SCTP ? "sctp" : "tcp";
}

static void write_ports(FILE *script, const struct rule *rule)
{
	fprintf(script, "%s dport { ", protocol_name(rule->protocol));
	for (size_t i = 0; i < rule->range_count; i++)
		fprintf(script, "%s%u-%u", i ? ", " : "", rule->ranges[i].first,
			rule->ranges[i].last);
	fputs(" }", script);
}

/*
 * Whichever interface it comes by: a guest that asks the host's address for a forwarded port is
 * served like a stranger.
 */
static void write_forward(FILE *script, const struct config *config,
			  const struct forward_config *forward)
{
	const struct rule *rule = &config->rules[forward->rule];

	fputs("fib daddr type local ", script);
	if (rule->source.length) {
		fputs("ip saddr ", script);
		write_prefix(script, &rule->source);
		fputc(' ', script);
	}
	write_ports(script, rule);
	fputs(" dnat to ", script);
	write_address(script, &forward->target);
	if (forward->target_port)
		fprintf(script, ":%u", forward->target_port);
	fputc('\n', script);
}

static void write_wans_of(FILE *script, const struct interface_config *interfaces, size_t count,
			  const char **separator)
{
	for (size_t i = 0; i < count; i++) {
		if (interfaces[i].role != ROLE_WAN)
			continue;
		fprintf(script, "%s\"%s\"", *separator, interfaces[i].name);
		*separator = ", ";
	}
}

/* By name, so those that are not there yet, too. */
static void write_wans(FILE *script, const struct config *config)
{
	const char *separator = "";

	fputs("oifname { ", script);
	write_wans_of(script, config->interfaces, config->interface_count, &separator);
	write_wans_of(script, config->absent, config->absent_count, &separator);
	fputs(" }", script);
}

/* The table's chains: where the kernel calls them, and what holds their rules. */
struct hook {
	const char *chain;
	const char *type;
	const char *rules;
};

static const struct hook hooks[] = {
	{"prerouting", "nat hook prerouting priority -100", "forwards"},
	{"output", "nat hook output priority -100", "forwards"},
	{"postrouting", "nat hook postrouting priority 100", "masquerades"},
	{"untranslated", "filter hook postrouting priority 300", "private_sources"},
};
static const char *const rule_chains[] = {"forwards", "masquerades", "private_sources"};

enum { HOOKS = sizeof(hooks) / sizeof(hooks[0]), RULE_CHAINS = 3 };

/* Elements of `networks`, which is masqueraded, or of `private`: those and the forwards' targets. */
static void write_elements(FILE *script, const struct config *config, const char *trial,
			   const char *set, bool targets)
{
	const char *separator = "";

	fprintf(script,
		"add set " NAME " %s%s { type ipv4_addr; flags interval; auto-merge; }\n"
		"flush set " NAME " %s%s\n",
		trial, set, trial, set);
	if (!config->masquerade_count && !targets)
		return;
	fprintf(script, "add element " NAME " %s%s { ", trial, set);
	for (size_t i = 0; i < config->masquerade_count; i++) {
		fputs(separator, script);
		write_prefix(script, &config->masquerades[i]);
		separator = ", ";
	}
	for (size_t i = 0; targets && i < config->forward_count; i++) {
		fputs(separator, script);
		write_address(script, &config->forwards[i].target);
		separator = ", ";
	}
	fputs(" }\n", script);
}

/*
 * Hairpin: a guest that was sent back to its own network must see the answer come from the host,
 * or it would not know it. And what conntrack would not translate, say a reset out of any
 * connection, must not leave with a guest's private address.
 */
static void write_source_rules(FILE *script, const struct config *config, const char *trial)
{
	fprintf(script,
		"add rule " NAME " %smasquerades ip saddr @%sprivate ip daddr @%sprivate "
		"ct status dnat masquerade\nadd rule " NAME " %smasquerades ",
		trial, trial, trial, trial);
	write_wans(script, config);
	fprintf(script, " ip saddr @%snetworks masquerade\nadd rule " NAME " %sprivate_sources ",
		trial, trial);
	write_wans(script, config);
	fprintf(script, " ip saddr @%sprivate counter drop\n", trial);
}

static bool translates(const struct config *config)
{
	return config->forward_count || config->masquerade_count;
}

/* Rules of @config into the chains of that prefix, emptied before. Works on what is there. */
static void write_rules(FILE *script, const struct config *config, const char *trial)
{
	for (int i = 0; i < RULE_CHAINS; i++)
		fprintf(script, "add chain " NAME " %s%s\nflush chain " NAME " %s%s\n", trial,
			rule_chains[i], trial, rule_chains[i]);
	write_elements(script, config, trial, "networks", false);
	write_elements(script, config, trial, "private", config->forward_count);
	if (translates(config))
		write_source_rules(script, config, trial);
	for (size_t i = 0; i < config->forward_count; i++) {
		fprintf(script, "add rule " NAME " %sforwards ", trial);
		write_forward(script, config, &config->forwards[i]);
	}
}

enum beside {
	BESIDE_NOTHING,
	BESIDE_OLD,   /* the next ones' rules follow the old ones' */
	BESIDE_TRIAL, /* they act instead, for a time */
};

/*
 * While the set `pending` holds an element, the trial's rules act, and then the old ones again:
 * the kernel takes the element out when its time is over.
 */
static void write_hooks(FILE *script, enum beside beside)
{
	for (int i = 0; i < HOOKS; i++) {
		const struct hook *hook = &hooks[i];

		fprintf(script,
			"add chain " NAME " %s { type %s; policy accept; }\n"
			"flush chain " NAME " %s\n",
			hook->chain, hook->type, hook->chain);
		if (beside == BESIDE_TRIAL)
			fprintf(script,
				"add rule " NAME " %s meta protocol @pending goto trial_%s\n",
				hook->chain, hook->rules);
		fprintf(script, "add rule " NAME " %s jump %s\n", hook->chain, hook->rules);
		if (beside == BESIDE_OLD)
			fprintf(script, "add rule " NAME " %s jump trial_%s\n", hook->chain,
				hook->rules);
	}
}

/* Add and delete first: replacing works alike whether the table is there or not. */
static char *script_of(const struct config *config)
{
	char *text = NULL;
	size_t length;
	FILE *script = open_memstream(&text, &length);

	if (!script)
		return NULL;
	fputs("add " TABLE "\ndelete " TABLE "\n", script);
	if (translates(config)) {
		fputs("add " TABLE "\n", script);
		write_rules(script, config, "");
		write_hooks(script, BESIDE_NOTHING);
	}
	return fclose(script) ? NULL : text;
}

/* What the trial's chains or the next configuration's lean on is there in any case. */
static char *beside_script_of(const struct config *config, enum beside beside, unsigned int seconds)
{
	char *text = NULL;
	size_t length;
	FILE *script = open_memstream(&text, &length);

	if (!script)
		return NULL;
	fputs("add " TABLE "\n"
	      "add set " NAME " pending { type ether_type; flags timeout; }\n"
	      "flush set " NAME " pending\n",
	      script);
	for (int i = 0; i < RULE_CHAINS; i++)
		fprintf(script, "add chain " NAME " %s\n", rule_chains[i]);
	write_rules(script, config, "trial_");
	write_hooks(script, beside);
	if (beside == BESIDE_TRIAL)
		fprintf(script, "add element " NAME " pending { ip timeout %us }\n", seconds);
	return fclose(script) ? NULL : text;
}

/* ---- applying ---- */

/* Run and free @script. */
static int commit(char *script, struct report *report)
{
	char *said = NULL;
	int error = script ? run_script(script, &said) : -ENOMEM;

	if (error && said)
		said[strcspn(said, "\n")] = '\0';
	if (error)
		report_error(report, "nftables refuses the translation: %s",
			     said && said[0] ? said : strerror(-error));
	free(said);
	free(script);
	return error;
}

/* A kernel without nftables is no fault of a configuration that translates nothing. */
static bool is_needed(const struct config *config, const char *before)
{
	return *before || translates(config);
}

int nat_try(const struct config *config, unsigned int seconds, char **before, struct report *report)
{
	int error = read_before(before, report);

	if (error)
		return error;
	if (!is_needed(config, *before))
		return 0;
	return commit(beside_script_of(config, BESIDE_TRIAL, seconds), report);
}

int nat_widen(const struct config *config, char **before, struct report *report)
{
	int error = read_before(before, report);

	if (error)
		return error;
	if (!is_needed(config, *before))
		return 0;
	return commit(**before ? beside_script_of(config, BESIDE_OLD, 0) : script_of(config),
		      report);
}

int nat_settle(const struct config *config, const char *before, struct report *report)
{
	/* There was nothing that it could have been put beside. */
	return *before ? commit(script_of(config), report) : 0;
}

int nat_restore(const char *before)
{
	char *script = NULL;
	int error;

	if (asprintf(&script, "add " TABLE "\ndelete " TABLE "\n%s", before) < 0)
		return -ENOMEM;
	error = run_script_quietly(script);
	free(script);
	return error;
}

int nat_remove(void)
{
	char *was = table_now();
	int error = was ? 0 : -EIO;

	if (was && *was)
		error = nat_restore("");
	free(was);
	return error;
}

char *nat_ruleset_json(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	char *text = NULL;

	if (!nft)
		return NULL;
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_JSON);
	if (!nft_run_cmd_from_buffer(nft, "list ruleset"))
		text = strdup(nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
	return text;
}
