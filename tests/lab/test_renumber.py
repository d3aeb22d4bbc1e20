# SPDX-License-Identifier: GPL-2.0
"""The provider gave another prefix: one define changes, and everything that stands on it moves at once."""

import json

import pytest
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import Ether

from conftest import until

PYTHON = "/usr/bin/python3"
OLD, NEW = "2001:db8:1:2", "2001:db8:1:3"
CONFIG = f"""
define net   {OLD}
define vm1   net:8000:1:0:1
define guests4 172.16.99.0/24
define web4  172.16.99.11
wan  eth0
lan  vmbr0
route net:8000::/77 dev vmbr0
route net:8010::/77 via vm1 dev vmbr0
allow tcp 443 vm1
allow tcp 443 net:8010::5
masquerade guests4
forward tcp 8443 to web4
ndp proxy net:8000::/65
"""


@pytest.fixture(scope="module")
def up(lab):
    """Both prefixes are routed to the machine, as providers do while one moves."""
    lab.config.write_text(CONFIG)
    lab.run("provider", "ip", "-6", "route", "add", f"{NEW}::/64", "via", "2001:db8:0:1::2")
    lab.run("hv", "ip", "-6", "addr", "add", f"{NEW}:8000::1/77", "dev", "vmbr0", "nodad")
    lab.run("vm1", "ip", "-6", "addr", "add", f"{NEW}:8000:1:0:1/77", "dev", "eth0", "nodad")
    lab.run("vm1", "ip", "-6", "addr", "add", f"{NEW}:8010::1/77", "dev", "docker0", "nodad")
    lab.run("ct1", "ip", "-6", "addr", "add", f"{NEW}:8010::5/77", "dev", "eth0", "nodad")
    for name in ("vm1", "ct1"):
        lab.start(name, PYTHON, "-m", "http.server", "--bind", "::", 443)
    lab.xfw("up")
    return lab


def solicited(lab, address):
    """What becomes of a router's question for the MAC address of @address."""
    frame = Ether(src="02:00:00:00:00:fe", dst="33:33:ff:00:00:05") / \
        IPv6(src="fe80::1", dst="ff02::1:ff00:5", hlim=255) / ICMPv6ND_NS(tgt=address)
    return lab.json("explain", "--hex", bytes(frame).hex(), "in", "eth0")["verdict"]


def stands(lab, net, other):
    kernel = lab.run("hv", "ip", "-6", "route", "show", "proto", 88).stdout
    assert {r["prefix"] for r in lab.json("routes")} == {f"{net}:8000::/77", f"{net}:8010::/77"}
    assert f"{net}:8010::/77 via {net}:8000:1:0:1" in kernel and other not in kernel
    assert until(lambda: lab.fetch(f"{net}:8000:1:0:1", 443) and lab.fetch(f"{net}:8010::5", 443))
    assert not lab.fetch(f"{other}:8000:1:0:1", 443) and not lab.fetch(f"{other}:8010::5", 443)
    assert solicited(lab, f"{net}:8010::5") == "answer"
    assert solicited(lab, f"{other}:8010::5") == "pass"


def test_as_it_was(up):
    stands(up, OLD, NEW)


def test_one_define_moves_rules_slices_and_ndp_in_one_switch(up):
    ids = [rule["id"] for rule in up.json("rules")]
    before = up.json("status")["generation"]
    up.xfw("define", "net", NEW)
    assert up.json("status")["generation"] == before + 1
    assert [rule["id"] for rule in up.json("rules")] == ids
    stands(up, NEW, OLD)


def test_and_back_by_itself_when_nobody_confirms(up):
    up.config.write_text(up.xfw("show").stdout.replace(f"define net {NEW}", f"define net {OLD}"))
    up.xfw("apply", "--confirm", 60)
    # What both need is there while it is on trial.
    assert until(lambda: up.fetch(f"{OLD}:8010::5", 443)) and not up.fetch(f"{NEW}:8010::5", 443)
    up.xfw("rollback")
    stands(up, NEW, OLD)


def test_translation_moves_with_its_defines(up):
    def rules():
        return up.run("hv", "nft", "list", "table", "ip", "xfw").stdout
    assert "172.16.99.11" in rules() and "172.16.99.0/24" in rules()
    up.config.write_text(up.xfw("show").stdout.replace("172.16.99.11", "172.16.99.12")
                         .replace("172.16.99.0/24", "172.16.99.0/25"))
    up.xfw("apply")
    assert "172.16.99.12" in rules() and "172.16.99.0/25" in rules()
    assert "172.16.99.11" not in rules() and "172.16.99.0/24" not in rules()
    assert json.loads(up.xfw("explain", "tcp", "198.51.100.1", "203.0.113.10", 8443,
                             "--json").stdout)["verdict"] == "pass"
