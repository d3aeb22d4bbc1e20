# SPDX-License-Identifier: GPL-2.0
"""A lab with packets in it all the while, and commands that die or fail at a given system call."""

import importlib.util
import os
import re
import subprocess
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("lab", HERE.parent / "lab" / "conftest.py")
lab_of = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lab_of)
CONFIG, XFW, until = lab_of.CONFIG, lab_of.XFW, lab_of.until

FAULT = XFW.parent / "fault"
VM1 = "2001:db8:1:2:8000:1:0:1"
PYTHON = "/usr/bin/python3"
BOTH, OLD_ONLY, NEW_ONLY, NEVER = 7000, 7001, 7002, 7009
Outcome = namedtuple("Outcome", "status calls at stderr")

# Sends each number it reads to every port, the one that is always open last.
SEND = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for line in sys.stdin:
    for port in (7009, 7001, 7002, 7000):
        s.sendto(line.strip().encode(), (sys.argv[1], port))
"""
HEAR = """
import select, socket
sockets = {}
for port in (7009, 7001, 7002, 7000):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", port))
    sockets[s] = port
print("ready", flush=True)
while True:
    for s in select.select(list(sockets), [], [])[0]:
        print(sockets[s], s.recv(100).decode(), flush=True)
"""


class Packets:
    """To a guest, from the internet: what gets through, asked at any time."""

    def __init__(self, lab):
        self.lab = lab
        self.sender = subprocess.Popen(lab.words("internet", PYTHON, "-c", SEND, VM1),
                                       stdin=subprocess.PIPE, text=True)
        self.listener = subprocess.Popen(lab.words("vm1", PYTHON, "-c", HEAR),
                                         stdout=subprocess.PIPE, text=True)
        assert self.listener.stdout.readline() == "ready\n"
        self.heard, self.round, self.first = set(), 0, 0
        self.gap, self.last = 0.0, time.monotonic()
        self.lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._send_on, daemon=True).start()

    def _listen(self):
        for line in self.listener.stdout:
            port, number = map(int, line.split())
            self.heard.add((port, number))
            if port == BOTH:
                now = time.monotonic()
                self.gap, self.last = max(self.gap, now - self.last), now

    def _send(self):
        with self.lock:
            self.round += 1
            self.sender.stdin.write(f"{self.round}\n")
            self.sender.stdin.flush()
            return self.round

    def _send_on(self):
        """Without a pause worth mentioning, so that no moment goes unseen."""
        while self.sender.poll() is None:
            try:
                self._send()
            except (OSError, ValueError):
                return
            time.sleep(0.005)

    def open_ports(self):
        """Of a round sent now; the always open port's packet is the last to arrive."""
        number = self._send()
        assert until(lambda: (BOTH, number) in self.heard, 5), self.diagnosis(number)
        return {port for port in (OLD_ONLY, NEW_ONLY, NEVER) if (port, number) in self.heard}

    def begin(self):
        """The filter is up: from here on nothing forbidden may be heard."""
        self.open_ports()
        self.gap, self.first = 0.0, self.round

    def forbidden(self):
        return [number for port, number in self.heard.copy() if port == NEVER and number > self.first]

    def diagnosis(self, number):
        """What a person would look at next."""
        late = until(lambda: (BOTH, number) in self.heard, 10)
        said = [f"the open port is closed: round {number} of {self.round} "
                f"{'came late' if late else 'never came'}"]
        for namespace in ("internet", "provider", "hv", "vm1"):
            for words in (("ip", "-6", "neigh"), ("ip", "-s", "-br", "link"),
                          ("nstat", "-asz", "Ip6InDiscards", "Ip6OutDiscards", "Ip6InNoRoutes",
                           "Udp6InErrors", "Udp6RcvbufErrors")):
                said.append(self.lab.run(namespace, *words, check=False).stdout)
        said.append(self.lab.xfw("explain", "udp", "2001:db8:ffff::1", VM1, BOTH, check=False).stdout)
        said.append(self.lab.xfw("stats", check=False).stdout)
        return "\n".join(said)

    def close(self):
        for process in (self.sender, self.listener):
            process.kill()
            process.wait()


class FaultyLab(lab_of.Lab):
    def fault(self, kind, at, what, *words):
        """xfw WORDS, whose AT-th call of KIND fails with errno WHAT, or finds it killed."""
        number = what if isinstance(what, str) else str(int(what))
        result = self.run("hv", FAULT, kind, at, number, XFW, "--pin-dir", self.pins, "--config",
                          self.config, *words, check=False)
        calls = re.search(r"fault: (\d+) calls\n\Z", result.stderr)
        assert calls, result.stderr
        at = re.search(r"fault: at (.*)\n", result.stderr)
        said = re.sub(r"^fault: .*\n", "", result.stderr, flags=re.M)
        return Outcome(result.returncode, int(calls[1]), at and at[1], said)

    def calls(self, kind, *words):
        outcome = self.fault(kind, 0, 0, *words)
        assert outcome.status == 0, outcome
        return outcome.calls

    def state(self):
        """All that xfw leaves on the machine, but for what differs from one run to the next."""
        def asked(*words):
            return self.run("hv", *words, check=False).stdout
        filters = {}
        for link in ("eth0", "vmbr0", "vm1", "vm2", "vmbr1"):
            for side in ("ingress", "egress"):
                shown = asked("tc", "filter", "show", "dev", link, side)
                filters[link, side] = re.findall(r"\bxfw_\w+", shown)
            xdp = asked("ip", "-d", "link", "show", link)
            filters[link, "xdp"] = re.findall(r"prog/xdp\w*|xdpgeneric|xdp ", xdp)
        nat = re.sub(r"counter packets \d+ bytes \d+", "counter",
                     asked("nft", "list", "table", "ip", "xfw"))
        rules = re.findall(r'"text":"([^"]*)"', asked("bpftool", "-j", "map", "dump", "pinned",
                                                      f"{self.pins}/rules"))
        return {"show": self.xfw("show").stdout, "rules": sorted(rules), "filters": filters, "nat": nat,
                "routes": asked("ip", "route", "show", "proto", 88) +
                asked("ip", "-6", "route", "show", "proto", 88),
                "groups": "ALLMULTI" in asked("ip", "link", "show", "eth0"),
                "pins": sorted(str(p.relative_to(self.pins)) for p in Path(self.pins).rglob("*"))}


@pytest.fixture(scope="module")
def lab(request):
    made = FaultyLab(f"flt{os.getpid()}{request.module.__name__[5:9]}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def packets(lab):
    made = Packets(lab)
    yield made
    made.close()
