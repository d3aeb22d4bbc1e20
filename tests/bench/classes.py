# SPDX-License-Identifier: GPL-2.0
"""Classes of packets, and what one of a class costs on a machine: for everything that measures."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "packets"))

from scapy.layers.inet import TCP  # noqa: E402

from harness import STRANGER, VM1, VM1_MAC, ip, wan  # noqa: E402

BENCH = ROOT / "build" / "bench"
VERDICTS = {1: "drop", 2: "pass", 4: "forward"}

# class, destination port, what varies, the verdict it must have
CLASSES = [
    ("established", 50000, {"flows": 1}, "forward"),
    ("denied", 444, {}, "drop"),
    ("inbound to an allowed service, 65,536 sources", 443, {"sources": 65536}, "forward"),
    ("denied, 65,536 sources", 444, {"sources": 65536}, "drop"),
    ("denied, 65,536 sources and destinations", 444, {"sources": 65536, "destinations": 65536,
                                        "destination-shift": 8}, "drop"),
    # Last: a million flows stay in the table.
    ("established, 1,000,000 flows", 50000, {"flows": 1000000, "sources": 1000000}, "forward"),
]


def config(rules, slices):
    lines = ["option flows 2097152", "wan eth0", "lan vmbr0",
             "route 2001:db8:1:2:8000::/77 dev vmbr0", f"allow tcp 443 {VM1}"]
    lines += [f"route 2001:db8:1:2:{0x8000 + 8 * i:x}::/77 via {VM1} dev vmbr0"
              for i in range(1, slices)]
    lines += [f"allow tcp {1000 + i % 60000} 2001:db8:1:2:8000:{i >> 16:x}:{i & 0xffff:x}:1"
              for i in range(rules - 1)]
    return "\n".join(lines) + "\n"


def measure(machine, name, port, options, verdict):
    """{empty, floor, xfw}: nanoseconds a packet."""
    machine.heard(machine.port1, VM1_MAC)
    packet = bytes(wan(ip(STRANGER, VM1) / TCP(sport=4000, dport=port, flags="A")))
    words = ["nsenter", f"--net=/run/netns/{machine.namespace}", BENCH, "--pin-dir", machine.pins,
             "--wan", "eth0", "--port", "vm1", "--packet", packet.ljust(80, b"\0").hex()]
    words += [f"--{option}={value}" for option, value in options.items()]
    result = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True)
    got = json.loads(result.stdout)
    assert VERDICTS.get(got["verdict"]) == verdict, f"{name}: {got}"
    return got
