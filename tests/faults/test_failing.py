# SPDX-License-Identifier: GPL-2.0
"""Each system call of a command fails in turn: all of the change with exit status 0, or none of it."""

import errno
import os

import pytest

import two
from two import judged_by


@pytest.fixture(scope="module")
def up(lab, packets):
    two.prepare(lab, packets)
    yield lab
    two.tidy(lab)


def check(up, start, end, outcome):
    """Told the truth: by its exit status, and with a message when it failed."""
    assert outcome.status in (0, 1), outcome
    if outcome.status == 0:
        assert judged_by(up) == end, outcome
        if "warning" in outcome.stderr:
            up.xfw("sync")
        assert up.state() == up.state_of[end], outcome
        up.xfw("apply", up.file_of[start])
    else:
        assert outcome.stderr.startswith(("xfw: ", f"{up.file_of[end]}: ")), outcome
        assert judged_by(up) == start, outcome
        if "xfw sync" in outcome.stderr:
            up.xfw("sync")
    assert up.state() == up.state_of[start], outcome


def some_of(calls, first):
    """XFW_TEST_EVERY_CALL=1 takes the time to let all of them fail."""
    step = 1 if os.environ.get("XFW_TEST_EVERY_CALL") else calls // 12 + 1
    return range(first % step + 1, calls + 1, step)


@pytest.mark.parametrize("kind, number", [
    ("change", errno.ENOMEM), ("bpf", errno.ENOSPC), ("netlink", errno.ENOBUFS),
    ("file", errno.EMFILE),
])
@pytest.mark.parametrize("start, end", [("old", "new"), ("new", "old")])
def test_apply_whose_calls_fail(up, kind, number, start, end):
    up.xfw("apply", up.file_of[start])
    calls = up.calls(kind, "apply", up.file_of[end])
    up.xfw("apply", up.file_of[start])
    failed = 0
    for at in some_of(calls, os.getpid()):
        outcome = up.fault(kind, at, number, "apply", up.file_of[end])
        print(at, calls, outcome)
        check(up, start, end, outcome)
        failed += outcome.status != 0
    assert failed > 1
    assert not up.packets.forbidden()
    assert up.packets.gap < 1
