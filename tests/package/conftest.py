# SPDX-License-Identifier: GPL-2.0
"""The package, built once for all tests of it, and the lab of tests/lab."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Of the same name as this file, so not by its name.
spec = importlib.util.spec_from_file_location("lab", ROOT / "tests/lab/conftest.py")
labs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(labs)
until = labs.until


def lab_named(kind):
    lab = labs.Lab(f"deb{os.getpid()}{kind}")
    lab.text = labs.CONFIG
    return lab


def build(directory, version=""):
    """The path of the package; its .changes and its log lie beside it."""
    made = subprocess.run(["make", "-s", "-C", ROOT, "deb", f"DEB_DIR={directory}",
                           f"DEB_VERSION={version}"], capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    return Path(made.stdout.split()[-1])


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    return build(tmp_path_factory.mktemp("deb"))
