/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checks of an interface, each a function of its own; the table at the end says which there
 * are. Each says a line also when all is well, so that it is seen to have looked.
 */
#include <stdio.h>
#include <string.h>

#include "../loader/attach.h"
#include "../loader/dispatcher.h"
#include "../loader/foreign_xdp.h"
#include "../loader/netlink.h"
#include "../loader/offload.h"
#include "doctor.h"

enum {
	/* linux/netdev.h of 6.3 */
	XDP_FEATURE_BASIC = 1,
	XDP_FEATURE_BUFFERS = 32, /* NETDEV_XDP_ACT_RX_SG: frames of several buffers */

	ONE_BUFFER_MTU = 3498, /* one page less headroom and tail, the usual limit */
};

static const struct system_link *link_of(const struct examination *examination,
					 const struct interface_config *interface)
{
	return system_link_by_index(examination->system, interface->ifindex);
}

static void check_driver(const struct examination *examination,
			 const struct interface_config *interface)
{
	unsigned long long features;
	struct finding *finding;
	char driver[32];
	bool native;

	if (interface->role != ROLE_WAN)
		return;
	offload_driver(interface->name, driver, sizeof(driver));
	if (netlink_xdp_features(interface->ifindex, &features)) {
		finding = finding_note(examination, "native-xdp", interface->name, FINDING_OK);
		finding_say(finding, "driver '%s'; a kernel before 6.3 does not tell more", driver);
		return;
	}
	native = features & XDP_FEATURE_BASIC;
	finding = finding_note(examination, "native-xdp", interface->name,
			       native ? FINDING_OK : FINDING_WARNING);
	finding_say(finding,
		    native ? "driver '%s' runs XDP programs"
			   : "driver '%s' runs no XDP programs: generic mode, many times slower",
		    driver);
}

/* ---- what is attached ---- */

static void say_foreign(struct finding *finding, const struct foreign_xdp *foreign)
{
	finding->state = FINDING_FAULT;
	finding_say(finding, "another XDP program is attached: '%s', id %u", foreign->program,
		    foreign->program_id);
	/* What a link holds, ip cannot take off. */
	if (foreign->link_id)
		finding_fix(finding, "bpftool link detach id %u", foreign->link_id);
	else
		finding_fix(finding, "ip link set dev %s %s off", finding->subject, foreign->mode);
}

static void say_mode(struct finding *finding, const struct interface_config *interface,
		     const struct xdp_state *state)
{
	/* Bridges and tunnels know no other. */
	bool slow = interface->role == ROLE_WAN && !strcmp(state->mode, "generic");

	finding->state = slow ? FINDING_WARNING : FINDING_OK;
	finding_say(finding, "xfw's, in %s mode%s", state->mode,
		    slow ? ", several times slower" : "");
}

static void check_program(const struct examination *examination,
			  const struct interface_config *interface)
{
	struct finding *finding =
		finding_note(examination, "xdp-program", interface->name, FINDING_OK);
	struct foreign_xdp foreign;
	struct xdp_state state;

	attach_xdp_state(examination->pins, interface->name, interface->ifindex, &state);
	if (state.program_id)
		say_mode(finding, interface, &state);
	else if (dispatcher_there(interface->ifindex) && dispatcher_granted())
		finding_say(finding, "a dispatcher with others' programs: xfw's can join them");
	else if (foreign_xdp(interface->ifindex, &foreign))
		say_foreign(finding, &foreign);
	else
		finding_say(finding, "no XDP program is attached");
}

/* ---- what the device does to packets ---- */

struct offload {
	const char *feature; /* the kernel's name */
	const char *option;  /* ethtool's */
	const char *check;
	enum finding_state state;
	bool wan_only;
	const char *detail;
};

static const struct offload offloads[] = {
	{"rx-lro", "lro", "lro", FINDING_FAULT, false,
	 "the NIC merges packets, which a router must not forward"},
	{"rx-gro-hw", "rx-gro-hw", "gro-hw", FINDING_WARNING, false,
	 "the NIC merges packets before XDP sees them, and many drivers refuse native XDP then"},
	{"rx-vlan-hw-parse", "rxvlan", "rx-vlan-offload", FINDING_WARNING, true,
	 "the NIC takes VLAN tags off before xfw sees the frame"},
};

static void check_offload(const struct examination *examination,
			  const struct interface_config *interface, const struct offload *offload)
{
	enum offload_state state = offload_state(interface->name, offload->feature);
	struct finding *finding;

	finding = finding_note(examination, offload->check, interface->name,
			       state == OFFLOAD_OFF ? FINDING_OK : offload->state);
	switch (state) {
	case OFFLOAD_OFF:
		finding_say(finding, "off");
		break;
	case OFFLOAD_ON:
		finding_say(finding, "%s", offload->detail);
		finding_fix(finding, "ethtool -K %s %s off", interface->name, offload->option);
		break;
	case OFFLOAD_FIXED_ON:
		finding_say(finding, "%s; its driver does not let it be turned off",
			    offload->detail);
		break;
	}
}

static void check_offloads(const struct examination *examination,
			   const struct interface_config *interface)
{
	for (size_t i = 0; i < sizeof(offloads) / sizeof(offloads[0]); i++)
		if (!offloads[i].wan_only || interface->role == ROLE_WAN)
			check_offload(examination, interface, &offloads[i]);
}

/* xfw's programs take frames of several buffers; not every driver gives them. */
static void check_mtu(const struct examination *examination,
		      const struct interface_config *interface)
{
	const struct system_link *link = link_of(examination, interface);
	unsigned long long features = 0;
	struct finding *finding;
	bool large;

	if (!link || interface->role != ROLE_WAN)
		return;
	netlink_xdp_features(interface->ifindex, &features);
	large = link->mtu > ONE_BUFFER_MTU && !(features & XDP_FEATURE_BUFFERS);
	finding =
		finding_note(examination, "mtu", link->name, large ? FINDING_WARNING : FINDING_OK);
	finding_say(finding,
		    large ? "%u: a driver of one buffer a frame refuses native XDP above %d" : "%u",
		    link->mtu, ONE_BUFFER_MTU);
	if (large)
		finding_fix(finding, "ip link set %s mtu 1500", link->name);
}

/* ---- what the kernel does ---- */

/* In fixes, slashes: an interface may have dots in its name (eth0.4000), which end a word there. */
static void check_accept_ra(const struct examination *examination,
			    const struct interface_config *interface)
{
	const char *name = interface->name;
	struct finding *finding;

	if (interface->role != ROLE_WAN)
		return;
	if (doctor_setting("/proc/sys/net/ipv6/conf/%s/forwarding", name) <= 0 ||
	    doctor_setting("/proc/sys/net/ipv6/conf/%s/accept_ra", name) != 1) {
		finding_say(finding_note(examination, "accept-ra", name, FINDING_OK),
			    "as it should be with this forwarding");
		return;
	}
	finding = finding_note(examination, "accept-ra", name, FINDING_WARNING);
	finding_say(finding, "a router takes no router advertisements: without a static default "
			     "route IPv6 ends when the last one expires");
	finding_fix(finding, "sysctl -w net/ipv6/conf/%s/accept_ra=2", name);
}

static void check_rp_filter(const struct examination *examination,
			    const struct interface_config *interface)
{
	int all = doctor_setting("/proc/sys/net/ipv4/conf/all/rp_filter");
	int own = doctor_setting("/proc/sys/net/ipv4/conf/%s/rp_filter", interface->name);
	bool strict = (own > all ? own : all) == 1;
	struct finding *finding = finding_note(examination, "rp-filter", interface->name,
					       strict ? FINDING_WARNING : FINDING_OK);

	finding_say(finding, strict ? "strict: the kernel drops what comes in another way than it "
				      "would go out"
				    : "not strict");
	if (strict)
		finding_fix(finding, "sysctl -w net/ipv4/conf/%s/rp_filter=2", interface->name);
}

static void check_bridge(const struct examination *examination,
			 const struct interface_config *interface)
{
	const struct system_link *link = link_of(examination, interface);
	struct finding *finding;

	if (!link || !link->is_bridge)
		return;
	finding = finding_note(examination, "bridge-vlans", link->name,
			       link->bridge_filters_vlans ? FINDING_WARNING : FINDING_OK);
	if (!link->bridge_filters_vlans) {
		finding_say(finding, "the bridge filters no VLANs");
		return;
	}
	finding_say(finding, "the bridge filters VLANs: the kernel forwards to its ports, not the "
			     "fast path");
	finding_fix(finding, "ip link set %s type bridge vlan_filtering 0", link->name);
}

interface_check *const interface_checks[] = {
	check_driver,	 check_program,	  check_offloads, check_mtu,
	check_accept_ra, check_rp_filter, check_bridge,	  NULL,
};
