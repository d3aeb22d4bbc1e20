# SPDX-License-Identifier: GPL-2.0
"""doctor finds what is provoked here, and its own fix makes it well."""

import json

import pytest


@pytest.fixture(scope="module")
def up(lab):
    lab.run("hv", "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0",
            "net.bridge.bridge-nf-call-ip6tables=0", "net.ipv4.conf.all.rp_filter=0",
            "net.ipv4.conf.eth0.rp_filter=0", "net.ipv4.conf.vmbr0.rp_filter=0",
            "net.ipv6.conf.eth0.accept_ra=2")
    return lab


def findings(lab):
    result = lab.xfw("doctor", "--json", check=False)
    found = json.loads(result.stdout)
    assert result.returncode == (1 if any(f["state"] == "fault" for f in found) else 0)
    return {(f["check"], f["subject"]): f for f in found}


@pytest.mark.parametrize("check, subject, state, provoke", [
    ("forwarding", "ipv6", "fault", "sysctl -qw net.ipv6.conf.all.forwarding=0"),
    ("rp-filter", "eth0", "warning", "sysctl -qw net.ipv4.conf.eth0.rp_filter=1"),
    ("br-netfilter", None, "warning", "sysctl -qw net.bridge.bridge-nf-call-iptables=1"),
    ("accept-ra", "eth0", "warning", "sysctl -qw net.ipv6.conf.eth0.accept_ra=1"),
    ("mtu", "eth0", "warning", "ip link set eth0 mtu 9000"),
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


def test_people_get_a_line_each_and_the_fix_below(up):
    up.run("hv", "ip", "link", "set", "eth0", "mtu", 9000)
    text = up.xfw("doctor", check=False).stdout
    assert "warning  mtu" in text and "fix: ip link set eth0 mtu 1500" in text
    up.run("hv", "ip", "link", "set", "eth0", "mtu", 1500)
