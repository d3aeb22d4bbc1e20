# SPDX-License-Identifier: GPL-2.0
"""The bpf filesystem goes, with the pins in it: what is told, and what brings it all back."""

import subprocess

import pytest

import steady
from conftest import NEVER, NEW_ONLY, OLD_ONLY, until
from test_up import assert_nothing_left

ALL = {NEVER, OLD_ONLY, NEW_ONLY}


@pytest.fixture(scope="module")
def lab_of_its_own(lab, packets, tmp_path_factory):
    lab.mount = tmp_path_factory.mktemp("bpffs")
    usual, lab.pins = lab.pins, f"{lab.mount}/xfw"
    lab.packets = packets
    yield lab
    lab.pins = usual


def mount(lab):
    subprocess.run(["mount", "-t", "bpf", "bpf", lab.mount], check=True)


def unmount(lab):
    subprocess.run(["umount", lab.mount], check=True)


@pytest.fixture
def gone(lab_of_its_own):
    """Unmounted under a filter that ran."""
    lab = lab_of_its_own
    mount(lab)
    steady.bring_up(lab, lab.packets)
    unmount(lab)
    yield lab
    lab.xfw("down", "--force")
    subprocess.run(["umount", "-q", lab.mount], check=False)


def test_unmounting_takes_the_filter_off_and_that_is_told(gone):
    # The kernel's doing: a link that nothing pins any more is no more.
    assert until(lambda: gone.packets.open_ports() == ALL)
    for words in (("status",), ("show",), ("rules",), ("apply",), ("allow", "udp", 1, "vm1"),
                  ("sync",), ("confirm",), ("explain", "tcp", "::1", "::2", 1)):
        refused = gone.xfw(*words, check=False)
        assert refused.returncode == 1, words
        assert f"no bpf filesystem is mounted at {gone.mount}" in refused.stderr
        assert "takes the filter off; 'xfw up' starts it once one is" in refused.stderr


def test_up_brings_it_all_back(gone):
    refused = gone.xfw("up", check=False)
    assert refused.returncode == 1
    assert f"mount -t bpf bpf {gone.mount}; nothing was changed" in refused.stderr
    mount(gone)
    assert "nothing is pinned" in gone.xfw("status", check=False).stderr
    assert gone.xfw("up").stderr == ""
    assert steady.judges_again(gone)
    gone.packets.begin()
    steady.assert_judges(gone)
    gone.xfw("down")
    assert_nothing_left(gone)


def test_down_takes_the_rest_off_when_told_to(gone):
    refused = gone.xfw("down", check=False)
    assert refused.returncode == 1
    for word in ("nothing is pinned", "eth0 has a program of xfw's", "xfw down --force"):
        assert word in refused.stderr
    assert "xfw_out" in gone.run("hv", "tc", "filter", "show", "dev", "eth0", "egress").stdout
    gone.xfw("down", "--force")
    assert_nothing_left(gone)


def test_where_it_is_not_mounted_the_filter_goes_on_unseen(lab_of_its_own):
    """As in a container: another mount namespace has the pins."""
    lab = lab_of_its_own
    mount(lab)
    steady.bring_up(lab, lab.packets)

    def elsewhere(before, command):
        words = " ".join(map(str, lab.xfw_words(command)))
        seen = subprocess.run(["unshare", "-m", "sh", "-ec", f"umount {lab.mount}; {before} {words}"],
                              capture_output=True, text=True)
        assert seen.returncode == 1, seen
        return seen.stderr
    assert "not to be seen from here" in elsewhere("", "status")
    assert "its pins are elsewhere" in elsewhere("", "down")
    steady.assert_judges(lab)
    assert f"an xfw whose pins are not in {lab.pins} is attached already" in \
        elsewhere(f"mount -t bpf bpf {lab.mount};", "up")
    steady.assert_judges(lab)
    lab.xfw("down")
    assert_nothing_left(lab)
    unmount(lab)
