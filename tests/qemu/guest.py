# SPDX-License-Identifier: GPL-2.0
"""A guest of Debian's kernel that sees the root of this machine, and runs scripts on it."""

import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[1]
BOOT_SECONDS = 60


class Guest:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="xfw-qemu-")
        self.console = self.path("console")
        self.processes = []
        self.kernel = subprocess.run([HERE / "kernel"], check=True, text=True,
                                     stdout=subprocess.PIPE).stdout.strip()
        try:
            self.start("virtiofsd", "/usr/lib/qemu/virtiofsd", "-o", "source=/,sandbox=chroot",
                       "-o", "cache=always", f"--socket-path={self.path('root')}")
            self.wait_for(self.path("root").exists)
            self.start("qemu", *self.machine())
            self.wire = self.connect()
            self.pending = b""
            assert self.answer(BOOT_SECONDS)["status"] == "ready"
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return Path(self.folder.name) / name

    def machine(self):
        parameters = f"console=ttyS0 quiet panic=-1 mitigations=off xfw.TESTS={HERE} xfw.KERNEL={self.kernel}"
        return ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "1G",
                "-object", "memory-backend-memfd,id=memory,size=1G,share=on",
                "-numa", "node,memdev=memory",
                "-kernel", f"{self.kernel}/vmlinuz", "-initrd", f"{self.kernel}/initramfs",
                "-append", parameters, "-nodefaults", "-display", "none", "-no-reboot",
                "-serial", f"file:{self.console}",
                "-chardev", f"socket,id=root,path={self.path('root')}",
                "-device", "vhost-user-fs-pci,chardev=root,tag=host",
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=wire,path={self.path('wire')},server=on,wait=off",
                "-device", "virtserialport,chardev=wire"]

    def start(self, name, *words):
        with open(self.path(name + ".log"), "wb") as log:
            self.processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=log))

    def wait_for(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            ended = [process.args[0] for process in self.processes if process.poll() is not None]
            assert not ended and time.monotonic() < end, f"no guest: {ended}\n{self.said()}"
            time.sleep(0.02)

    def connect(self):
        self.wait_for(self.path("wire").exists)
        wire = socket.socket(socket.AF_UNIX)
        wire.connect(os.fspath(self.path("wire")))
        return wire

    def said(self):
        """What the machine and those that make it said, for whoever reads a failure."""
        return "\n".join(path.read_text(errors="replace") for path in
                         map(self.path, ("virtiofsd.log", "qemu.log", "console")) if path.exists())

    def answer(self, seconds):
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            self.wire.settimeout(max(end - time.monotonic(), 0.01))
            try:
                heard = self.wire.recv(65536)
            except (TimeoutError, ConnectionError):
                heard = b""
            assert heard, f"the guest does not answer\n{self.said()}"
            self.pending += heard
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def run(self, script, check=True, timeout=60):
        """Run a bash script in the guest; its exit status, stdout and stderr."""
        order = json.dumps({"script": script, "timeout": timeout}) + "\n"
        self.wire.sendall(order.encode())
        done = self.answer(timeout + 10)
        result = subprocess.CompletedProcess(script, done["status"], done["stdout"],
                                             done["stderr"])
        assert not check or result.returncode == 0, \
            f"{script}\nended with {result.returncode}\n{result.stdout}{result.stderr}"
        return result

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.folder.cleanup()
