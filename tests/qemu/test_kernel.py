# SPDX-License-Identifier: GPL-2.0
"""xfw on the kernel that Debian 12 has: the programs pass its verifier and judge packets."""

import json

import pytest

VM1 = "2001:db8:1:2:8000:1:0:1"


@pytest.fixture(scope="module")
def up(lab):
    lab.run("xfw up")
    return lab


def test_the_kernel_is_debians_and_describes_its_types(guest):
    assert guest.run("uname -r").stdout.startswith("6.1.")
    guest.run("test -s /sys/kernel/btf/vmlinux && mountpoint -q /sys/fs/bpf")


def test_status_says_native_on_the_wan(up):
    modes = {i["interface"]: i["mode"] for i in up.json("status")["interfaces"]}
    assert modes == {"eth0": "native", "vmbr0": "generic"}


def test_what_is_allowed_gets_through(up):
    up.run(f"in_ns internet ping -6 -c 2 -W 5 {VM1}")
    up.run(f"in_ns internet curl -sS --max-time 20 http://[{VM1}]:443/ >/dev/null")
    assert all(rule["packets"] > 0 for rule in up.json("rules"))


def test_what_is_not_allowed_is_dropped_and_counted(up):
    before = up.dropped("not-allowed")
    for port in (444, 22):
        knock = up.run(f"in_ns internet curl -sS --max-time 2 http://[{VM1}]:{port}/", check=False)
        assert knock.returncode == 28, knock.stderr  # silence, not a refusal
    assert up.dropped("not-allowed") - before >= 2


def test_what_was_met_is_no_finding(up):
    assert up.json("audit") == []


def test_its_verifier_takes_the_measuring_programs(up):
    # Emulated, a packet takes microseconds.
    bench = json.loads(up.run("xfw bench --json", timeout=400).stdout)
    rows = {row["class"]: row for row in bench["classes"]}
    assert rows["to a closed port, 1 source"]["verdict"] == "dropped"
    assert rows["neighbour discovery"]["verdict"] == "passed"
    assert 0 < bench["empty_ns"] < bench["floor_ns"]


def test_down_leaves_nothing(up):
    up.run("xfw down")
    assert "xdp" not in up.run("in_ns hv ip link show eth0").stdout
    up.run("test ! -e /sys/fs/bpf/xfw")
