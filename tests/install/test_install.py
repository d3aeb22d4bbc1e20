# SPDX-License-Identifier: GPL-2.0
"""What `make install` puts where, and that what it says there is true."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
XFW = ROOT / "build" / "xfw"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["make", "-s", "-C", ROOT, "install", f"DESTDIR={root}", "PREFIX=/usr"],
                   check=True)
    return root


@pytest.fixture(scope="module")
def machine():
    name = f"xfwinst-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    for link in ("eth0 type veth peer name provider", "vmbr0 type bridge",
                 "wg0 type veth peer name home"):
        subprocess.run(["ip", "-n", name, "link", "add", *link.split()], check=True)
    subprocess.run(["ip", "-n", name, "addr", "add", "203.0.113.10/24", "dev", "eth0"],
                   check=True)
    yield lambda *words, **options: subprocess.run(
        ["nsenter", f"--net=/run/netns/{name}", *map(str, words)], capture_output=True,
        text=True, **options)
    subprocess.run(["ip", "netns", "del", name], check=True)


def test_everything_is_in_its_place(installed):
    for path in ("usr/sbin/xfw", "usr/share/man/man8/xfw.8", "usr/share/man/man5/xfw.conf.5",
                 "usr/share/bash-completion/completions/xfw", "lib/systemd/system/xfw.service"):
        assert (installed / path).is_file(), path
    unit = (installed / "lib/systemd/system/xfw.service").read_text()
    assert "ExecStart=/usr/sbin/xfw up --boot" in unit and "ExecStop=" not in unit


@pytest.mark.parametrize("page", ["xfw.8", "xfw.conf.5"])
def test_the_pages_are_well_formed(page):
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", ROOT / "docs/man" / page],
                          capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout


def test_every_command_has_its_entry(machine):
    page = (ROOT / "docs/man/xfw.8").read_text()
    for line in machine(XFW, "help").stdout.splitlines():
        command = re.match(r"  xfw ([a-z]+)", line)
        if command and command.group(1) != "help":
            assert re.search(rf"\b{command.group(1)}\b", page), command.group(1)


def test_every_example_of_the_configuration_is_accepted(machine, tmp_path):
    page = (ROOT / "docs/man/xfw.conf.5").read_text()
    examples = re.findall(r"^\.Bd -literal -compact\n(.*?)^\.Ed", page, re.M | re.S)
    config = tmp_path / "xfw.conf"
    config.write_text("".join(examples))
    result = machine(XFW, "check", config)
    assert len(examples) > 8 and result.returncode == 0, result.stderr


@pytest.mark.parametrize("line, among", [
    ("xfw ex", {"explain", "exporter"}), ("xfw allow ", {"tcp", "icmp6"}),
    ("xfw wan ", {"eth0", "vmbr0"}), ("xfw route x dev w", {"wg0"}),
    ("xfw --pin-dir /x apply --c", {"--confirm"}),
    ("xfw to", {"top"}), ("xfw flows --sort ", {"bytes", "last"}), ("xfw flows es", {"established"}), ("xfw ndp ", {"proxy"}),
])
def test_completion_knows_what_comes_next(machine, line, among):
    words = line.split(" ")
    script = f"""
        . {ROOT}/contrib/completion/xfw
        COMP_WORDS=({' '.join(f'"{word}"' for word in words)}); COMP_CWORD={len(words) - 1}
        _xfw; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = machine("bash", "-c", script,
                     env={**os.environ, "PATH": f"{XFW.parent}:{os.environ['PATH']}"})
    assert among <= set(result.stdout.split()), result.stdout + result.stderr
