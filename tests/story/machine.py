# SPDX-License-Identifier: GPL-2.0
"""A machine of the story: namespaces of its own, over this system's files."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

INIT = Path(__file__).parent / "machine-init"
NAMESPACES = ("--mount", "--net", "--uts", "--pid", "--ipc", "--cgroup")


class Machine:
    """`state` is a directory that remembers the machine after this process."""

    def __init__(self, name, state):
        self.name = name
        self.record = Path(state) / f"{name}.pid"

    def start(self):
        root = tempfile.mkdtemp(prefix=f"{self.name}-", dir=self.record.parent)
        log = open(f"{root}.log", "w+")
        keeper = subprocess.Popen(["unshare", *NAMESPACES, "--fork", "--kill-child",
                                   "--propagation", "private", INIT, self.name, root],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  start_new_session=True)
        children = Path(f"/proc/{keeper.pid}/task/{keeper.pid}/children")
        end = time.monotonic() + 20
        while True:
            first = children.read_text().split() if children.exists() else []
            if first and Path(f"/proc/{first[0]}/comm").read_text() == "sleep\n":
                break
            if keeper.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} did not start: {Path(log.name).read_text()}")
            time.sleep(0.02)
        self.record.write_text(first[0])

    @property
    def pid(self):
        return self.record.read_text()

    def words(self, *words):
        """What runs `words` in the machine."""
        return ["nsenter", "--all", "--root", "--wdns=/root", "-t", self.pid, *map(str, words)]

    def run(self, *words, check=True, timeout=60):
        result = subprocess.run(self.words(*words), capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=timeout)
        if check and result.returncode:
            raise RuntimeError(f"{self.name}: {words}: {result.stdout}{result.stderr}")
        return result

    def shell(self, script):
        return self.run("bash", "-euc", script)

    def stop(self):
        """Ends the first process, and with it all others and everything they mounted."""
        if not self.record.exists():
            return
        first = Path("/proc") / self.pid
        try:
            os.kill(int(self.pid), 9)
        except ProcessLookupError:
            pass
        while first.exists():
            time.sleep(0.01)
        self.record.unlink()
