# SPDX-License-Identifier: GPL-2.0
"""`up` cut off or failing anywhere, and `up` over pins that are not whole or of another version."""

import errno
import json
import os
import subprocess
from pathlib import Path

import pytest

import two
from conftest import NEVER, NEW_ONLY, OLD_ONLY, until

ALL = {NEVER, OLD_ONLY, NEW_ONLY}


@pytest.fixture(scope="module")
def down(lab, packets):
    two.prepare(lab, packets)
    lab.xfw("down")
    lab.xfw("up")
    lab.good = lab.state()
    lab.xfw("down")
    yield lab
    two.tidy(lab)


@pytest.fixture
def up(down):
    down.xfw("up")
    yield down
    down.xfw("down")


def attached(lab):
    return "xdp" in lab.run("hv", "ip", "link", "show", "eth0").stdout


def assert_nothing_left(lab):
    for side in ("ingress", "egress"):
        for link in ("eth0", "vmbr0", "vm1", "vm2"):
            shown = lab.run("hv", "tc", "filter", "show", "dev", link, side, check=False).stdout
            assert "xfw" not in shown, (link, side)
    links = lab.run("hv", "ip", "link").stdout
    assert "xdp" not in links and "ALLMULTI" not in links
    for family in ("-4", "-6"):
        assert lab.run("hv", "ip", family, "route", "show", "proto", 88).stdout == ""
    assert "xfw" not in lab.run("hv", "nft", "list", "tables").stdout
    assert not os.path.exists(lab.pins)


def some_of(calls, points):
    step = 1 if os.environ.get("XFW_TEST_EVERY_CALL") else calls // points + 1
    return range(os.getpid() % step + 1, calls + 1, step)


def calls_of_up(lab, kind):
    calls = lab.calls(kind, "up")
    lab.xfw("down")
    return calls


def assert_open_or_complete(lab):
    if attached(lab):
        assert lab.xfw("show").stdout == lab.good["show"]
        assert lab.packets.open_ports() == {OLD_ONLY}
    else:
        assert lab.packets.open_ports() == ALL


def test_up_killed_anywhere(down):
    calls = calls_of_up(down, "change")
    assert calls > 80
    for at in some_of(calls, 20):
        outcome = down.fault("change", at, "kill", "up")
        assert outcome.status == 137, outcome
        assert_open_or_complete(down)
        if at % 2:
            result = down.xfw("up")
            assert result.stderr == "", (outcome, result.stderr)
            assert down.state() == down.good, outcome
            assert down.packets.open_ports() == {OLD_ONLY}
        down.xfw("down")
        assert_nothing_left(down)


@pytest.mark.parametrize("kind, number", [("bpf", errno.ENOMEM), ("change", errno.ENOSPC),
                                          ("netlink", errno.ENOBUFS), ("file", errno.EMFILE)])
def test_up_whose_calls_fail(down, kind, number):
    for at in some_of(calls_of_up(down, kind), 6):
        outcome = down.fault(kind, at, number, "up")
        print(outcome)
        assert_open_or_complete(down)
        assert attached(down) == (outcome.status == 0), outcome
        if outcome.status:
            assert outcome.stderr.startswith(("xfw: ", str(down.config))), outcome
            assert_nothing_left(down)
        down.xfw("up")
        assert down.state() == down.good, outcome
        down.xfw("down")
        assert_nothing_left(down)


def dump(lab, name):
    return json.loads(lab.run("hv", "bpftool", "-j", "map", "dump", "pinned",
                              f"{lab.pins}/{name}").stdout)


@pytest.mark.parametrize("pin", ["control", "gen_hosts", "gen_config", "flows", "rule_limits",
                                 "rules", "slots/hosts_0", "slots/hosts_1", "programs/xfw_wan",
                                 "programs/xfw_clock"])
def test_one_pin_removed_by_hand(up, pin):
    """The filter goes on as it was; `up` puts it right without a gap, or `down` takes all off."""
    up.packets.begin()
    os.unlink(f"{up.pins}/{pin}")
    assert up.packets.open_ports() == {OLD_ONLY}
    refused = up.xfw("allow", "udp", NEW_ONLY, "vm1", check=False)
    if refused.returncode:
        assert pin in refused.stderr and "xfw up" in refused.stderr
        assert up.packets.open_ports() == {OLD_ONLY}
    result = up.xfw("up")
    if pin in ("control", "gen_hosts", "gen_config", "flows", "rule_limits"):
        assert f"{pin} was removed by hand" in result.stderr and "lost" in result.stderr
    else:
        assert result.stderr == ""
    assert up.state() == up.good
    assert up.packets.open_ports() == {OLD_ONLY}
    assert not up.packets.forbidden() and up.packets.gap < 1


def test_up_killed_while_it_makes_maps_anew(up):
    """Old programs go on by the old maps, whatever has become of the pins."""
    os.unlink(f"{up.pins}/gen_hosts")
    calls = up.calls("change", "up")
    up.packets.begin()
    for at in some_of(calls, 6):
        os.unlink(f"{up.pins}/gen_hosts")
        assert up.fault("change", at, "kill", "up").status == 137
        assert up.packets.open_ports() == {OLD_ONLY}
        up.xfw("up")
        assert up.state() == up.good
    assert not up.packets.forbidden()


def test_every_pin_removed_by_hand(up):
    """With its links the kernel takes the filter off; what is left is found and replaced."""
    subprocess.run(["rm", "-r", up.pins], check=True)
    assert until(lambda: not attached(up))
    up.xfw("up")
    assert up.state() == up.good
    assert up.packets.open_ports() == {OLD_ONLY}


def test_a_links_pin_removed_by_hand_is_seen_and_put_right(up):
    os.unlink(f"{up.pins}/links/eth0")
    modes = {i["interface"]: i["mode"] for i in up.json("status")["interfaces"]}
    assert modes["eth0"] == "none"
    up.xfw("sync")
    assert up.state() == up.good
    assert up.packets.open_ports() == {OLD_ONLY}


# ---- another version's maps ----

@pytest.fixture
def other(up):
    """As another version would leave it: its layout's number in control."""
    up.xfw("allow", "udp", 7777, "vm1")
    value = bytearray(int(byte, 16) for byte in dump(up, "control")[0]["value"])
    value[8:12] = (999).to_bytes(4, "little")
    up.run("hv", "bpftool", "map", "update", "pinned", f"{up.pins}/control", "key", 0, 0, 0, 0,
           "value", *value)
    up.packets.begin()
    return up


def test_another_versions_maps_are_not_replaced_unasked(other):
    refused = other.xfw("up", check=False)
    assert refused.returncode == 1
    for word in ("layout 999", "flows", "counters", "not saved", "xfw up --force"):
        assert word in refused.stderr, refused.stderr
    assert other.packets.open_ports() == {OLD_ONLY}
    for words in (("show",), ("apply",), ("allow", "udp", 1, "vm1")):
        refused = other.xfw(*words, check=False)
        assert refused.returncode == 1 and "layout 999" in refused.stderr
        assert "xfw up" in refused.stderr


@pytest.mark.parametrize("option", ["--force", "--boot"])
def test_asked_to_or_at_boot_they_are_without_a_gap(other, option):
    result = other.xfw("up", option)
    assert "layout 999" in result.stderr and "lost" in result.stderr.replace("loses", "lost")
    assert other.state() == other.good
    assert other.packets.open_ports() == {OLD_ONLY}
    assert not other.packets.forbidden() and other.packets.gap < 1
    Path(f"{other.config}.last-good").unlink(missing_ok=True)


def test_another_versions_can_be_taken_down(other):
    other.xfw("down")
    assert_nothing_left(other)
    assert until(lambda: other.packets.open_ports() == ALL)
