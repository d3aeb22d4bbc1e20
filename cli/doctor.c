/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checks of the machine, each a function of its own; the table at the end says which there are.
 * Those of an interface are in doctor_interface.c.
 */
#include "doctor.h"

#include <jansson.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../loader/nat.h"

struct finding *finding_note(const struct examination *examination, const char *check,
			     const char *subject, enum finding_state state)
{
	struct findings *findings = examination->findings;
	/* More than fit are no news: the last place takes them. */
	size_t place = findings->count < FINDINGS_MAX ? findings->count++ : FINDINGS_MAX - 1;
	struct finding *finding = &findings->list[place];

	*finding = (struct finding){.check = check, .state = state};
	snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
	return finding;
}

void finding_say(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->detail, sizeof(finding->detail), format, arguments);
	va_end(arguments);
}

void finding_fix(struct finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->fix, sizeof(finding->fix), format, arguments);
	va_end(arguments);
}

int doctor_setting(const char *format, ...)
{
	int value = NO_SUCH_SETTING;
	va_list arguments;
	char path[160];
	FILE *file;

	va_start(arguments, format);
	vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	file = fopen(path, "re");
	if (file && fscanf(file, "%d", &value) != 1)
		value = NO_SUCH_SETTING;
	if (file)
		fclose(file);
	return value;
}

/* ---- the machine ---- */

static void check_bpffs(const struct examination *examination)
{
	struct statfs status;
	bool mounted = !statfs("/sys/fs/bpf", &status) && status.f_type == BPF_FS_MAGIC;
	struct finding *finding =
		finding_note(examination, "bpffs", "", mounted ? FINDING_OK : FINDING_FAULT);

	finding_say(finding,
		    mounted ? "mounted at /sys/fs/bpf" : "/sys/fs/bpf is no BPF file system");
	if (!mounted)
		finding_fix(finding, "mount -t bpf bpf /sys/fs/bpf");
}

static void check_btf(const struct examination *examination)
{
	bool there = !access("/sys/kernel/btf/vmlinux", R_OK);
	struct finding *finding =
		finding_note(examination, "btf", "", there ? FINDING_OK : FINDING_FAULT);

	finding_say(finding, there ? "the kernel describes its types"
				   : "the kernel has no /sys/kernel/btf/vmlinux");
	if (!there)
		finding_fix(finding,
			    "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian's have");
}

static void check_forwarding_of(const struct examination *examination, const char *family,
				const char *path, const char *name)
{
	bool on = doctor_setting("%s", path) > 0;
	struct finding *finding =
		finding_note(examination, "forwarding", family, on ? FINDING_OK : FINDING_FAULT);

	finding_say(finding, on ? "the kernel forwards"
				: "the kernel does not forward: no guest is reached");
	if (!on)
		finding_fix(finding, "sysctl -w %s=1", name);
}

static bool routes_family(const struct config *config, bool ipv4)
{
	static const __u8 ipv4_start[12] = {[10] = 0xff, [11] = 0xff};

	for (size_t i = 0; i < config->route_count; i++)
		if (!memcmp(config->routes[i].prefix.address.bytes, ipv4_start,
			    sizeof(ipv4_start)) == ipv4)
			return true;
	return false;
}

/* Asked of the families that something is to be forwarded of; of IPv6 when there is no telling. */
static void check_forwarding(const struct examination *examination)
{
	const struct config *config = examination->config;
	bool ipv4 =
		routes_family(config, true) || config->masquerade_count || config->forward_count;

	if (routes_family(config, false) || !ipv4)
		check_forwarding_of(examination, "ipv6", "/proc/sys/net/ipv6/conf/all/forwarding",
				    "net.ipv6.conf.all.forwarding");
	if (ipv4)
		check_forwarding_of(examination, "ipv4", "/proc/sys/net/ipv4/ip_forward",
				    "net.ipv4.ip_forward");
}

static void check_br_netfilter(const struct examination *examination)
{
	bool acts = doctor_setting("/proc/sys/net/bridge/bridge-nf-call-iptables") == 1 ||
		    doctor_setting("/proc/sys/net/bridge/bridge-nf-call-ip6tables") == 1;
	struct finding *finding =
		finding_note(examination, "br-netfilter", "", acts ? FINDING_WARNING : FINDING_OK);

	finding_say(finding, acts ? "frames between guests pass the host's netfilter rules"
				  : "bridged frames stay out of netfilter");
	if (acts)
		finding_fix(finding, "sysctl -w net.bridge.bridge-nf-call-iptables=0 "
				     "net.bridge.bridge-nf-call-ip6tables=0");
}

/* Proxmox's own firewall puts a bridge between a guest's tap and vmbr0. */
static void check_proxmox_firewall(const struct examination *examination)
{
	size_t before = examination->findings->count;

	for (size_t i = 0; i < examination->system->link_count; i++) {
		const char *name = examination->system->links[i].name;
		struct finding *finding;

		if (strncmp(name, "fwbr", 4))
			continue;
		finding = finding_note(examination, "proxmox-firewall", name, FINDING_WARNING);
		finding_say(finding,
			    "a firewall bridge between a guest and its LAN: the fast path ends "
			    "at it");
		finding_fix(finding, "qm set VMID --net0 …,firewall=0");
	}
	if (examination->findings->count == before)
		finding_say(finding_note(examination, "proxmox-firewall", "", FINDING_OK),
			    "no firewall bridge between a guest and its LAN");
}

/* A chain that drops what no rule of its own takes would meet our passes. */
static void judge_chain(const struct examination *examination, const json_t *chain)
{
	const char *hook = json_string_value(json_object_get(chain, "hook"));
	const char *policy = json_string_value(json_object_get(chain, "policy"));
	const char *table = json_string_value(json_object_get(chain, "table"));
	const char *name = json_string_value(json_object_get(chain, "name"));
	const char *family = json_string_value(json_object_get(chain, "family"));
	struct finding *finding;

	if (!hook || !policy || !table || !name || !family || strcmp(policy, "drop") ||
	    !strcmp(table, "xfw"))
		return;
	if (strcmp(hook, "forward") && strcmp(hook, "input"))
		return;
	finding = finding_note(examination, "other-firewall", table, FINDING_WARNING);
	finding_say(finding,
		    "chain '%s' (%s, %s) drops what its own rules do not take, also what xfw "
		    "lets in",
		    name, family, hook);
	finding_fix(finding, "nft chain %s %s %s '{ policy accept; }'", family, table, name);
}

static void judge_ruleset(const struct examination *examination, const json_t *ruleset)
{
	size_t before = examination->findings->count, index;
	json_t *item;

	json_array_foreach(json_object_get(ruleset, "nftables"), index, item)
	{
		json_t *chain = json_object_get(item, "chain");

		if (chain)
			judge_chain(examination, chain);
	}
	if (examination->findings->count == before)
		finding_say(finding_note(examination, "other-firewall", "", FINDING_OK),
			    "no other table drops by default");
}

static void check_other_firewalls(const struct examination *examination)
{
	char *text = nat_ruleset_json();
	json_t *ruleset = text ? json_loads(text, 0, NULL) : NULL;
	struct finding *finding;

	if (ruleset) {
		judge_ruleset(examination, ruleset);
	} else {
		finding = finding_note(examination, "other-firewall", "", FINDING_WARNING);
		finding_say(finding, "the kernel's nftables cannot be read: other firewalls would "
				     "go unseen");
		finding_fix(finding, "nft list ruleset");
	}
	json_decref(ruleset);
	free(text);
}

/* ---- all of them ---- */

static machine_check *const machine_checks[] = {
	check_bpffs,
	check_btf,
	check_forwarding,
	check_br_netfilter,
	check_proxmox_firewall,
	check_other_firewalls,
};

void doctor_examine(const struct examination *examination)
{
	const struct config *config = examination->config;

	for (size_t i = 0; i < sizeof(machine_checks) / sizeof(machine_checks[0]); i++)
		machine_checks[i](examination);
	for (size_t i = 0; i < config->interface_count; i++)
		for (interface_check *const *check = interface_checks; *check; check++)
			(*check)(examination, &config->interfaces[i]);
}
