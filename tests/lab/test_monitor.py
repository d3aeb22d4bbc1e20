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
    raw = Path(path).read_bytes()
    for text in (b"dropped: not-allowed", b"eth0", b"vmbr0",
                 b"forwarded, rule allow icmp6 echo-request rangeB:8010::5"):
        assert text in raw, text
    Path(path).unlink()


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
