# SPDX-License-Identifier: GPL-2.0
"""The kernel's links, addresses and learned routes change; `xfw follow` keeps in step."""

import json
import os
import re
from pathlib import Path

import pytest

from conftest import CONFIG, XFW, until

HOST, VM1, VM2 = "2001:db8:1:2::1", "2001:db8:1:2:8000:1:0:1", "2001:db8:1:2:8000:2:0:1"
LEARNED, BEHIND = "2001:db8:1:2:8030::/77", "2001:db8:1:2:8030::7"
TUNNEL = f"tf{os.getpid()}"

BABEL = """
router id 10.0.0.%d;
protocol device { scan time 1; }
ipv6 table learned;
protocol babel {
    interface "%s" { type wired; hello interval 200 ms; update interval 1 s; };
    ipv6 { table learned; import %s; export %s; };
}
"""
HOST_BIRD = BABEL % (1, "vmbr0", "all", "none") + """
protocol kernel { kernel table 7; ipv6 { table learned; export all; }; }
"""
# Besides its slice, it claims what no guest may have: a /64 with the WAN in it, and the world.
GUEST_BIRD = BABEL % (2, "eth0", "none", "all") + """
protocol static {
    ipv6 { table learned; };
    route %s unreachable;
    route 2001:db8:0:1::/64 unreachable;
    route 2000::/3 unreachable;
}
""" % LEARNED


@pytest.fixture(scope="module")
def up(lab):
    lab.config.write_text(CONFIG + f"""
tun {TUNNEL}
route rangeB:8008::/77 dev {TUNNEL}
allow icmp6 echo-request host
allow icmp6 echo-request rangeB::/64
""")
    lab.boot = lab.xfw("up", "--boot")
    lab.follower = lab.start("hv", XFW, "--pin-dir", lab.pins, "--config", lab.config, "follow")
    return lab


def pings(lab, address, source="internet"):
    return lab.run(source, "ping", "-6", "-c", 1, "-W", 1, address, check=False).returncode == 0


def mode_of(lab, name):
    return {i["interface"]: i["mode"] for i in lab.json("status")["interfaces"]}.get(name)


def test_at_boot_an_interface_that_is_not_there_is_waited_for(up):
    assert f"{TUNNEL}: not there yet" in up.boot.stderr
    assert mode_of(up, TUNNEL) == "absent" and mode_of(up, "eth0") == "native"
    assert [r["state"] for r in up.json("routes") if r["dev"] == TUNNEL] == ["absent"]
    assert up.xfw("status").stdout.count("absent") == 1


def test_its_sources_are_nobodys_meanwhile(up):
    answer = up.xfw("explain", "icmp6", "2001:db8:1:2:8008::5", HOST, "in", "eth0", "--json")
    assert json.loads(answer.stdout)["reason"] == "source-own"


def test_typing_a_line_that_names_it_for_the_first_time_is_a_fault_all_the_same(up):
    refused = up.xfw("tun", "nosuch0", check=False)
    assert refused.returncode == 1 and "no interface 'nosuch0'" in refused.stderr
    assert up.xfw("check", check=False).returncode == 1
    up.xfw("allow", "tcp", 22, "host")
    assert f"tun {TUNNEL}" in up.xfw("show").stdout


def test_when_it_appears_it_is_attached_and_routed(up):
    up.run("hv", "ip", "tuntap", "add", TUNNEL, "mode", "tun")
    up.run("hv", "ip", "link", "set", TUNNEL, "up")
    assert until(lambda: mode_of(up, TUNNEL) == "tc")
    assert until(lambda: TUNNEL in up.run("hv", "ip", "-6", "route", "show", "proto", 88).stdout)


def test_when_it_goes_the_rest_goes_on(up):
    up.run("hv", "ip", "link", "del", TUNNEL)
    assert until(lambda: mode_of(up, TUNNEL) == "absent")
    assert pings(up, HOST)


def test_a_wan_with_another_mac_address(up):
    assert until(lambda: pings(up, HOST))
    before = up.dropped("not-for-us")
    up.run("hv", "ip", "link", "set", "eth0", "address", "02:00:00:00:00:99")
    # The provider resolves anew, as it does when the old address stops answering.
    up.run("provider", "ip", "-6", "neigh", "flush", "dev", "cust")
    assert until(lambda: pings(up, HOST))
    assert up.dropped("not-for-us") >= before


def test_the_host_gets_another_address(up):
    another = "2001:db8:1:2::77"
    assert not pings(up, another)
    up.run("hv", "ip", "-6", "addr", "add", f"{another}/128", "dev", "eth0", "nodad")
    assert until(lambda: pings(up, another))
    up.run("hv", "ip", "-6", "addr", "del", f"{another}/128", "dev", "eth0")


def on_fast_path(lab, address):
    before = lab.forwarded()
    return pings(lab, address) and lab.forwarded() > before


def test_a_guest_that_restarts_is_on_the_fast_path_again(up):
    assert until(lambda: on_fast_path(up, VM2))
    up.shell("set -- $(ip -n $LAB-vm2 -br link show eth0); mac=$3; ip -n $LAB-vm2 link del eth0; "
             "wire vm2 eth0 hv vm2; in_ns vm2 ip link set eth0 address $mac; "
             "in_ns vm2 ethtool -K eth0 gro on; in_ns hv ip link set vm2 master vmbr0; "
             "in_ns vm2 ip -6 addr add $NET:8000:2:0:1/77 dev eth0 nodad; "
             "in_ns vm2 ip -6 route add default via $NET:8000::1")
    assert until(lambda: on_fast_path(up, VM2))
    ports = json.loads(up.run("hv", "bpftool", "-j", "map", "dump", "pinned",
                              f"{up.pins}/bridge_ports").stdout)
    assert len(ports) == 2, "the port that went is remembered"


def test_a_bridge_that_goes_down_and_up_gets_its_routes_back(up):
    up.run("hv", "ip", "link", "set", "vmbr0", "down")
    up.run("hv", "ip", "link", "set", "vmbr0", "up")
    up.run("hv", "ip", "-6", "addr", "replace", "2001:db8:1:2:8000::1/77", "dev", "vmbr0", "nodad")
    assert until(lambda: "8010::/77" in up.run("hv", "ip", "-6", "route").stdout)
    assert until(lambda: pings(up, "2001:db8:1:2:8010::5"))


def test_a_gateway_that_fails_is_said_and_comes_back(up):
    def state():
        return [r["state"] for r in up.json("routes") if r["via"] == VM1][0]
    assert until(lambda: pings(up, "2001:db8:1:2:8010::5") and state() == "reachable")
    up.run("vm1", "ip", "link", "set", "eth0", "down")
    up.run("hv", "ip", "-6", "neigh", "flush", "dev", "vmbr0")
    assert until(lambda: not pings(up, "2001:db8:1:2:8010::5") and state() in
                 ("failed", "incomplete", "unresolved"))
    up.run("vm1", "ip", "link", "set", "eth0", "up")
    up.run("vm1", "ip", "-6", "addr", "replace", f"{VM1}/77", "dev", "eth0", "nodad")
    up.run("vm1", "ip", "-6", "route", "replace", "default", "via", "2001:db8:1:2:8000::1")
    assert until(lambda: pings(up, "2001:db8:1:2:8010::5") and state() == "reachable")


@pytest.fixture(scope="module")
def bird(up):
    """BIRD on the host learns by Babel what BIRD in vm1 announces, into table 7."""
    up.run("vm1", "ip", "-6", "addr", "add", f"{BEHIND}/77", "dev", "lo", "nodad")
    for end, text in (("hv", HOST_BIRD), ("vm1", GUEST_BIRD)):
        config = Path(f"/tmp/{up.name}-{end}-bird.conf")
        config.write_text(text)
        process = up.start(end, "bird", "-f", "-c", config, "-s", f"{config}.ctl")
        up.files = [*getattr(up, "files", []), config]
        if end == "vm1":
            up.guest_bird = process
    up.xfw("route", "import", "table", 7)
    assert until(lambda: "8030::" in up.run("hv", "ip", "-6", "route", "show", "table", 7,
                                            check=False).stdout, 30)
    yield up
    for config in up.files:
        config.unlink()


def imported(lab):
    return sorted(r["prefix"] for r in lab.json("routes") if r["table"] == 7)


def test_what_bird_learns_becomes_a_slice(bird):
    assert until(lambda: imported(bird) == [LEARNED])
    row = [r for r in bird.json("routes") if r["table"] == 7][0]
    assert row["kind"] == "gateway" and row["via"].startswith("fe80:") and row["dev"] == "vmbr0"
    assert until(lambda: on_fast_path(bird, BEHIND))
    assert "(table 7)" in bird.xfw("routes").stdout


def test_what_would_swallow_the_wan_is_learned_but_not_taken_on(bird):
    table = bird.run("hv", "ip", "-6", "route", "show", "table", 7).stdout
    assert "2000::/3" in table and "2001:db8:0:1::/64" in table
    assert imported(bird) == [LEARNED]
    assert pings(bird, HOST)


def test_within_bounds_what_is_taken_on(bird):
    bird.xfw("delete", "route", "import", "table", 7)
    assert imported(bird) == []
    bird.xfw("route", "import", "table", 7, "within", "2001:db8:beef::/48")
    assert imported(bird) == []
    bird.xfw("delete", "route", "import", "table", 7, "within", "2001:db8:beef::/48")
    bird.xfw("route", "import", "table", 7, "within", "rangeB::/64")
    assert imported(bird) == [LEARNED]
    assert "route import table 7 within rangeB::/64" in bird.xfw("show").stdout
    assert LEARNED not in bird.xfw("show").stdout


def test_a_route_withdrawn_is_a_slice_no_more(bird):
    bird.guest_bird.terminate()
    assert until(lambda: imported(bird) == [], 30)
    assert until(lambda: "8030::" not in bird.run("hv", "ip", "-6", "route").stdout)


@pytest.mark.parametrize("words, complaint", [
    (("import",), "table N"), (("import", "table"), "number of a table"),
    (("import", "table", "main"), "number of a table"),
    (("import", "table", "0"), "number of a table"),
    (("import", "table", "7", "within"), "a prefix"),
    (("import", "table", "7", "also"), "does not take 'also'"),
])
def test_faults_of_an_import_line(up, words, complaint):
    refused = up.xfw("route", *words, check=False)
    assert refused.returncode == 1 and complaint in refused.stderr, refused.stderr


def test_follow_ends_when_xfw_goes_down(up):
    assert up.follower.poll() is None
    up.xfw("down")
    assert until(lambda: up.follower.poll() is not None)
    assert not re.search("xdp", up.run("hv", "ip", "link", "show", "eth0").stdout)
