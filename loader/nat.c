/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nftables script of a configuration, and its transaction through libnftables.
 */
#include "nat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"

#define TABLE "table ip xfw"

/* ---- transactions ---- */

/* Run @script. *output, when asked for, is what it printed, to be freed. */
static int run_script(const char *script, char **output, char *error_text, size_t size)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	int error;

	if (!nft)
		return -ENOMEM;
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	error = nft_run_cmd_from_buffer(nft, script) ? -EINVAL : 0;
	if (!error && output) {
		*output = strdup(nft_ctx_get_output_buffer(nft));
		error = *output ? 0 : -ENOMEM;
	}
	if (error && error_text)
		snprintf(error_text, size, "%.*s",
			 (int)strcspn(nft_ctx_get_error_buffer(nft), "\n"),
			 nft_ctx_get_error_buffer(nft));
	nft_ctx_free(nft);
	return error;
}

/* "" when there is no such table, or no nftables in this kernel. */
static char *table_now(void)
{
	char *text = NULL;

	if (run_script("list " TABLE "\n", &text, NULL, 0))
		return strdup("");
	return text;
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

	fputs("\t\tfib daddr type local ", script);
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

static void write_wans(FILE *script, const struct config *config)
{
	const char *separator = "";

	fputs("oifname { ", script);
	for (size_t i = 0; i < config->interface_count; i++) {
		if (config->interfaces[i].role != ROLE_WAN)
			continue;
		fprintf(script, "%s\"%s\"", separator, config->interfaces[i].name);
		separator = ", ";
	}
	fputs(" }", script);
}

static void write_networks(FILE *script, const struct config *config)
{
	fputs("{ ", script);
	for (size_t i = 0; i < config->masquerade_count; i++) {
		fputs(i ? ", " : "", script);
		write_prefix(script, &config->masquerades[i]);
	}
	fputs(" }", script);
}

static void write_destination_chains(FILE *script, const struct config *config)
{
	static const char *const hooks[] = {"prerouting", "output"};

	for (int i = 0; i < 2; i++) {
		fprintf(script,
			"\tchain %s {\n\t\ttype nat hook %s priority -100; policy accept;\n",
			hooks[i], hooks[i]);
		for (size_t j = 0; j < config->forward_count; j++)
			write_forward(script, config, &config->forwards[j]);
		fputs("\t}\n", script);
	}
}

/*
 * Hairpin: a guest that was sent back to its own network must see the answer come from the host,
 * or it would not know it. And what conntrack would not translate, say a reset out of any
 * connection, must not leave with a guest's private address.
 */
static void write_source_chains(FILE *script, const struct config *config)
{
	fputs("\tset networks {\n\t\ttype ipv4_addr; flags interval; auto-merge; elements = ",
	      script);
	write_networks(script, config);
	fputs("\n\t}\n"
	      "\tchain postrouting {\n\t\ttype nat hook postrouting priority 100; policy accept;\n"
	      "\t\tip saddr @networks ip daddr @networks ct status dnat masquerade\n\t\t",
	      script);
	write_wans(script, config);
	fputs(" ip saddr @networks masquerade\n\t}\n"
	      "\tchain untranslated {\n"
	      "\t\ttype filter hook postrouting priority 300; policy accept;\n\t\t",
	      script);
	write_wans(script, config);
	fputs(" ip saddr @networks counter drop\n\t}\n", script);
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
	if (config->forward_count || config->masquerade_count) {
		fputs(TABLE " {\n", script);
		if (config->masquerade_count)
			write_source_chains(script, config);
		if (config->forward_count)
			write_destination_chains(script, config);
		fputs("}\n", script);
	}
	return fclose(script) ? NULL : text;
}

/* ---- applying ---- */

static int replace_table(const struct config *config, struct report *report)
{
	char *script = script_of(config), text[256] = "";
	int error = script ? run_script(script, NULL, text, sizeof(text)) : -ENOMEM;

	if (error)
		report_error(report, "nftables refuses the translation: %s; nothing was changed",
			     text[0] ? text : strerror(-error));
	free(script);
	return error;
}

int nat_apply(const struct config *config, char **before, struct report *report)
{
	char *was = table_now();
	int error;

	*before = NULL;
	if (!was)
		return -ENOMEM;
	/* A kernel without nftables is no fault of a configuration that translates nothing. */
	if (!*was && !config->forward_count && !config->masquerade_count) {
		free(was);
		return 0;
	}
	error = replace_table(config, report);
	if (error)
		free(was);
	else
		*before = was;
	return error;
}

void nat_restore(const char *before)
{
	char *script = NULL;

	if (asprintf(&script, "add " TABLE "\ndelete " TABLE "\n%s", before) < 0)
		return;
	run_script(script, NULL, NULL, 0);
	free(script);
}

void nat_remove(void)
{
	char *was = table_now();

	if (was && *was)
		nat_restore("");
	free(was);
}
