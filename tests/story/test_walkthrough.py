# SPDX-License-Identifier: GPL-2.0
"""docs/walkthrough.md is true: with a provider that routes the /64, and one that has it on link."""

import os
import subprocess
from pathlib import Path

import pytest

WALK = Path(__file__).parent / "walk"


@pytest.mark.parametrize("provider", [[], ["--on-link"]], ids=["routed", "on-link"])
def test_the_page_is_true_and_leaves_nothing_behind(provider):
    lab = f"xfw-walk-{os.getpid()}"
    result = subprocess.run([WALK, "--brief", *provider], env={**os.environ, "LAB": lab},
                            capture_output=True, text=True, timeout=400)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("server#") > 30
    assert not Path(f"/run/{lab}").exists()
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert lab not in running
