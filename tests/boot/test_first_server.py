# SPDX-License-Identifier: GPL-2.0
"""docs/first-server.md is true, of the package on a Debian that boots in QEMU."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from server import ADDRESS, Server

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "story"))
from page import missing, steps  # noqa: E402

PAGE = ROOT / "docs" / "first-server.md"
PYTHON = "/usr/bin/python3"
KNOCK = """
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try:
        s.sendto(b"knock\\n", (sys.argv[1], 9999))
    except OSError:
        pass
    time.sleep(0.01)
"""


@pytest.fixture
def server(tmp_path):
    built = subprocess.run(["make", "-s", "-C", ROOT, "deb", f"DEB_DIR={tmp_path}"],
                           capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    made = Server(built.stdout.split()[-1])
    try:
        made.start("knock", *made.outwards(PYTHON, "-c", KNOCK, ADDRESS))
        made.boot()
        made.wait_until_up()
        yield made
    finally:
        made.close()


def step(server, number, command, expected):
    place = f"{PAGE.name}:{number}: server# {command}"
    if command == "reboot":
        server.reboot()
        return
    result = server.ssh(f"{{ {command}\n}} 2>&1", check=False, timeout=120)
    assert result.returncode == 0, f"{place}\nended with {result.returncode}\n{result.stdout}"
    wrong = missing(expected, result.stdout)
    assert wrong is None, f"{place}\ndid not print: {wrong}\n{result.stdout}"
    # No output shown is none: what was heard at the port stands in a file.
    if command.startswith("cat ") and not expected:
        assert result.stdout == "", f"{place}\nprinted {result.stdout[:200]}"


def units_did_their_work(server):
    """What the page does not show: udev was waited for, and the counters can be fetched."""
    said = server.ssh("journalctl -b -u xfw --no-pager").stdout
    assert "Finished xfw.service" in said and "udevadm" not in said and "ignor" not in said, said
    fetch = "exec 3<>/dev/tcp/127.0.0.1/9567; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
    metrics = server.ssh(f'bash -c "{fetch}"').stdout
    assert "xfw_up 1\n" in metrics and 'mode="native"' in metrics, metrics
    assert "not-allowed" in metrics


def test_the_page_is_true(server):
    time.sleep(1)
    for number, name, command, expected in steps(PAGE.read_text()):
        if name:
            step(server, number, command, expected)
        if command == "systemctl is-active xfw-exporter":
            units_did_their_work(server)
