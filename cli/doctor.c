/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Each check is a function of its own; the tables at the end say which there are.
 */
#include "doctor.h"

#include <jansson.h>
#include <linux/ethtool.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../loader/nat.h"
#include "../loader/netlink.h"

enum {
	XDP_FEATURE_BASIC = 1,	/* NETDEV_XDP_ACT_BASIC, linux/netdev.h of 6.3 */
	NATIVE_MTU_SAFE = 3498, /* one page less headroom and tail, the usual limit */
	NO_SUCH_SETTING = -1,
};

/* One machine, looked at. */
struct examination {
	const struct config *config;
	const struct system *system;
	struct findings *findings;
};

static struct finding *note(const struct examination *examination, const char *check,
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

__attribute__((format(printf, 2, 3))) static void say(struct finding *finding, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->detail, sizeof(finding->detail), format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 3))) static void fix(struct finding *finding, const char *format,
						      ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->fix, sizeof(finding->fix), format, arguments);
	va_end(arguments);
}

/* The number in a file of /proc/sys; NO_SUCH_SETTING when there is none. */
__attribute__((format(printf, 1, 2))) static int setting(const char *format, ...)
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
		note(examination, "bpffs", "", mounted ? FINDING_OK : FINDING_FAULT);

	say(finding, mounted ? "mounted at /sys/fs/bpf" : "/sys/fs/bpf is no BPF file system");
	if (!mounted)
		fix(finding, "mount -t bpf bpf /sys/fs/bpf");
}

static void check_btf(const struct examination *examination)
{
	bool there = !access("/sys/kernel/btf/vmlinux", R_OK);
	struct finding *finding = note(examination, "btf", "", there ? FINDING_OK : FINDING_FAULT);

	say(finding,
	    there ? "the kernel describes its types" : "the kernel has no /sys/kernel/btf/vmlinux");
	if (!there)
		fix(finding, "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian's have");
}

static void check_forwarding_of(const struct examination *examination, const char *family,
				const char *path, const char *name)
{
	int value = setting("%s", path);
	struct finding *finding =
		note(examination, "forwarding", family, value == 1 ? FINDING_OK : FINDING_FAULT);

	say(finding, value == 1 ? "the kernel forwards" : "the kernel does not forward");
	if (value != 1)
		fix(finding, "sysctl -w %s=1", name);
}

static void check_forwarding(const struct examination *examination)
{
	check_forwarding_of(examination, "ipv6", "/proc/sys/net/ipv6/conf/all/forwarding",
			    "net.ipv6.conf.all.forwarding");
	if (examination->config->masquerade_count || examination->config->forward_count)
		check_forwarding_of(examination, "ipv4", "/proc/sys/net/ipv4/ip_forward",
				    "net.ipv4.ip_forward");
}

static void check_br_netfilter(const struct examination *examination)
{
	bool acts = setting("/proc/sys/net/bridge/bridge-nf-call-iptables") == 1 ||
		    setting("/proc/sys/net/bridge/bridge-nf-call-ip6tables") == 1;
	struct finding *finding =
		note(examination, "br-netfilter", "", acts ? FINDING_WARNING : FINDING_OK);

	say(finding, acts ? "frames between guests pass the host's netfilter rules"
			  : "bridged frames stay out of netfilter");
	if (acts)
		fix(finding, "sysctl -w net.bridge.bridge-nf-call-iptables=0 "
			     "net.bridge.bridge-nf-call-ip6tables=0");
}

/* Proxmox's own firewall puts a bridge between a guest's tap and vmbr0. */
static void check_proxmox_firewall(const struct examination *examination)
{
	for (size_t i = 0; i < examination->system->link_count; i++) {
		const char *name = examination->system->links[i].name;
		struct finding *finding;

		if (strncmp(name, "fwbr", 4))
			continue;
		finding = note(examination, "proxmox-firewall", name, FINDING_WARNING);
		say(finding, "a firewall bridge between a guest and its LAN: the fast path ends "
			     "at it");
		fix(finding, "qm set VMID --net0 …,firewall=0");
	}
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

	if (!hook || !policy || !table || !name || !family || strcmp(policy, "drop"))
		return;
	if (strcmp(hook, "forward") && strcmp(hook, "input"))
		return;
	finding = note(examination, "other-firewall", table, FINDING_WARNING);
	say(finding,
	    "chain '%s' (%s, %s) drops what its own rules do not take, also what xfw "
	    "lets in",
	    name, family, hook);
	fix(finding, "nft chain %s %s %s '{ policy accept; }'", family, table, name);
}

static void check_other_firewalls(const struct examination *examination)
{
	size_t before = examination->findings->count;
	char *text = nat_ruleset_json();
	json_t *ruleset = text ? json_loads(text, 0, NULL) : NULL, *item;
	size_t index;

	json_array_foreach(json_object_get(ruleset, "nftables"), index, item)
	{
		json_t *chain = json_object_get(item, "chain");

		if (chain)
			judge_chain(examination, chain);
	}
	json_decref(ruleset);
	free(text);
	if (examination->findings->count == before)
		say(note(examination, "other-firewall", "", FINDING_OK),
		    "no other table drops by default");
}

/* ---- an interface ---- */

static __u32 ethtool_flags(const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
	struct ifreq request = {.ifr_data = (void *)&value};
	int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (handle < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(handle, SIOCETHTOOL, &request))
		value.data = 0;
	close(handle);
	return value.data;
}

static void check_native(const struct examination *examination,
			 const struct interface_config *interface)
{
	unsigned long long features;
	struct finding *finding;
	bool native;

	if (interface->role != ROLE_WAN || netlink_xdp_features(interface->ifindex, &features))
		return;
	native = features & XDP_FEATURE_BASIC;
	finding = note(examination, "native-xdp", interface->name,
		       native ? FINDING_OK : FINDING_WARNING);
	say(finding, native ? "its driver runs XDP programs"
			    : "its driver runs no XDP programs: generic mode, many times slower");
}

static void check_lro(const struct examination *examination,
		      const struct interface_config *interface)
{
	bool on = ethtool_flags(interface->name) & ETH_FLAG_LRO;
	struct finding *finding =
		note(examination, "lro", interface->name, on ? FINDING_FAULT : FINDING_OK);

	say(finding, on ? "the NIC merges packets, which a router must not forward" : "off");
	if (on)
		fix(finding, "ethtool -K %s lro off", interface->name);
}

static void check_vlan_offload(const struct examination *examination,
			       const struct interface_config *interface)
{
	struct finding *finding;
	bool on;

	if (interface->role != ROLE_WAN)
		return;
	on = ethtool_flags(interface->name) & ETH_FLAG_RXVLAN;
	finding = note(examination, "rx-vlan-offload", interface->name,
		       on ? FINDING_WARNING : FINDING_OK);
	say(finding, on ? "the NIC takes VLAN tags off before xfw sees the frame" : "off");
	if (on)
		fix(finding, "ethtool -K %s rxvlan off", interface->name);
}

static void check_mtu(const struct examination *examination,
		      const struct interface_config *interface)
{
	const struct system_link *link =
		system_link_by_index(examination->system, interface->ifindex);
	struct finding *finding;
	bool large;

	if (!link || interface->role != ROLE_WAN)
		return;
	large = link->mtu > NATIVE_MTU_SAFE;
	finding = note(examination, "mtu", link->name, large ? FINDING_WARNING : FINDING_OK);
	say(finding, large ? "%u: many drivers refuse native XDP above %d" : "%u", link->mtu,
	    NATIVE_MTU_SAFE);
	if (large)
		fix(finding, "ip link set %s mtu 1500", link->name);
}

static void check_accept_ra(const struct examination *examination,
			    const struct interface_config *interface)
{
	struct finding *finding;

	if (interface->role != ROLE_WAN ||
	    setting("/proc/sys/net/ipv6/conf/%s/forwarding", interface->name) != 1 ||
	    setting("/proc/sys/net/ipv6/conf/%s/accept_ra", interface->name) != 1)
		return;
	finding = note(examination, "accept-ra", interface->name, FINDING_WARNING);
	say(finding, "a router takes no router advertisements: without a static default route "
		     "IPv6 ends when the last one expires");
	fix(finding, "sysctl -w net.ipv6.conf.%s.accept_ra=2", interface->name);
}

static void check_rp_filter(const struct examination *examination,
			    const struct interface_config *interface)
{
	int all = setting("/proc/sys/net/ipv4/conf/all/rp_filter");
	int own = setting("/proc/sys/net/ipv4/conf/%s/rp_filter", interface->name);
	struct finding *finding;

	if ((own > all ? own : all) != 1)
		return;
	finding = note(examination, "rp-filter", interface->name, FINDING_WARNING);
	say(finding, "strict: the kernel drops what comes in another way than it would go out");
	fix(finding, "sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.%s.rp_filter=2",
	    interface->name);
}

static void check_bridge(const struct examination *examination,
			 const struct interface_config *interface)
{
	const struct system_link *link =
		system_link_by_index(examination->system, interface->ifindex);
	struct finding *finding;

	if (!link || !link->is_bridge || !link->bridge_filters_vlans)
		return;
	finding = note(examination, "bridge-vlans", link->name, FINDING_WARNING);
	say(finding, "the bridge filters VLANs: the kernel forwards to its ports, not the fast "
		     "path");
	fix(finding, "ip link set %s type bridge vlan_filtering 0", link->name);
}

/* ---- all of them ---- */

static void (*const machine_checks[])(const struct examination *) = {
	check_bpffs,
	check_btf,
	check_forwarding,
	check_br_netfilter,
	check_proxmox_firewall,
	check_other_firewalls,
};

static void (*const interface_checks[])(const struct examination *,
					const struct interface_config *) = {
	check_native,	 check_lro,	  check_vlan_offload, check_mtu,
	check_accept_ra, check_rp_filter, check_bridge,
};

void doctor_examine(const struct config *config, const struct system *system,
		    struct findings *findings)
{
	const struct examination examination = {config, system, findings};

	for (size_t i = 0; i < sizeof(machine_checks) / sizeof(machine_checks[0]); i++)
		machine_checks[i](&examination);
	for (size_t i = 0; i < config->interface_count; i++)
		for (size_t j = 0; j < sizeof(interface_checks) / sizeof(interface_checks[0]); j++)
			interface_checks[j](&examination, &config->interfaces[i]);
}
