# SPDX-License-Identifier: GPL-2.0
"""Interfaces renamed, or deleted and made anew, under a filter that runs."""

import os
import subprocess

import pytest

import steady
from conftest import NEVER, NEW_ONLY, OLD_ONLY, XFW, until
from test_up import assert_nothing_left
from two import OLD

ALL = {NEVER, OLD_ONLY, NEW_ONLY}
MODES = {"eth0": "native", "vmbr0": "generic"}


@pytest.fixture(scope="module")
def up(lab, packets):
    steady.bring_up(lab, packets)
    return lab


@pytest.fixture
def before(up):
    return up.json("status")["generation"]


@pytest.fixture
def follow(up):
    """`xfw follow`, whose words are heard."""
    process = subprocess.Popen(up.words("hv", XFW, "--pin-dir", up.pins, "--config", up.config,
                                        "follow"), stderr=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait()


def rename(lab, old, new):
    lab.run("hv", "ip", "link", "set", old, "name", new)


def modes(lab):
    return {i["interface"]: i["mode"] for i in lab.json("status")["interfaces"]}


@pytest.mark.parametrize("name, role", [("eth0", "wan"), ("vmbr0", "lan")])
def test_a_renamed_interface_goes_on_being_judged(up, name, role):
    rename(up, name, "other0")
    try:
        assert modes(up) == {**MODES, "other0": MODES[name], name: "absent"}
        for words in (("sync",), ("allow", "udp", 1, "vm1")):
            refused = up.xfw(*words, check=False)
            assert refused.returncode == 1
            assert f"{role}: '{name}' is called 'other0' now" in refused.stderr
            assert f"ip link set other0 name {name}; nothing was changed" in refused.stderr
            assert up.packets.open_ports() == {OLD_ONLY}
        assert f"no interface '{name}'" in up.xfw("apply", check=False).stderr
    finally:
        rename(up, "other0", name)
    up.xfw("sync")
    steady.assert_judges(up)


def test_follow_does_not_open_a_renamed_wan(up, before, follow):
    assert until(lambda: up.json("status")["generation"] > before)
    rename(up, "eth0", "other0")
    try:
        assert "is called 'other0' now" in follow.stderr.readline()
        assert up.packets.open_ports() == {OLD_ONLY}
    finally:
        rename(up, "other0", "eth0")
    assert until(lambda: up.state() == up.good, 15)
    steady.assert_judges(up)


def test_configured_by_its_new_name_it_is_judged_without_a_gap(up):
    rename(up, "eth0", "other0")
    try:
        up.packets.begin()
        up.config.write_text(OLD.replace("eth0", "other0"))
        up.xfw("apply")
        assert modes(up) == {"other0": "native", "vmbr0": "generic"}
        assert up.packets.open_ports() == {OLD_ONLY} and up.packets.gap < 3
        assert sorted(os.listdir(f"{up.pins}/links")) == ["other0", "vmbr0"]
    finally:
        rename(up, "other0", "eth0")
        up.config.write_text(OLD)
    up.xfw("apply")
    steady.assert_judges(up)


def exchange(lab):
    for old, new in (("eth0", "other0"), ("vmbr0", "eth0"), ("other0", "vmbr0")):
        rename(lab, old, new)


def test_names_exchanged(up):
    def exchanged(text):
        return text.replace("eth0", "_").replace("vmbr0", "eth0").replace("_", "vmbr0")
    exchange(up)
    try:
        assert up.packets.open_ports() == {OLD_ONLY}
        up.config.write_text(exchanged(OLD))
        up.xfw("apply")
        assert modes(up) == {"vmbr0": "native", "eth0": "generic"}
        assert up.packets.open_ports() == {OLD_ONLY}
    finally:
        exchange(up)
        up.config.write_text(OLD)
    up.xfw("apply")
    steady.assert_judges(up)


def test_down_finds_a_renamed_one(up):
    rename(up, "eth0", "other0")
    try:
        up.xfw("down")
        assert "xdp" not in up.run("hv", "ip", "link").stdout
        assert until(lambda: up.packets.open_ports() == ALL)
    finally:
        rename(up, "other0", "eth0")
    assert_nothing_left(up)
    up.xfw("up")
    up.packets.begin()
    steady.assert_judges(up)


# ---- deleted ----

def delete_wan(lab):
    lab.run("hv", "ip", "link", "del", "eth0")


def make_wan(lab):
    lab.shell("""
wire provider cust hv eth0
in_ns provider ethtool -K cust tx off tso off gso off gro on >/dev/null
in_ns hv ethtool -K eth0 gro on >/dev/null
ip_in provider <<END
addr add 2001:db8:0:1::1/64 dev cust nodad
addr add 203.0.113.1/24 dev cust
route add $NET::/64 via 2001:db8:0:1::2
END
ip_in hv <<END
addr add 2001:db8:0:1::2/64 dev eth0 nodad
addr add $NET::1/128 dev eth0 nodad
addr add 203.0.113.10/24 dev eth0
route add default via 2001:db8:0:1::1
route add default via 203.0.113.1
END""")


@pytest.mark.parametrize("heal", ["sync", "up"])
def test_a_wan_deleted_and_made_anew(up, heal):
    delete_wan(up)
    assert modes(up) == {"eth0": "absent", "vmbr0": "generic"}
    assert "eth0: not there yet" in up.xfw("sync").stderr
    refused = up.xfw("up", check=False)
    assert refused.returncode == 1 and "no interface 'eth0'" in refused.stderr
    make_wan(up)
    # Another interface by the same name: nobody has looked at it yet, and that is said.
    assert modes(up) == {"eth0": "none", "vmbr0": "generic"}
    assert "NOT FILTERED; 'xfw sync'" in up.xfw("status").stdout
    up.xfw(heal)
    assert steady.judges_again(up)
    up.packets.begin()
    steady.assert_judges(up)


def test_follow_takes_on_a_wan_made_anew(up, follow):
    delete_wan(up)
    assert until(lambda: "eth0: not there yet" in follow.stderr.readline())
    make_wan(up)
    assert until(lambda: modes(up)["eth0"] == "native")
    assert steady.judges_again(up)
    up.packets.begin()
    steady.assert_judges(up)


def test_a_bridge_deleted_and_made_anew(up):
    up.run("hv", "ip", "link", "del", "vmbr0")
    assert modes(up) == {"eth0": "native", "vmbr0": "absent"}
    assert up.xfw("sync").returncode == 0
    up.shell("""ip_in hv <<END
link add vmbr0 address 02:00:00:00:80:01 type bridge mcast_snooping 0 forward_delay 0
link set vm1 master vmbr0
link set vm2 master vmbr0
link set vmbr0 up
addr add $NET:8000::1/77 dev vmbr0 nodad
addr add 172.16.99.1/24 dev vmbr0
END""")
    assert modes(up) == {"eth0": "native", "vmbr0": "none"}
    up.xfw("sync")
    assert steady.judges_again(up)
    steady.assert_judges(up)
