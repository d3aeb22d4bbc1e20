# SPDX-License-Identifier: GPL-2.0
"""A lab of its own for each test file, and the few verbs the tests speak in."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
XFW = HERE.parents[1] / "build" / "xfw"

CONFIG = """
define rangeB  2001:db8:1:2
define vm1     rangeB:8000:1:0:1
wan  eth0
lan  vmbr0
route rangeB:8000::/77 dev vmbr0
route rangeB:8010::/77 via rangeB:8000:1:0:1 dev vmbr0
"""


class Lab:
    def __init__(self, name):
        self.name = name
        self.pins = f"/sys/fs/bpf/{name}"
        self.config = Path(f"/tmp/{name}.conf")
        self.config.write_text(CONFIG)
        self.started = []
        self.shell("lab_down; lab_up")

    def shell(self, words):
        subprocess.run(["bash", "-euc", f". {HERE}/topology.sh; {words}"], check=True,
                       env={**os.environ, "LAB": self.name})

    def words(self, namespace, *words):
        return ["nsenter", f"--net=/run/netns/{self.name}-{namespace}", *map(str, words)]

    def run(self, namespace, *words, check=True, timeout=60):
        result = subprocess.run(self.words(namespace, *words), capture_output=True, text=True,
                                timeout=timeout)
        assert not check or result.returncode == 0, f"{words}\n{result.stdout}{result.stderr}"
        return result

    def start(self, namespace, *words):
        process = subprocess.Popen(self.words(namespace, *words), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.started.append(process)
        return process

    def xfw_words(self, *words):
        return self.words("hv", XFW, "--pin-dir", self.pins, "--config", self.config, *words)

    def xfw(self, *words, check=True):
        return self.run("hv", XFW, "--pin-dir", self.pins, "--config", self.config, *words,
                        check=check)

    def json(self, *words):
        return json.loads(self.xfw(*words, "--json").stdout)

    def forwarded(self):
        return self.json("stats")["interfaces"][0]["forwarded"]["packets"]

    def dropped(self, reason, role="wan"):
        return self.json("stats")["drops"][role][reason]["packets"]

    def fetch(self, address, port, source="internet"):
        return self.run(source, "curl", "-sS", "--max-time", 2, f"http://[{address}]:{port}/",
                        check=False).returncode == 0

    def close(self):
        for process in self.started:
            process.kill()
            process.wait()
        self.xfw("down", check=False)
        self.shell("lab_down")
        self.config.unlink()


def until(condition, seconds=10):
    """Wait for a condition, not for the clock; the clock only ends a hopeless wait."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def lab(request):
    made = Lab(f"e2e{os.getpid()}{request.module.__name__[5:9]}")
    yield made
    made.close()
