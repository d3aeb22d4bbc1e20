/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each file of a plan says, in the words of the program that reads it.
 */
#include "plan_files.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- words ---- */

struct text {
	char bytes[PREFIX_TEXT];
};

static struct text address_text(const struct address *address)
{
	struct text text = {};

	address_format(address, text.bytes, sizeof(text.bytes));
	return text;
}

static struct text prefix_text(const struct prefix *prefix)
{
	struct text text = {};

	prefix_format(prefix, text.bytes, sizeof(text.bytes));
	return text;
}

/* The address with the length of the network that it lives in. */
static struct text in_network(const struct address *address, unsigned int length)
{
	struct prefix prefix = {*address, length};

	return prefix_text(&prefix);
}

#define ADDRESS(address) (address_text(address).bytes)
#define PREFIX(prefix)	 (prefix_text(prefix).bytes)

static unsigned int group(const struct address *address, int index)
{
	return address->bytes[index * 2] << 8 | address->bytes[index * 2 + 1];
}

/* ---- /etc/network/interfaces ---- */

static void print_wan4(const struct plan_file *file)
{
	const struct plan *plan = file->plan;
	const struct prefix *own = &plan->wan_address[FAMILY_IPV4];
	const struct address *gateway = &plan->wan_gateway[FAMILY_IPV4];

	if (!own->length) {
		fprintf(file->out, "iface %s inet dhcp\n\n", plan->wan);
		return;
	}
	fprintf(file->out, "iface %s inet static\n", plan->wan);
	/* prefix_format() leaves the length of a whole address out, ifupdown2 wants it. */
	fprintf(file->out, "\taddress %s%s\n", PREFIX(own), own->length == 128 ? "/32" : "");
	if (own->length == 128)
		fprintf(file->out, "\tpointopoint %s\n", ADDRESS(gateway));
	fprintf(file->out, "\tgateway %s\n\n", ADDRESS(gateway));
}

static void print_wan6(const struct plan_file *file)
{
	const struct plan *plan = file->plan;
	const struct prefix *own = &plan->wan_address[FAMILY_IPV6];
	const struct text host = in_network(&plan->host, plan->range_a.length);
	bool is_static = plan_has_wan_gateway(plan, FAMILY_IPV6);

	fprintf(file->out, "iface %s inet6 %s\n", plan->wan, is_static ? "static" : "auto");
	/* Beside router advertisements an address is no attribute of the method. */
	fprintf(file->out,
		is_static ? "\taddress %s\n" : "\tpost-up ip -6 address replace %s dev $IFACE\n",
		host.bytes);
	if (own->length)
		fprintf(file->out,
			is_static ? "\taddress %s%s\n"
				  : "\tpost-up ip -6 address replace %s%s dev $IFACE\n",
			PREFIX(own), own->length == 128 ? "/128" : "");
	if (is_static)
		fprintf(file->out, "\tgateway %s\n", ADDRESS(&plan->wan_gateway[FAMILY_IPV6]));
	fputc('\n', file->out);
}

static void print_interfaces(const struct plan_file *file)
{
	const struct plan *plan = file->plan;

	fprintf(file->out,
		"# /etc/network/interfaces of the host, for ifupdown2 (Proxmox).\n"
		"auto lo\niface lo inet loopback\n\n"
		"# The provider's side.\nauto %s\n",
		plan->wan);
	print_wan4(file);
	print_wan6(file);
	fprintf(file->out,
		"# The guests' bridge; Proxmox adds their ports.\n"
		"auto %s\niface %s inet static\n",
		plan->lan, plan->lan);
	fprintf(file->out, "\taddress %s\n",
		in_network(&plan->lan4_gateway, plan->lan4.length).bytes);
	fprintf(file->out,
		"\tbridge-ports none\n\tbridge-stp off\n\tbridge-fd 0\n\n"
		"iface %s inet6 static\n\taddress %s\n",
		plan->lan, in_network(&plan->lan_gateway, plan->lan_slice.length).bytes);
}

/* ---- WireGuard ---- */

static void print_wg_host(const struct plan_file *file)
{
	const struct plan *plan = file->plan;

	fprintf(file->out,
		"# /etc/wireguard/%s.conf of the host, for wg-quick.\n"
		"[Interface]\nPrivateKey = %s\nListenPort = %d\nAddress = %s/128\n"
		"MTU = 1420\n\n",
		plan->tunnel, file->keys->host.private, PLAN_TUNNEL_PORT,
		ADDRESS(&plan->tunnel_host));
	fprintf(file->out,
		"# The home network's router.\n"
		"[Peer]\nPublicKey = %s\nPresharedKey = %s\nAllowedIPs = %s\n",
		file->keys->home.public, file->keys->shared, PREFIX(&plan->tunnel_slice));
}

/* A home that needs the tunnel to have IPv6 reaches the host by IPv4 alone. */
static void print_endpoint(const struct plan_file *file)
{
	const struct plan *plan = file->plan;

	if (plan_has_wan_address(plan, FAMILY_IPV4))
		fprintf(file->out, "Endpoint = %s:%d\n",
			ADDRESS(&plan->wan_address[FAMILY_IPV4].address), PLAN_TUNNEL_PORT);
	else
		fprintf(file->out, "Endpoint = [%s]:%d\n", ADDRESS(&plan->host), PLAN_TUNNEL_PORT);
}

static void print_wg_home(const struct plan_file *file)
{
	const struct plan *plan = file->plan;

	fprintf(file->out,
		"# WireGuard of the home network's router, for wg-quick. The rest of\n"
		"# %s is for its own networks.\n",
		PREFIX(&plan->tunnel_slice));
	fprintf(file->out, "[Interface]\nPrivateKey = %s\nAddress = %s/128\nMTU = 1420\n\n",
		file->keys->home.private, ADDRESS(&plan->tunnel_home));
	fprintf(file->out,
		"# The host. From the slice's addresses all of IPv6 is behind it; a "
		"router\n# behind NAT must speak first, and again before NAT forgets.\n"
		"[Peer]\nPublicKey = %s\nPresharedKey = %s\nAllowedIPs = ::/0\n",
		file->keys->host.public, file->keys->shared);
	print_endpoint(file);
	fprintf(file->out, "PersistentKeepalive = 25\n");
}

/* ---- the guests ---- */

static void print_docker(const struct plan_file *file)
{
	/* JSON has no comments: it is /etc/docker/daemon.json of the guest. */
	fprintf(file->out,
		"{\n  \"ipv6\": true,\n  \"fixed-cidr-v6\": \"%s\",\n"
		"  \"ip6tables\": false\n}\n",
		PREFIX(&file->guest->containers));
}

static void print_dnsmasq_guest(const struct plan_file *file, const struct plan_guest *guest)
{
	fprintf(file->out, "dhcp-host=%s%s%s,%s,[%s]\n", guest->mac, guest->mac[0] ? "," : "",
		guest->name, ADDRESS(&guest->address4), ADDRESS(&guest->address));
}

static void print_dnsmasq(const struct plan_file *file)
{
	const struct plan *plan = file->plan;
	struct in_addr mask = {htonl(~0U << (128 - plan->lan4.length))};
	char mask_text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &mask, mask_text, sizeof(mask_text));
	fprintf(file->out,
		"# /etc/dnsmasq.d/%s.conf of the host.\n"
		"interface=%s\nexcept-interface=lo\nbind-dynamic\n"
		"domain-needed\nbogus-priv\ndhcp-authoritative\n\n",
		plan->lan, plan->lan);
	fprintf(file->out,
		"# Hosts make no address of their own in a /77 (RFC 4862 5.5.3): router\n"
		"# advertisements carry the route and send them to DHCPv6.\n"
		"enable-ra\n");
	fprintf(file->out, "dhcp-range=%s,%s,%u,12h\n", ADDRESS(&plan->pool_first),
		ADDRESS(&plan->pool_last), (unsigned int)plan->lan_slice.length);
	fprintf(file->out, "dhcp-range=%s,%s,%s,12h\n\n", ADDRESS(&plan->pool4_first),
		ADDRESS(&plan->pool4_last), mask_text);
	fprintf(file->out,
		"# The guests, by MAC address or else by the host name that they send.\n");
	for (size_t i = 0; i < plan->guest_count; i++)
		print_dnsmasq_guest(file, &plan->guests[i]);
}

/* ---- the host ---- */

static void print_sysctl(const struct plan_file *file)
{
	const struct plan *plan = file->plan;

	/* With slashes, as an interface's name may have a dot. */
	fprintf(file->out,
		"# /etc/sysctl.d/60-xfw.conf of the host.\n"
		"net/ipv4/ip_forward = 1\n"
		"net/ipv6/conf/all/forwarding = 1\n"
		"net/ipv6/conf/default/forwarding = 1\n"
		"# A router ignores router advertisements, unless this is 2.\n"
		"net/ipv6/conf/%s/accept_ra = 2\n"
		"# Guests do not advertise routes to the host.\n"
		"net/ipv6/conf/%s/accept_ra = 0\n",
		plan->wan, plan->lan);
}

/* The slice in the words of xfw.conf, where rangeB stands for the network's four groups. */
static void print_slice(const struct plan_file *file, const struct prefix *slice)
{
	fprintf(file->out, "rangeB:%x::/%u", group(&slice->address, 4),
		(unsigned int)slice->length);
}

static void print_xfw_names(const struct plan_file *file)
{
	const struct plan *plan = file->plan;
	const struct address *network = &plan->network.address;

	fprintf(file->out, "define rangeB %x:%x:%x:%x\n", group(network, 0), group(network, 1),
		group(network, 2), group(network, 3));
	for (size_t i = 0; i < plan->guest_count; i++)
		fprintf(file->out, "define %s rangeB:%x:%x:0:1\n", plan->guests[i].name,
			group(&plan->guests[i].address, 4), group(&plan->guests[i].address, 5));
	fprintf(file->out, "\nwan %s\nlan %s\ntun %s\n", plan->wan, plan->lan, plan->tunnel);
}

static void print_xfw_routes(const struct plan_file *file)
{
	const struct plan *plan = file->plan;

	fprintf(file->out,
		"\n# The LAN, the home network, the containers behind each guest.\nroute ");
	print_slice(file, &plan->lan_slice);
	fprintf(file->out, " dev %s\nroute ", plan->lan);
	print_slice(file, &plan->tunnel_slice);
	fprintf(file->out, " dev %s\n", plan->tunnel);
	for (size_t i = 0; i < plan->guest_count; i++) {
		fprintf(file->out, "route ");
		print_slice(file, &plan->guests[i].containers);
		fprintf(file->out, " via %s dev %s\n", plan->guests[i].name, plan->lan);
	}
}

static void print_xfw(const struct plan_file *file)
{
	const struct plan *plan = file->plan;

	fprintf(file->out, "# /etc/xfw/xfw.conf of the host.\n");
	print_xfw_names(file);
	print_xfw_routes(file);
	fprintf(file->out,
		"\nallow icmp6 echo-request host\n"
		"allow icmp6 echo-request rangeB:8000::/65\n"
		"allow udp %d host    # WireGuard\n"
		"allow tcp 22 host       # narrow it: from ADDRESS\n",
		PLAN_TUNNEL_PORT);
	fprintf(file->out, "\nmasquerade %s\n", PREFIX(&plan->lan4));
	if (plan->on_link)
		fprintf(file->out, "ndp proxy rangeB:8000::/65\n");
}

/* ---- the table ---- */

const struct plan_file_kind plan_file_kinds[] = {
	{"interfaces", false, 0644, print_interfaces},
	{"wg-host.conf", false, 0600, print_wg_host},
	{"wg-home.conf", false, 0600, print_wg_home},
	{"docker-daemon-%s.json", true, 0644, print_docker},
	{"dnsmasq-%s.conf", false, 0644, print_dnsmasq},
	{"sysctl.conf", false, 0644, print_sysctl},
	{"xfw.conf", false, 0644, print_xfw},
	{},
};

const struct plan_file_kind *plan_file_at(const struct plan *plan, size_t index,
					  const struct plan_guest **guest)
{
	for (const struct plan_file_kind *kind = plan_file_kinds; kind->name; kind++) {
		size_t count = kind->each_guest ? plan->guest_count : 1;

		if (index < count) {
			*guest = kind->each_guest ? &plan->guests[index] : NULL;
			return kind;
		}
		index -= count;
	}
	return NULL;
}

bool plan_file_name(const struct plan *plan, size_t index, char name[PLAN_FILE_NAME])
{
	const struct plan_guest *guest;
	const struct plan_file_kind *kind = plan_file_at(plan, index, &guest);

	if (!kind)
		return false;
	/* The other %s of the table is the bridge's. */
	snprintf(name, PLAN_FILE_NAME, kind->name, guest ? guest->name : plan->lan);
	return true;
}
