# SPDX-License-Identifier: GPL-2.0
"""Trials whose process dies, whose terminal hangs up, or whose clock jumps: the old policy is back
in time, and the old translation with it."""

import subprocess
import time
from pathlib import Path

import pytest

import two
from conftest import NEW_ONLY, OLD_ONLY, PYTHON, until

SECONDS = 3
HOST4 = "203.0.113.10"


@pytest.fixture(scope="module")
def up(lab, packets):
    for name in ("vm1", "vm2"):
        lab.start(name, PYTHON, "-m", "http.server", 443)
    two.prepare(lab, packets)
    assert until(lambda: translated(lab) == {8443})
    yield lab
    two.tidy(lab)


def translated(lab):
    """Which of the two ports is forwarded, to whom."""
    return {port for port in (8443, 8444) if
            lab.run("internet", "curl", "-sS", "--max-time", 1, f"http://{HOST4}:{port}/",
                    check=False).returncode == 0}


def pending(lab):
    return lab.json("status")["pending_confirm"]


def assert_new(lab):
    assert lab.packets.open_ports() == {NEW_ONLY} and translated(lab) == {8444}


def assert_back_in_time(lab, started):
    assert until(lambda: lab.packets.open_ports() == {OLD_ONLY} and translated(lab) == {8443}, 20)
    assert time.monotonic() - started > SECONDS - 1
    assert pending(lab) is None
    lab.xfw("sync")
    assert lab.state() == lab.state_of["old"]
    assert not lab.packets.forbidden()


def try_new(lab, at, what):
    return lab.fault("change", at, what, "apply", lab.file_of["new"], "--confirm", SECONDS)


def calls_of_a_trial(lab):
    calls = lab.calls("change", "apply", lab.file_of["new"], "--confirm", 60)
    lab.xfw("rollback")
    return calls


def first_call_behind_the_switch(lab):
    """The switch is a store into memory, no call: found by who judges after a death."""
    low, high = 0, calls_of_a_trial(lab)
    while high - low > 1:
        middle = (low + high) // 2
        assert lab.fault("change", middle, "kill", "apply", lab.file_of["new"], "--confirm",
                         60).status == 137
        if pending(lab):
            high = middle
            lab.xfw("rollback")
        else:
            low = middle
        lab.xfw("apply", lab.file_of["old"])
    return high


def test_killed_right_behind_the_switch(up):
    at = first_call_behind_the_switch(up)
    started = time.monotonic()
    assert try_new(up, at, "kill").status == 137
    assert up.packets.open_ports() == {NEW_ONLY}
    assert_back_in_time(up, started)
    # And before it: nothing judges anew, and the translation that was laid beside is over, too.
    assert try_new(up, at - 1, "kill").status == 137
    assert pending(up) is None and up.packets.open_ports() == {OLD_ONLY}
    assert_back_in_time(up, started)


def test_a_terminal_that_hangs_up(up):
    started = time.monotonic()
    outcome = try_new(up, calls_of_a_trial(up) // 2, "HUP")
    assert outcome.status == 129
    assert_new(up)
    assert_back_in_time(up, started)


@pytest.fixture
def jumping(tmp_path):
    """Words before a command, that let the clock jump in it."""
    library = tmp_path / "jump.so"
    subprocess.run(["cc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library,
                    Path(__file__).parent / "jump.c"], check=True)
    return ["env", f"LD_PRELOAD={library}"]


def test_a_clock_that_jumps(up, jumping):
    def run(*words):
        return subprocess.run([*jumping, *up.xfw_words(*words)], capture_output=True, text=True,
                              check=True).stdout
    dates = subprocess.run([*jumping, PYTHON, "-c", "import time; print(time.time() - time.time())"],
                           capture_output=True, text=True, check=True).stdout
    assert abs(float(dates)) > 86400 * 700, "the clock does not jump"
    started = time.monotonic()
    run("apply", up.file_of["new"], "--confirm", SECONDS)
    assert "confirmation" in run("status")
    assert_new(up)
    assert_back_in_time(up, started)
    started = time.monotonic()
    run("apply", up.file_of["new"], "--confirm", SECONDS)
    run("confirm")
    time.sleep(max(0, started + SECONDS + 1 - time.monotonic()))
    assert up.packets.open_ports() == {NEW_ONLY}
    run("apply", up.file_of["old"])
    assert up.state() == up.state_of["old"]
