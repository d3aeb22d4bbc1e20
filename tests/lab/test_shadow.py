# SPDX-License-Identifier: GPL-2.0
"""A candidate beside the running configuration: what it would change for live traffic."""

import json
import signal
import subprocess
import time

import pytest

from conftest import CONFIG, until

VM1, VM2, CONTAINER = "2001:db8:1:2:8000:1:0:1", "2001:db8:1:2:8000:2:0:1", "2001:db8:1:2:8010::5"
INTERNET = "2001:db8:ffff::1"
PYTHON = "/usr/bin/python3"
RUNNING = CONFIG + """
allow tcp 443 rangeB:8010::5
allow tcp 80 vm1
"""
# 443 goes, 8080 comes, vm2 may not reach port 8000 any more, the container loses what it began.
CANDIDATE = CONFIG + f"""
allow tcp 80 vm1
allow tcp 8080 vm1
deny tcp 8000 any from rangeB:8000:2:0:1
"""


@pytest.fixture(scope="module")
def up(lab):
    lab.candidate = lab.config.with_suffix(".candidate")
    lab.candidate.write_text(CANDIDATE)
    lab.config.write_text(RUNNING)
    for name, port in (("ct1", 443), ("vm1", 80), ("vm1", 8080), ("internet", 8000)):
        lab.start(name, PYTHON, "-m", "http.server", "--bind", "::", port)
    lab.xfw("up")
    assert until(lambda: lab.fetch(CONTAINER, 443) and lab.fetch(VM1, 80))
    yield lab
    lab.candidate.unlink()


def watched(lab):
    control = lab.run("hv", "bpftool", "-j", "map", "dump", "pinned", f"{lab.pins}/control")
    return json.loads(control.stdout)[0]["formatted"]["value"]["watched_until"]


class Shadow:
    def __init__(self, lab, *options):
        self.process = subprocess.Popen(lab.xfw_words("shadow", lab.candidate, *options), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert until(lambda: watched(lab) or self.process.poll() is not None)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        return self.ended()

    def ended(self):
        output, self.said = self.process.communicate(timeout=20)
        return output.splitlines()


def test_it_tells_each_difference_once_and_nothing_else(up):
    before = up.json("rules"), up.xfw("show").stdout
    shadow = Shadow(up)
    for _ in range(3):
        assert up.fetch(CONTAINER, 443) and up.fetch(VM1, 80)
        assert not up.fetch(VM1, 8080)
        assert up.fetch(INTERNET, 8000, "vm2") and up.fetch(INTERNET, 8000, "vm1")
    time.sleep(0.5)
    lines = sorted(shadow.stop())
    assert shadow.process.returncode == 0, shadow.said
    assert len(lines) == 3, lines
    gone, out, let_in = lines
    assert let_in.startswith(f"newly let in  tcp {INTERNET} ") and f"> {VM1} 8080" in let_in
    assert let_in.endswith("; then 'allow tcp 8080 vm1'")
    assert gone.startswith(f"newly dropped tcp {VM2} ") and f"> {INTERNET} 8000" in gone
    assert gone.endswith("(denied); then 'deny tcp 8000 any from rangeB:8000:2:0:1'")
    assert out.startswith(f"newly dropped tcp {INTERNET} ") and f"> {CONTAINER} 443" in out
    assert out.endswith("(not-allowed); now 'allow tcp 443 rangeB:8010::5'")
    assert "2 newly dropped, 1 newly let in" in shadow.said
    # Nothing has changed by it.
    assert up.xfw("show").stdout == before[1]
    assert up.fetch(CONTAINER, 443) and not up.fetch(VM1, 8080)


def test_it_finds_the_live_flows_that_a_deny_would_end(up):
    up.candidate.write_text(CONFIG + f"deny any from {INTERNET}\n")
    keep = subprocess.Popen(up.words("vm1", PYTHON, "-c",
                                     "import socket, time; "
                                     f"s = socket.create_connection(('{INTERNET}', 8000)); "
                                     "time.sleep(60)"))
    assert until(lambda: any(flow["outside_port"] == 8000 and flow["state"] == "established"
                             for flow in up.json("flows")))
    lines = [json.loads(line) for line in up.xfw("shadow", up.candidate, 1, "--json").stdout.splitlines()]
    keep.kill()
    keep.wait()
    ends = [line for line in lines if line["change"] == "newly-dropped" and
            line["packet"].startswith(f"tcp {INTERNET} 8000 > {VM1} ")]
    assert ends and ends[0]["reason"] == "denied"
    assert ends[0]["candidate_rule"] == f"deny any from {INTERNET}"
    up.candidate.write_text(CANDIDATE)


def test_it_ends_when_something_else_is_applied(up):
    shadow = Shadow(up)
    up.xfw("allow", "tcp", 9, VM1)
    shadow.ended()
    assert shadow.process.returncode == 1 and "applied meanwhile" in shadow.said
    up.xfw("delete", "allow", "tcp", 9, VM1)


@pytest.mark.parametrize("words, said", [
    (["/nowhere"], "/nowhere: No such file"), (["{candidate}", "0"], "'0' is no time"),
    (["{candidate}", "x"], "'x' is no time"),
])
def test_what_is_wrong_is_named(up, words, said):
    result = up.xfw("shadow", *(word.format(candidate=up.candidate) for word in words), check=False)
    assert result.returncode == 1 and said in result.stderr


def test_on_trial_the_other_slot_is_the_way_back(up):
    up.xfw("apply", up.candidate, "--confirm", 60)
    result = up.xfw("shadow", up.candidate, 1, check=False)
    assert result.returncode == 1 and "waits for confirmation" in result.stderr
    up.xfw("rollback")
