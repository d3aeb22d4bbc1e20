# SPDX-License-Identifier: GPL-2.0
"""The README's first command, run as it stands, in a lab of its own."""

import os
import subprocess
from pathlib import Path

STORY = Path(__file__).parent / "story"


def test_the_story_is_true_and_leaves_nothing_behind():
    lab = f"story{os.getpid()}"
    result = subprocess.run([STORY, "--brief"], env={**os.environ, "LAB": lab},
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert not [name for name in os.listdir("/run/netns") if name.startswith(lab)]
    assert not Path(f"/sys/fs/bpf/{lab}").exists()
