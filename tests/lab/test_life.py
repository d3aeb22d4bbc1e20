# SPDX-License-Identifier: GPL-2.0
"""xfw in a lab with real programs: what opens, what closes, and what no process's death changes."""

import json
import os
import random
import signal
import subprocess
import time

import pytest

from conftest import until

CONTAINER, VM1, VM2 = "2001:db8:1:2:8010::5", "2001:db8:1:2:8000:1:0:1", "2001:db8:1:2:8000:2:0:1"
INTERNET = "2001:db8:ffff::1"


@pytest.fixture(scope="module")
def up(lab):
    lab.start("ct1", "/usr/bin/python3", "-m", "http.server", "--bind", "::", 443)
    lab.start("internet", "/usr/bin/python3", "-m", "http.server", "--bind", "::", 8000)
    lab.start("internet", "iperf3", "-s")
    lab.xfw("up")
    lab.xfw("allow", "tcp", 443, "rangeB:8010::5")
    assert until(lambda: lab.fetch(CONTAINER, 443))
    assert until(lambda: lab.fetch(INTERNET, 8000, "vm2"))
    return lab


def test_a_closed_port_times_out_and_is_counted(up):
    before = up.dropped("not-allowed")
    assert not up.fetch(CONTAINER, 444)
    assert up.dropped("not-allowed") > before


def test_delete_closes_again(up):
    up.xfw("allow", "tcp", 443, VM2)
    up.xfw("delete", "allow", "tcp", "https", "rangeB:8010::5")
    assert not up.fetch(CONTAINER, 443)
    up.xfw("delete", "allow", "tcp", 443, VM2)
    up.xfw("allow", "tcp", 443, "rangeB:8010::5")
    assert up.fetch(CONTAINER, 443)


def test_deny_beats_allow(up):
    up.xfw("deny", "any", "from", INTERNET)
    assert not up.fetch(CONTAINER, 443)
    up.xfw("delete", "deny", "any", "from", INTERNET)
    assert up.fetch(CONTAINER, 443)


def test_answers_come_back_to_guest_container_and_host(up):
    for source in ("vm1", "vm2", "ct1", "hv"):
        assert up.fetch(INTERNET, 8000, source), source
        up.run(source, "ping", "-6", "-c", 1, "-W", 2, INTERNET)


def test_the_fast_path_changes_speed_only(up):
    before = up.forwarded()
    assert up.fetch(CONTAINER, 443) and up.forwarded() > before
    up.xfw("option", "fast-path", "off")
    before = up.forwarded()
    assert up.fetch(CONTAINER, 443) and up.fetch(INTERNET, 8000, "vm2")
    assert up.forwarded() == before
    up.xfw("delete", "option", "fast-path")
    assert up.fetch(CONTAINER, 443) and up.forwarded() > before


def test_traceroute_from_a_guest_shows_every_hop(up):
    hops = up.run("vm2", "traceroute", "-6", "-n", "-q", 1, "-w", 2, INTERNET).stdout
    for hop in ("2001:db8:1:2:8000::1", "2001:db8:0:1::1", INTERNET):
        assert hop in hops, hops


def test_routes_shows_whether_the_next_hop_is_known(up):
    assert up.fetch(CONTAINER, 443)
    routes = {route["prefix"]: route for route in up.json("routes")}
    containers = routes["2001:db8:1:2:8010::/77"]
    assert containers["via"] == VM1 and containers["packets"] > 0
    assert containers["state"] in ("reachable", "stale", "delay", "probe")
    assert routes["2001:db8:1:2:8000::/77"]["state"] == "on-link"
    up.xfw("route", "rangeB:8020::/77", "via", "rangeB:8000:9:0:9", "dev", "vmbr0")
    routes = {route["prefix"]: route for route in up.json("routes")}
    assert routes["2001:db8:1:2:8020::/77"]["state"] == "unresolved"
    up.xfw("delete", "route", "rangeB:8020::/77", "via", "rangeB:8000:9:0:9", "dev", "vmbr0")
    assert max(map(len, up.xfw("routes").stdout.splitlines())) <= 80


def test_two_at_once_both_land(up):
    processes = [subprocess.Popen(up.xfw_words("allow", "udp", 7000 + i, VM1))
                 for i in range(8)]
    assert [process.wait() for process in processes] == [0] * 8
    shown = up.xfw("show").stdout
    for i in range(8):
        assert f"allow udp {7000 + i} {VM1}\n" in shown
        up.xfw("delete", "allow", "udp", 7000 + i, VM1)


def test_a_killed_process_leaves_the_filter_as_it_was(up):
    up.xfw("save")
    seed = int(os.environ.get("XFW_TEST_SEED", time.time()))
    print(f"XFW_TEST_SEED={seed}")
    chance = random.Random(seed)
    for _ in range(40):
        process = subprocess.Popen(up.xfw_words("apply"))
        time.sleep(chance.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert up.fetch(CONTAINER, 443)
    assert not up.fetch(CONTAINER, 444)
    up.xfw("apply")
    rules = up.run("hv", "bpftool", "-j", "map", "dump", "pinned", f"{up.pins}/rules").stdout
    assert "allow tcp 443 rangeB:8010::5" in rules


def test_up_again_under_traffic_loses_nothing(up):
    client = subprocess.Popen(up.words("vm2", "iperf3", "-c", INTERNET, "-t", 3),
                              stdout=subprocess.DEVNULL)
    for _ in range(3):
        up.xfw("up")
    assert client.wait(timeout=30) == 0
    assert up.fetch(CONTAINER, 443)


def test_bad_input_changes_nothing(up):
    before = up.xfw("show").stdout
    for words in (("allow", "tpc", "1", VM1), ("route", "rangeB:8020::/77", "dev", "vmbr9"),
                  ("delete", "allow", "udp", "1", VM1), ("define", "rangeB", "nonsense")):
        result = up.xfw(*words, check=False)
        assert result.returncode == 1 and result.stderr, words
    assert up.xfw("show").stdout == before


@pytest.mark.parametrize("words", [
    "save", "sync", "allow tcp 7777 vm1", "delete allow tcp 7777 vm1", "apply",
    "apply --confirm 60", "rollback", "apply --confirm 59", "confirm", "up"])
def test_what_only_acts_says_in_json_that_it_is_done(up, words):
    assert up.json(*words.split()) == {"done": True}


@pytest.mark.parametrize("words, status", [("delete #9999", 1), ("apply one two", 2),
                                           ("allow tpc 1 vm1", 1)])
def test_what_is_refused_says_so_in_json(up, words, status):
    result = up.xfw(*words.split(), "--json", check=False)
    assert result.returncode == status and "error" in json.loads(result.stdout)


def test_every_pinned_map_dumps_readably(up):
    for name in ("rules", "rule_stats", "routes", "route_stats", "flows", "drops", "ports"):
        dump = up.run("hv", "bpftool", "map", "dump", "pinned", f"{up.pins}/{name}").stdout
        assert '"key"' in dump or '"value"' in dump, f"{name}: {dump[:200]}"


def test_down_leaves_plain_forwarding_and_nothing_else(up):
    up.xfw("down")
    assert not os.path.exists(up.pins)
    assert up.run("hv", "tc", "filter", "show", "dev", "eth0", "egress").stdout == ""
    assert "xdp" not in up.run("hv", "ip", "link", "show", "eth0").stdout
    assert up.run("hv", "ip", "-6", "route", "show", "proto", "88").stdout == ""
    up.xfw("up")
