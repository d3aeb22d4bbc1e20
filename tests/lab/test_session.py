# SPDX-License-Identifier: GPL-2.0
"""The branch one sits on: changes that would cut the SSH session they are typed in."""

import subprocess

import pytest

from conftest import CONFIG, until

ADMIN, HOST = "2001:db8:ffff::1", "2001:db8:1:2::1"


@pytest.fixture(scope="module")
def up(lab):
    lab.config.write_text(CONFIG + "allow tcp 22 host\n")
    lab.xfw("up")
    return lab


def typed_over_ssh(lab, *words, client=ADMIN, sudo=False):
    """In a session as sshd sets it up; sudo takes the variable from what it runs."""
    command = lab.xfw_words(*words)
    connection = f"SSH_CONNECTION={client} 50000 {HOST} 22"
    if sudo:
        script = "env -u SSH_CONNECTION \"$@\"; exit $?"
        command = ["bash", "-c", script, "bash", *command]
    return subprocess.run(["env", connection, *command], capture_output=True, text=True)


@pytest.mark.parametrize("words, at_fault", [
    (("delete", "allow", "tcp", 22, "host"), "allow tcp 22 host from"),
    (("deny", "tcp", 22), "'deny tcp 22' drops it"),
    (("deny", "any", "from", "2001:db8:ffff::/48"), "'deny any from 2001:db8:ffff::/48'"),
])
def test_a_change_that_would_cut_it_is_refused_with_its_reason(up, words, at_fault):
    before = up.xfw("show").stdout
    for sudo in (False, True):
        result = typed_over_ssh(up, *words, sudo=sudo)
        assert result.returncode == 1
        assert "would cut your SSH session" in result.stderr and at_fault in result.stderr
    assert up.xfw("show").stdout == before


def test_a_file_that_would_cut_it_is_refused(up):
    new = up.config.with_suffix(".cut")
    new.write_text(CONFIG)
    assert typed_over_ssh(up, "apply", new).returncode == 1
    assert "allow tcp 22 host" in up.xfw("show").stdout
    new.unlink()


def test_other_changes_are_made(up):
    assert typed_over_ssh(up, "deny", "tcp", 23).returncode == 0
    assert typed_over_ssh(up, "deny", "any", "from", "2001:db8:ffff::/48",
                          client="2001:db8:beef::1").returncode == 0
    up.xfw("delete", "deny", "any", "from", "2001:db8:ffff::/48")


def test_forced_or_on_trial_it_is_made(up):
    new = up.config.with_suffix(".cut")
    new.write_text(CONFIG)
    assert typed_over_ssh(up, "apply", new, "--confirm", 2).returncode == 0
    assert until(lambda: "allow tcp 22 host" in up.xfw("show").stdout)
    assert typed_over_ssh(up, "delete", "allow", "tcp", 22, "host", "--force").returncode == 0
    assert "allow tcp 22 host" not in up.xfw("show").stdout
    # What is cut already, no further change can cut.
    assert typed_over_ssh(up, "deny", "tcp", 24).returncode == 0
    new.unlink()


def test_up_is_careful_too(up):
    up.xfw("down")
    up.config.write_text(CONFIG)
    assert typed_over_ssh(up, "up").returncode == 1
    assert "xdp" not in up.run("hv", "ip", "link", "show", "eth0").stdout
    up.config.write_text(CONFIG + "allow tcp 22 host from 2001:db8:ffff::/48\n")
    assert typed_over_ssh(up, "up").returncode == 0
