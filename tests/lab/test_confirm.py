# SPDX-License-Identifier: GPL-2.0
"""Changes on trial: unconfirmed, the old policy is back in time with no process alive."""

import subprocess
import time

import pytest

from conftest import CONFIG, until

CONTAINER, VM2 = "2001:db8:1:2:8010::5", "2001:db8:1:2:8000:2:0:1"
INTERNET4, HOST4 = "198.51.100.1", "203.0.113.10"
PYTHON = "/usr/bin/python3"
OLD = CONFIG + "allow tcp 443 rangeB:8010::5\nmasquerade 172.16.0.0/16\n" \
    "forward tcp 8443 to 172.16.99.12:443\n"
NEW = CONFIG + "allow tcp 443 rangeB:8000:2:0:1\nforward tcp 8444 to 172.16.99.12:443\n"


@pytest.fixture(scope="module")
def up(lab):
    for name in ("ct1", "vm2"):
        lab.start(name, PYTHON, "-m", "http.server", "--bind", "::", 443)
    lab.config.write_text(OLD)
    lab.new = lab.config.with_suffix(".new")
    lab.new.write_text(NEW)
    lab.xfw("up")
    assert until(lambda: is_old(lab))
    yield lab
    lab.new.unlink()


def fetch4(lab, port):
    return lab.run("internet", "curl", "-sS", "--max-time", 1, f"http://{HOST4}:{port}/",
                   check=False).returncode == 0


def is_old(lab):
    return lab.fetch(CONTAINER, 443) and fetch4(lab, 8443) and \
        lab.run("vm1", "ping", "-c", 1, "-W", 1, INTERNET4, check=False).returncode == 0 and \
        not fetch4(lab, 8444)


def is_new(lab):
    return lab.fetch(VM2, 443) and fetch4(lab, 8444) and not fetch4(lab, 8443) and \
        not lab.fetch(CONTAINER, 443) and \
        lab.run("vm1", "ping", "-c", 1, "-W", 1, INTERNET4, check=False).returncode != 0


def pending(lab):
    return lab.json("status")["pending_confirm"]


def test_unconfirmed_the_old_policy_is_back_though_every_process_is_dead(up):
    up.xfw("apply", up.new, "--confirm", 12)
    started = time.monotonic()
    # Nobody of ours is there to do it.
    assert subprocess.run(["pgrep", "-f", up.pins], capture_output=True).returncode == 1
    assert is_new(up)
    assert 0 < pending(up)["seconds_left"] <= 13
    assert "allow tcp 443 rangeB:8000:2:0:1" in up.xfw("show").stdout
    assert until(lambda: is_old(up), 20)
    assert time.monotonic() - started > 8
    assert pending(up) is None
    assert "allow tcp 443 rangeB:8010::5" in up.xfw("show").stdout


def test_another_change_is_refused_while_one_waits(up):
    up.xfw("apply", up.new, "--confirm", 60)
    for words in (("apply", up.new), ("allow", "tcp", 1, VM2), ("up",),
                  ("apply", up.new, "--confirm", 9)):
        result = up.xfw(*words, check=False)
        assert result.returncode == 1 and "waits for confirmation" in result.stderr, words
    up.xfw("rollback")
    assert is_old(up) and pending(up) is None


def test_rollback_undoes_at_once(up):
    up.xfw("apply", up.new, "--confirm", 60)
    assert is_new(up)
    up.xfw("rollback")
    assert is_old(up)
    assert up.xfw("rollback", check=False).returncode == 1


def test_confirm_keeps(up):
    up.xfw("apply", up.new, "--confirm", 6)
    up.xfw("confirm")
    time.sleep(7)
    assert is_new(up)
    assert up.xfw("confirm", check=False).returncode == 1
    up.xfw("apply", up.config)
    assert is_old(up)


def test_a_trial_of_other_roles_ends_as_it_began(up):
    """An interface that only the new policy names is nobody's when the old one is back."""
    roles = up.config.with_suffix(".roles")
    roles.write_text(OLD.replace("lan  vmbr0", "lan  vmbr0 hook tc"))
    up.xfw("apply", roles, "--confirm", 3)
    roles.unlink()
    assert up.fetch(CONTAINER, 443)
    assert until(lambda: pending(up) is None)
    assert is_old(up)
    up.xfw("sync")
    modes = {i["interface"]: i["mode"] for i in up.json("status")["interfaces"]}
    assert modes["vmbr0"] == "generic"
    assert "xfw_in" not in up.run("hv", "tc", "filter", "show", "dev", "vmbr0", "ingress").stdout
    assert is_old(up)


def test_a_second_trial_after_one_that_ran_out(up):
    for _ in range(2):
        up.xfw("apply", up.new, "--confirm", 4)
        assert is_new(up)
        assert until(lambda: is_old(up), 12)


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "86401", ""])
def test_a_time_that_is_none_is_refused(up, seconds):
    result = up.xfw("apply", up.new, f"--confirm={seconds}", check=False)
    assert result.returncode == 1 and "seconds" in result.stderr
