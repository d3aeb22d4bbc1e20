# SPDX-License-Identifier: GPL-2.0
"""Signals in the midst of a change: it is finished, told, and nothing lies about."""

import os
import signal
import subprocess

import pytest

import two
from two import judged_by


@pytest.fixture(scope="module")
def up(lab, packets):
    two.prepare(lab, packets)
    yield lab
    two.tidy(lab)


def some_of(calls, points):
    """XFW_TEST_EVERY_CALL=1 takes the time for all of them."""
    step = 1 if os.environ.get("XFW_TEST_EVERY_CALL") else calls // points + 1
    return range(os.getpid() % step + 1, calls + 1, step)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "PIPE"])
def test_apply_is_finished(up, name):
    up.xfw("apply", up.file_of["old"])
    calls = up.calls("change", "apply", up.file_of["new"])
    aims = ("old", "new")
    for count, at in enumerate(some_of(calls, 6)):
        aim = aims[count % 2]
        outcome = up.fault("change", at, name, "apply", up.file_of[aim])
        # Unless that aim has fewer calls.
        if outcome.at:
            assert outcome.status == 128 + getattr(signal, f"SIG{name}"), outcome
        assert judged_by(up) == aim, outcome
        assert up.state() == up.state_of[aim], outcome
    assert not up.packets.forbidden()


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_save_leaves_one_file(up, name):
    up.xfw("apply", up.file_of["new"])
    for at in range(1, up.calls("file", "save", up.file_of["old"]) + 1):
        up.file_of["old"].write_text(two.OLD)
        outcome = up.fault("file", at, name, "save", up.file_of["old"])
        assert outcome.status in (0, 128 + getattr(signal, f"SIG{name}")), outcome
        beside = list(up.file_of["old"].parent.glob(f"{up.file_of['old'].name}*"))
        assert beside == [up.file_of["old"]], outcome
        text = up.file_of["old"].read_text()
        assert text == two.OLD or text.endswith("ndp proxy rangeB:8000::/65\n")
    up.file_of["old"].write_text(two.OLD)


def test_nobody_hears_what_apply_says(up):
    """Both ends closed: `xfw apply 2>&1 | head -0` has changed everything or nothing."""
    for aim in ("old", "new"):
        words = up.xfw_words("apply", up.file_of[aim])
        ends = os.pipe()
        os.close(ends[0])
        subprocess.run(words, stdout=ends[1], stderr=ends[1], check=False)
        os.close(ends[1])
        assert judged_by(up) == aim and up.state() == up.state_of[aim]
