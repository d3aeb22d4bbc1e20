# SPDX-License-Identifier: GPL-2.0
"""More than the tables hold, or than there is memory for: refused, and the old rules go on."""

import os
import subprocess
import time
from pathlib import Path

import pytest

import steady
from conftest import NEVER, NEW_ONLY, OLD_ONLY
from test_up import assert_nothing_left
from two import OLD

# Half of all ports, one by one; every other destination has its own besides.
ODD = "".join("allow tcp " + ",".join(str(port) for port in range(first, first + 60, 2)) + " any\n"
              for first in range(1, 60000, 60))


def beside(count):
    return "".join(f"allow udp {i + 1} rangeB:8000:1:0:{i + 16:x}\n" for i in range(count))


TOO_MUCH = {
    "rules": (lambda: "".join(f"allow udp {i % 60000 + 1} rangeB:8000:1:{i // 60000 + 5:x}:1\n"
                              for i in range(131072)),
              "more rules than xfw has room for (131071)"),
    "routes": (lambda: "".join(f"route rangeB:9000:0:{i:x}:0/112 dev vmbr0\n" for i in range(16384)),
               "more routes than xfw has room for (16383)"),
    "cells": (lambda: ODD + beside(300), "name fewer single ports, or fewer destinations"),
    # One in the other, each with a source of its own: the square of their number.
    "sources": (lambda: "".join(f"allow tcp {i + 1}-{65000 - i} vm1 from 2001:db8:{i:x}::/48\n"
                                for i in range(20000)),
                "more than the 1048576 entries there can be; let ranges overlap less"),
}


@pytest.fixture(scope="module")
def up(lab, packets):
    steady.bring_up(lab, packets)
    return lab


@pytest.fixture
def candidate(tmp_path):
    return tmp_path / "candidate.conf"


@pytest.mark.parametrize("what", TOO_MUCH)
def test_more_than_the_tables_hold(up, candidate, what):
    lines, said = TOO_MUCH[what]
    candidate.write_text(OLD + lines())
    for command in ("check", "apply"):
        started = time.monotonic()
        steady.refused(up, up.xfw(command, candidate, check=False), said)
        assert time.monotonic() - started < 30


# ---- memory ----

class MemoryLimit:
    """A memory cgroup, of version 1 or 2, that commands can be run in."""

    def __init__(self, name, megabytes):
        old = Path("/sys/fs/cgroup/memory")
        self.group = old / own_group() / name if old.is_dir() else Path("/sys/fs/cgroup") / name
        self.group.mkdir()
        limit = "memory.limit_in_bytes" if old.is_dir() else "memory.max"
        (self.group / limit).write_text(f"{megabytes}M")

    def run(self, words):
        enter = f'echo $$ > {self.group}/cgroup.procs; exec "$@"'
        return subprocess.run(["sh", "-ec", enter, "sh", *map(str, words)], capture_output=True,
                              text=True)

    def remove(self):
        self.group.rmdir()


def own_group():
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return path.lstrip("/")
    return ""


@pytest.fixture
def limited(up):
    made = MemoryLimit(f"{up.name}-{os.getpid()}", 300)
    yield lambda *words: made.run(up.xfw_words(*words))
    made.remove()


def test_tables_larger_than_the_memory(up, candidate, limited):
    candidate.write_text(OLD + ODD + beside(200))
    steady.refused(up, limited("apply", candidate), "table 'cells' cannot be filled: Cannot allocate "
                   "memory", "fewer rules need less; nothing was changed")
    # The same limit has room for less, so it was the size.
    assert limited("apply").returncode == 0
    steady.assert_judges(up)


def test_more_flows_than_there_is_memory_for(up, limited):
    up.xfw("down")
    up.config.write_text(OLD + "option flows 16777216\n")
    refused = limited("up")
    assert refused.returncode == 1
    assert "'option flows 16777216' asks for 2432 MB, fewer need less" in refused.stderr
    assert_nothing_left(up)
    assert up.packets.open_ports() == {OLD_ONLY, NEW_ONLY, NEVER}
    up.config.write_text(OLD)
    assert limited("up").returncode == 0
    up.packets.begin()
    steady.assert_judges(up)
