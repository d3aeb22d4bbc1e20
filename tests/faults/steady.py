# SPDX-License-Identifier: GPL-2.0
"""One configuration that judges all the while, whatever else is tried in vain."""

from conftest import BOTH, OLD_ONLY, until
from two import OLD

LINES = 22  # twenty faults, how many more, and what became of it


def bring_up(lab, packets):
    lab.packets = packets
    lab.config.write_text(OLD)
    lab.xfw("up")
    packets.begin()
    lab.good = lab.state()


def assert_judges(lab):
    """What is allowed gets through, what is not does not, and nothing lies about."""
    assert lab.packets.open_ports() == {OLD_ONLY}
    assert lab.state() == lab.good
    assert not lab.packets.forbidden()


def refused(lab, result, *words):
    """Exit status 1 and a message of a length that a person reads, which has these words."""
    assert result.returncode == 1, result
    for word in words:
        assert str(word) in result.stderr, result.stderr
    assert len(result.stderr.splitlines()) <= LINES, result.stderr
    assert len(result.stderr) < LINES * 800
    assert_judges(lab)


def reached(lab):
    """After the way was broken: neighbours are looked for again, and packets lost meanwhile."""
    start, heard = lab.packets.round, lab.packets.heard
    return until(lambda: any((BOTH, n) in heard for n in range(start + 1, lab.packets.round)), 20)


def judges_again(lab):
    return reached(lab) and until(lambda: lab.packets.open_ports() == {OLD_ONLY})
