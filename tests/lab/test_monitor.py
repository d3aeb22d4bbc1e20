# SPDX-License-Identifier: GPL-2.0
"""Live verdicts, the capture made of them, and that a dead listener costs nothing."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import until

CONTAINER, INTERNET = "2001:db8:1:2:8010::5", "2001:db8:ffff::1"
NOT_ALLOWED = "2001:db8:1:2:8010::6"
PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def up(lab):
    lab.start("ct1", PYTHON, "-m", "http.server", "--bind", "::", 443)
    lab.xfw("up")
    lab.xfw("allow", "tcp", 443, "rangeB:8010::5", "log")
    lab.xfw("allow", "icmp6", "echo-request", "rangeB:8010::5")
    assert until(lambda: lab.fetch(CONTAINER, 443))
    return lab


class Monitor:
    def __init__(self, lab, *options):
        self.process = subprocess.Popen(lab.xfw_words("monitor", *options), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert until(lambda: watched(lab) > 0)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        output, self.said = self.process.communicate(timeout=10)
        assert self.process.returncode == 0, self.said
        return output


def watched(lab):
    dump = json.loads(lab.run("hv", "bpftool", "-j", "map", "dump", "pinned",
                              f"{lab.pins}/control").stdout)
    return dump[0]["formatted"]["value"]["watched_until"]


def test_it_shows_what_is_redirected_and_what_is_dropped_with_rule_and_reason(up):
    monitor = Monitor(up, "--json")
    assert up.fetch(CONTAINER, 443)
    assert not up.fetch(CONTAINER, 444)
    events = [json.loads(line) for line in monitor.stop().splitlines()]
    forwarded = [e for e in events if e["verdict"] == "forwarded"]
    assert any(e["rule"] == "allow tcp 443 rangeB:8010::5 log" for e in forwarded)
    assert all(e["interface"] == "eth0" and e["role"] == "wan" for e in forwarded)
    dropped = [e for e in events if e["verdict"] == "dropped"]
    assert {e["reason"] for e in dropped} == {"not-allowed"}
    assert dropped[0]["packet"].endswith(f"> {CONTAINER} 444")
    assert {e["interface"] for e in events} >= {"eth0", "vmbr0"}


def test_drops_shows_only_drops_and_people_can_read_it(up):
    monitor = Monitor(up, "--drops")
    assert up.fetch(CONTAINER, 443)
    assert not up.fetch(CONTAINER, 444)
    lines = monitor.stop().splitlines()
    assert lines and all("dropped" in line and "(not-allowed)" in line for line in lines)
    assert f"tcp {INTERNET}" in lines[0]


def test_logged_shows_only_rules_that_log(up):
    monitor = Monitor(up, "--logged", "--json")
    up.run("internet", "ping", "-6", "-c", 2, CONTAINER)
    assert up.fetch(CONTAINER, 443)
    events = [json.loads(line) for line in monitor.stop().splitlines()]
    assert events and {e["rule"] for e in events} == {"allow tcp 443 rangeB:8010::5 log"}


def test_a_capture_has_the_reasons_as_comments(up):
    path = f"/tmp/{up.name}.pcapng"
    monitor = Monitor(up, "--write", path)
    up.run("internet", "ping", "-6", "-c", 1, CONTAINER)
    assert not up.fetch(CONTAINER, 444)
    monitor.stop()
    shown = up.run("hv", "tcpdump", "-nr", path).stdout
    assert "echo request" in shown and f"{CONTAINER}.444" in shown
    seen = packets_of(path)
    assert {interface for interface, *_ in seen} == {"eth0", "vmbr0"}
    assert ("eth0", "444", "dropped: not-allowed, nearest rule allow tcp 443 rangeB:8010::5 log: "
            "another port") in seen
    assert ("eth0", "", "forwarded, rule allow icmp6 echo-request rangeB:8010::5") in seen
    Path(path).unlink()


def packets_of(path):
    """(interface, TCP port, comment) of each packet, as tshark reads them; it finds no fault."""
    shown = subprocess.run(["tshark", "-nr", path, "-T", "fields", "-E", "separator=\t", "-e",
                            "frame.interface_name", "-e", "tcp.dstport", "-e", "frame.comment",
                            "-e", "_ws.malformed"], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in shown.stdout.splitlines()]
    assert rows and all(malformed == "" for *_, malformed in rows)
    return {tuple(row[:3]) for row in rows}


@pytest.mark.parametrize("options, ports", [
    (["--port", "444"], {"444"}), (["--port", "https"], {"443"}), (["--port", "440-443"], {"443"}),
    (["--to", "rangeB:8010::5", "--proto", "tcp"], {"443", "444"}),
    (["--to", "vm1"], set()), (["--from", "2001:db8:ffff::/64", "--drops"], {"444"}),
    (["--from", "2001:db8:ffff::1", "--proto", "icmp6"], {"128"}),
])
def test_filters_show_what_is_asked_for(up, options, ports):
    monitor = Monitor(up, "--json", *options)
    assert up.fetch(CONTAINER, 443)
    assert not up.fetch(CONTAINER, 444)
    up.run("internet", "ping", "-6", "-c", 1, CONTAINER)
    events = [json.loads(line) for line in monitor.stop().splitlines()]
    # An answer leaves by the LAN, its port in front.
    assert {e["packet"].split()[-1] for e in events if e["role"] == "wan"} == ports
    assert re.match(rf"xfw: {len(events)} events( of \d+)?; 0 more", monitor.said)


def test_a_rule_is_a_filter(up):
    rule = next(r["id"] for r in up.json("rules") if "icmp6" in r["rule"])
    monitor = Monitor(up, "--json", "--rule", f"#{rule}")
    assert up.fetch(CONTAINER, 443)
    up.run("internet", "ping", "-6", "-c", 1, CONTAINER)
    events = [json.loads(line) for line in monitor.stop().splitlines()]
    assert events and {e["rule_id"] for e in events} == {rule}


@pytest.mark.parametrize("options, word", [
    (["--port", "70000"], "'70000' is no port"), (["--from", "nobody"], "'nobody'"),
    (["--rule", "x"], "'x' is no rule's id"), (["--proto", "tpc"], "did you mean 'tcp'?"),
    (["--port", "80,443"], "'80,443': one port"), (["--to", "2001:db8::1/64"], "2001:db8::/64"),
])
def test_a_filter_that_is_none_is_named(up, options, word):
    result = up.xfw("monitor", *options, check=False)
    assert result.returncode == 1 and word in result.stderr
    assert watched(up) == 0


def test_events_go_to_one_monitor(up):
    monitor = Monitor(up)
    other = up.xfw("monitor", check=False)
    assert other.returncode == 1 and "another monitor or shadow listens" in other.stderr
    assert watched(up) > 0
    monitor.stop()


def test_what_is_dropped_names_the_nearest_rule(up):
    monitor = Monitor(up, "--drops", "--json")
    assert not up.fetch(CONTAINER, 444)
    assert not up.fetch(NOT_ALLOWED, 443)
    up.xfw("allow", "tcp", 446, "rangeB:8010::5")
    assert not up.fetch(CONTAINER, 447)
    up.xfw("delete", "allow", "tcp", 446, "rangeB:8010::5")
    events = [json.loads(line) for line in monitor.stop().splitlines()]
    nearest = {(" ".join(e["packet"].split()[-2:]), e["nearest"]["rule"],
                e["nearest"]["difference"]) for e in events}
    rule = "allow tcp 443 rangeB:8010::5 log"
    assert nearest == {(f"{CONTAINER} 444", rule, "another port"),
                       (f"{NOT_ALLOWED} 443", rule, "another destination"),
                       # What was applied meanwhile is known.
                       (f"{CONTAINER} 447", "allow tcp 446 rangeB:8010::5", "another port")}


def test_a_flood_is_sampled_and_what_is_not_shown_is_counted(up):
    monitor = Monitor(up, "--json")
    up.run("internet", "ping", "-6", "-f", "-c", 20000, CONTAINER)
    shown = len(monitor.stop().splitlines())
    unseen = int(monitor.said.split("; ")[1].split()[0])
    assert unseen > 0 and shown < 40000
    assert f"{shown} events" in monitor.said


def test_others_may_change_what_runs_meanwhile(up):
    monitor = Monitor(up)
    up.xfw("allow", "tcp", 9, "rangeB:8010::5")
    up.xfw("delete", "allow", "tcp", 9, "rangeB:8010::5")
    monitor.stop()


def test_a_killed_listener_is_forgotten(up):
    """Three seconds later no event is made: the programs look at a tick, not at the listener."""
    monitor = Monitor(up)
    monitor.process.kill()
    monitor.process.communicate()
    time.sleep(5)
    before = budget(up)
    assert up.fetch(CONTAINER, 443)
    assert budget(up) == before


def budget(lab):
    return lab.run("hv", "bpftool", "-j", "map", "dump", "pinned",
                   f"{lab.pins}/event_budget").stdout


SEND = """
import socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 40000))
for _ in range(1000):
    s.sendto(b"", (sys.argv[1], 9))
    time.sleep(0.001)
"""


def drop_log_until(lab):
    control = json.loads(lab.run("hv", "bpftool", "-j", "map", "dump", "pinned",
                                 f"{lab.pins}/control").stdout)
    return control[0]["formatted"]["value"]["drop_log_until"]


def test_drops_are_logged_at_the_rate_that_is_asked_for(up):
    up.xfw("option", "drop-log", "rate", "5/s")
    follow = subprocess.Popen(up.xfw_words("follow"), stdout=subprocess.PIPE, text=True)
    assert until(lambda: drop_log_until(up) > 0)
    started = time.monotonic()
    up.run("internet", PYTHON, "-c", SEND, NOT_ALLOWED)
    seconds = time.monotonic() - started
    time.sleep(1.5)  # until the last second is summed up
    follow.kill()
    lines = follow.communicate(timeout=10)[0].splitlines()
    drops = [line for line in lines if NOT_ALLOWED in line]
    rest = sum(int(re.fullmatch(r"dropped (\d+) more packets", line)[1])
               for line in lines if "more packets" in line)
    assert drops[0] == f"dropped eth0 udp {INTERNET} 40000 > {NOT_ALLOWED} 9 (not-allowed)"
    assert 10 <= len(drops) <= 5 * (seconds + 2)
    assert len(drops) + rest == 1000


def test_without_the_option_nothing_is_logged(up):
    up.xfw("delete", "option", "drop-log", "rate", "5/s")
    follow = subprocess.Popen(up.xfw_words("follow"), stdout=subprocess.PIPE, text=True)
    time.sleep(4)
    up.run("internet", "ping", "-6", "-q", "-c", 2, "-W", 1, NOT_ALLOWED, check=False)
    follow.kill()
    assert follow.communicate(timeout=10)[0] == ""
