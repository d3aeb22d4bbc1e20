# SPDX-License-Identifier: GPL-2.0
"""xfw on the kernel that Debian 12 has: the programs pass its verifier and judge packets."""

import json

import pytest

from guest import TREE

VM1 = "2001:db8:1:2:8000:1:0:1"
CONFIG = f"""
wan  eth0
lan  vmbr0
route 2001:db8:1:2:8000::/77 dev vmbr0
allow icmp6 echo-request {VM1}
allow tcp 443 {VM1}
"""


@pytest.fixture(scope="module")
def lab(guest):
    guest.lab = f"cd {TREE}; . tests/lab/topology.sh; xfw() {{ in_ns hv build/xfw $@; }}; "
    guest.run(guest.lab + f"""
        lab_up
        mkdir /etc/xfw
        cat >/etc/xfw/xfw.conf <<'END'\n{CONFIG}\nEND
        in_ns vm1 /usr/bin/python3 -m http.server --bind :: 443 &
        xfw up""")
    return guest


def tell(lab, words):
    return json.loads(lab.run(f"{lab.lab} xfw {words} --json").stdout)


def test_the_kernel_is_debians_and_describes_its_types(guest):
    assert guest.run("uname -r").stdout.startswith("6.1.")
    guest.run("test -s /sys/kernel/btf/vmlinux && mountpoint -q /sys/fs/bpf")


def test_status_says_native_on_the_wan(lab):
    modes = {i["interface"]: i["mode"] for i in tell(lab, "status")["interfaces"]}
    assert modes == {"eth0": "native", "vmbr0": "generic"}
    assert "name xfw_wan" in lab.run(f"{lab.lab} in_ns hv ip -details link show eth0").stdout


def test_what_is_allowed_gets_through(lab):
    lab.run(f"{lab.lab} in_ns internet ping -6 -c 2 -W 5 {VM1}")
    lab.run(f"{lab.lab} in_ns internet curl -sS --max-time 20 http://[{VM1}]:443/ >/dev/null")
    assert all(rule["packets"] > 0 for rule in tell(lab, "rules"))


def test_what_is_not_allowed_is_dropped_and_counted(lab):
    before = tell(lab, "stats")["drops"]["wan"]["not-allowed"]["packets"]
    for port in (444, 22):
        knock = lab.run(f"{lab.lab} in_ns internet curl -sS --max-time 2 http://[{VM1}]:{port}/",
                        check=False)
        assert knock.returncode == 28, knock.stderr  # silence, not a refusal
    assert tell(lab, "stats")["drops"]["wan"]["not-allowed"]["packets"] - before >= 2


def test_down_leaves_nothing(lab):
    lab.run(f"{lab.lab} xfw down")
    assert "xdp" not in lab.run(f"{lab.lab} in_ns hv ip link show eth0").stdout
    lab.run("test ! -e /sys/fs/bpf/xfw")
