# SPDX-License-Identifier: GPL-2.0
"""doctor finds what is provoked here, and its own fix makes it well."""

import json
import os
import subprocess

import pytest

from conftest import CONFIG, HERE, XFW, until

WIRE = XFW.parent / "wire.bpf.o"
CHECKS_OF_THE_MACHINE = {"configuration", "bpffs", "btf", "forwarding", "br-netfilter",
                         "proxmox-firewall", "other-firewall"}
CHECKS_OF_A_WAN = {"native-xdp", "xdp-program", "lro", "gro-hw", "rx-vlan-offload", "mtu",
                   "accept-ra", "rp-filter"}


@pytest.fixture(scope="module")
def up(lab):
    lab.run("hv", "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0",
            "net.bridge.bridge-nf-call-ip6tables=0", "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.eth0.rp_filter=0", "net.ipv4.conf.vmbr0.rp_filter=0",
            "net.ipv6.conf.eth0.accept_ra=2")
    return lab


@pytest.fixture
def config(up):
    """Lines more, for one test."""
    yield lambda lines: up.config.write_text(CONFIG + lines)
    up.config.write_text(CONFIG)


def findings(lab, *words, **environment):
    result = subprocess.run(lab.xfw_words("doctor", "--json", *words), capture_output=True,
                            text=True, timeout=60, env={**os.environ, **environment})
    found = json.loads(result.stdout)
    assert result.returncode == (1 if any(f["state"] == "fault" for f in found) else 0)
    assert len(found) == len({(f["check"], f["subject"], f["detail"]) for f in found})
    return {(f["check"], f["subject"]): f for f in found}


@pytest.mark.parametrize("check, subject, state, provoke", [
    ("forwarding", "ipv6", "fault", "sysctl -qw net.ipv6.conf.all.forwarding=0"),
    ("rp-filter", "eth0", "warning", "sysctl -qw net.ipv4.conf.eth0.rp_filter=1"),
    ("br-netfilter", None, "warning", "sysctl -qw net.bridge.bridge-nf-call-iptables=1"),
    ("accept-ra", "eth0", "warning", "sysctl -qw net.ipv6.conf.eth0.accept_ra=1"),
    ("other-firewall", "filter", "warning", "nft add table inet filter; nft add chain inet filter "
     "forward '{ type filter hook forward priority 0; policy drop; }'"),
    ("rx-vlan-offload", "eth0", "warning", "ethtool -K eth0 rxvlan on"),
])
def test_a_fault_is_found_and_its_fix_helps(up, check, subject, state, provoke):
    up.run("hv", "sh", "-c", provoke)
    finding = findings(up)[check, subject]
    assert finding["state"] == state and finding["detail"], finding
    up.run("hv", "sh", "-c", finding["fix"])
    assert findings(up).get((check, subject), {"state": "ok"})["state"] == "ok"
    up.run("hv", "sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=2")


def test_what_is_well_is_said_to_be(up):
    found = findings(up)
    assert found["bpffs", None]["state"] == found["btf", None]["state"] == "ok"
    assert found["native-xdp", "eth0"]["state"] == "ok"
    assert found["lro", "eth0"]["state"] == "ok"


def test_a_faulty_file_is_a_finding(up):
    before = up.config.read_text()
    up.config.write_text(before + "allow tcp 22 nowhere\n")
    assert "nowhere" in findings(up)["configuration", None]["detail"]
    up.config.write_text(before)


def test_each_check_says_a_line_also_when_all_is_well(up):
    found = findings(up)
    assert {check for check, subject in found if subject in (None, "ipv6")} == CHECKS_OF_THE_MACHINE
    assert {check for check, subject in found if subject == "eth0"} == CHECKS_OF_A_WAN
    assert {"lro", "gro-hw", "xdp-program", "rp-filter", "bridge-vlans"} == \
        {check for check, subject in found if subject == "vmbr0"}
    assert found["configuration", None]["state"] == "ok"
    assert "veth" in found["native-xdp", "eth0"]["detail"]


def heal(lab, check, subject, state):
    """The finding is there, and its own fix makes it well."""
    finding = findings(lab)[check, subject]
    assert finding["state"] == state and finding["fix"], finding
    lab.run("hv", "sh", "-c", finding["fix"])
    assert findings(lab)[check, subject]["state"] == "ok"


def test_a_missing_interface_is_named_and_well_once_it_is_there(up, config):
    config("lan vmbr9\n")
    finding = findings(up)["configuration", None]
    assert finding["state"] == "fault" and "vmbr9" in finding["detail"]
    assert findings(up)["native-xdp", "eth0"]["state"] == "ok"  # the others are examined
    up.run("hv", "ip", "link", "add", "vmbr9", "type", "bridge")
    assert findings(up)["configuration", None]["state"] == "ok"
    up.run("hv", "ip", "link", "del", "vmbr9")


def test_ipv4_must_be_forwarded_where_ipv4_is_routed(up, config):
    up.run("hv", "sysctl", "-qw", "net.ipv4.ip_forward=0")
    assert ("forwarding", "ipv4") not in findings(up)
    config("route 192.0.2.0/28 dev vmbr0\n")
    heal(up, "forwarding", "ipv4", "fault")


def test_a_name_with_a_dot_in_it_has_fixes_that_work(up, config):
    up.run("hv", "ip", "tuntap", "add", "eth0.4000", "mode", "tap")
    config("wan eth0.4000\n")
    for file, value in (("ipv6/conf/eth0.4000/accept_ra", 1),
                        ("ipv6/conf/eth0.4000/forwarding", 1),
                        ("ipv4/conf/eth0.4000/rp_filter", 1)):
        up.run("hv", "sysctl", "-qw", f"net/{file}={value}")
    heal(up, "accept-ra", "eth0.4000", "warning")
    heal(up, "rp-filter", "eth0.4000", "warning")
    up.run("hv", "ip", "link", "del", "eth0.4000")


def test_a_large_mtu_matters_to_drivers_of_one_buffer_a_frame(up, config):
    up.run("hv", "ip", "link", "set", "eth0", "mtu", 9000)
    assert findings(up)["mtu", "eth0"]["state"] == "ok"  # a veth gives frames of several
    up.run("hv", "ip", "link", "set", "eth0", "mtu", 1500)
    up.run("hv", "ip", "tuntap", "add", "tap9", "mode", "tap")
    up.run("hv", "ip", "link", "set", "tap9", "mtu", 9000)
    config("wan tap9\n")
    heal(up, "mtu", "tap9", "warning")
    up.run("hv", "ip", "link", "del", "tap9")


@pytest.mark.parametrize("mode", ["xdpdrv", "xdpgeneric"])
def test_somebody_elses_program_is_found_and_its_fix_takes_it_off(up, mode):
    up.run("hv", "ip", "link", "set", "dev", "eth0", mode, "obj", WIRE, "sec", "xdp")
    heal(up, "xdp-program", "eth0", "fault")


def test_what_a_link_holds_is_taken_off_as_a_link(up):
    """Attached by a bpf_link, as modern programs do it; ip cannot take it off."""
    pin = f"/sys/fs/bpf/{up.name}wire"
    up.run("hv", "bpftool", "prog", "load", WIRE, pin, "type", "xdp")
    holder = up.start("hv", "/usr/bin/python3", "-c", f"""
import ctypes, socket, time
bpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
program = bpf.bpf_obj_get(b"{pin}")
link = bpf.bpf_link_create(program, socket.if_nametoindex("eth0"), 37, None)
assert link >= 0, (program, link)
time.sleep(60)""")
    assert until(lambda: findings(up)["xdp-program", "eth0"]["state"] == "fault")
    assert "bpftool link detach id" in findings(up)["xdp-program", "eth0"]["fix"]
    heal(up, "xdp-program", "eth0", "fault")
    holder.kill()
    os.unlink(pin)


def test_ours_is_told_with_its_mode_and_what_runs_stands_in_for_the_file(up):
    up.xfw("up")
    found = findings(up)
    assert found["xdp-program", "eth0"]["state"] == "ok"
    assert "native" in found["xdp-program", "eth0"]["detail"]
    found = findings(up, "--config", "/nowhere.conf")
    assert found["xdp-program", "eth0"]["state"] == "ok"
    assert found["configuration", None]["state"] == "warning"
    assert found["configuration", None]["fix"] == "xfw save /nowhere.conf"
    up.xfw("down")
    found = findings(up, "--config", "/nowhere.conf")
    assert found["configuration", None]["state"] == "fault"
    assert ("native-xdp", "eth0") not in found


def test_proxmox_firewall_bridges_are_named(up):
    up.run("hv", "ip", "link", "add", "fwbr100i0", "type", "bridge")
    finding = findings(up)["proxmox-firewall", "fwbr100i0"]
    assert finding["state"] == "warning" and "firewall=0" in finding["fix"]
    up.run("hv", "ip", "link", "del", "fwbr100i0")
    assert findings(up)["proxmox-firewall", None]["state"] == "ok"


def test_our_own_table_is_no_other_firewall(up):
    up.run("hv", "nft", "add table inet xfw; add chain inet xfw input "
           "{ type filter hook input priority 0; policy drop; }")
    found = findings(up)
    up.run("hv", "nft", "delete table inet xfw")
    assert found["other-firewall", None]["state"] == "ok"


@pytest.mark.parametrize("feature, check, state, option", [
    ("rx-lro", "lro", "fault", "lro"),
    ("rx-gro-hw", "gro-hw", "warning", "rx-gro-hw"),
])
def test_merging_nics_are_found(up, tmp_path, feature, check, state, option):
    """By a device that says so: no real one can be made here, so the fix is only read."""
    library = tmp_path / "offload.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, HERE / "offload.c"],
                   check=True)
    fake = {"LD_PRELOAD": str(library), "OFFLOAD": feature}
    finding = findings(up, **fake)[check, "eth0"]
    assert finding["state"] == state
    assert finding["fix"] == f"ethtool -K eth0 {option} off"
    known = subprocess.run(["ethtool", "-K", "lo", option, "off"], capture_output=True, text=True)
    assert "not found" not in known.stderr  # what ethtool says to a word it does not know
    finding = findings(up, FIXED="1", **fake)[check, "eth0"]
    assert finding["state"] == state and finding["fix"] is None
    assert findings(up)[check, "eth0"]["state"] == "ok"


def test_people_get_a_line_each_and_the_fix_below(up):
    up.run("hv", "ethtool", "-K", "eth0", "rxvlan", "on")
    text = up.xfw("doctor", check=False).stdout
    up.run("hv", "ethtool", "-K", "eth0", "rxvlan", "off")
    assert "warning  rx-vlan-offload" in text and "fix: ethtool -K eth0 rxvlan off" in text
