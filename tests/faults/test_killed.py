# SPDX-License-Identifier: GPL-2.0
"""Commands killed before each system call that changes something: the old state or the new one."""

import pytest

import two
from two import judged_by


@pytest.fixture(scope="module")
def up(lab, packets):
    two.prepare(lab, packets)
    yield lab
    two.tidy(lab)


@pytest.mark.parametrize("start, end", [("old", "new"), ("new", "old")])
def test_apply_killed_anywhere(up, start, end):
    seen = []
    up.xfw("apply", up.file_of[start])
    calls = up.calls("change", "apply", up.file_of[end])
    assert calls > 30
    for at in range(1, calls + 1):
        up.xfw("apply", up.file_of[start])
        outcome = up.fault("change", at, "kill", "apply", up.file_of[end])
        assert outcome.status == 137, outcome
        seen.append(judged_by(up))
        # Whichever way one goes on, nothing of the other one stays behind.
        aim = (start, end)[at % 2]
        up.xfw("apply", up.file_of[aim])
        assert up.state() == up.state_of[aim], f"at {at} of {calls}, {outcome.at}"
    # One switch, and no way back from it.
    assert set(seen) == {start, end}
    assert seen == sorted(seen, key=[start, end].index)
    assert not up.packets.forbidden()
    assert up.packets.gap < 1
