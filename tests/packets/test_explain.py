# SPDX-License-Identifier: GPL-2.0
"""explain says what the attached program then does, and changes nothing."""

import json
import os
import random
import struct
import time

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import Dot1Q

from harness import (BANNED, CONTAINER, DROP, FORWARD, FRIEND, HOST, HOST4, PASS, REASONS,
                     STRANGER, STRANGER4, VM1, VM1_4, VM1_MAC, VM2, VM2_MAC, Machine, ip, lan,
                     out, run, wan)

VERDICTS = {0: PASS, 1: FORWARD, 2: DROP}
MAPS = "flows flows_opening fragments rule_stats route_stats drops interface_stats services " \
    "refused destinations rule_limits".split()


@pytest.fixture(scope="module")
def machine():
    os.sched_setaffinity(0, {0})  # xfw_explain leaves its notes on the CPU it ran on
    made = Machine(tag="exp")
    made.adopt_nothing()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def guests_are_heard(machine):
    """Before each test: a port is forgotten after 30 s, which the random packets may take."""
    machine.heard(machine.port1, VM1_MAC)
    machine.heard(machine.port2, VM2_MAC)


def explained(machine, frame, ifindex):
    context = struct.pack("=IIIIII", 0, len(frame), 0, ifindex, 0, 0)
    machine.run_program("xfw_explain", frame, context)
    raw = machine.lookup("explained", b"\0" * 4, 256 * machine.cpus)
    _, _, _, verdict, reason, rule = struct.unpack_from("=6I", raw, 0)
    return VERDICTS[verdict], REASONS[reason] if VERDICTS[verdict] == DROP else None, rule


def snapshot(machine):
    return {name: run("bpftool", "-j", "map", "dump", "pinned", f"{machine.pins}/{name}")
            for name in MAPS}


def random_frame(chance):
    """Mostly what could be let in, some of it broken."""
    inside = chance.choice([VM1, VM2, CONTAINER, HOST, VM1_4, HOST4])
    ipv4 = "." in inside
    outside = chance.choice([STRANGER4] if ipv4 else [STRANGER, FRIEND, BANNED, VM2, "fe80::1"])
    ports = [22, 53, 80, 443, 444, 8080, 8085, 51820, 60000, chance.randrange(65536)]
    transport = chance.choice([
        TCP(sport=chance.choice(ports), dport=chance.choice(ports),
            flags=chance.choice(["S", "A", "SA", "R", "FA", "PA", "FPU", ""])),
        UDP(sport=chance.choice(ports), dport=chance.choice(ports)),
        ICMP() if ipv4 else ICMPv6EchoRequest(id=7)])
    network = ip(outside, inside, hlim=chance.choice([1, 2, 64, 255]))
    if not ipv4 and chance.random() < 0.2:
        network /= chance.choice([IPv6ExtHdrDestOpt(), IPv6ExtHdrFragment(m=1, id=9),
                                  IPv6ExtHdrFragment(offset=8, id=9)])
    packet = network / transport / bytes(chance.choice([0, 8, 100]))
    frame = bytearray(bytes(wan(Dot1Q(vlan=chance.choice([0, 5])) / packet
                                if chance.random() < 0.05 else packet)))
    if chance.random() < 0.1:
        frame[chance.randrange(14, len(frame))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.05:
        frame = frame[:chance.randrange(14, len(frame))]
    return bytes(frame)


def test_explain_and_the_live_program_agree_on_random_packets(machine):
    seed = int(os.environ.get("XFW_TEST_SEED", time.time()))
    print(f"XFW_TEST_SEED={seed}")
    chance = random.Random(seed)
    seen = set()
    for _ in range(20000):
        frame = random_frame(chance)
        said = explained(machine, frame, machine.wan)
        done = machine.from_wan(frame)
        assert said[:2] == (done.verdict, done.reason), frame.hex()
        seen.add(said[:2])
    assert len(seen) > 10, seen


def test_explaining_changes_no_map(machine):
    machine.leaves(out(ip(VM1, STRANGER) / TCP(sport=5000, dport=80, flags="S")))
    frames = [wan(ip(STRANGER, VM1) / TCP(sport=80, dport=5000, flags="SA")),
              wan(ip(STRANGER, VM1) / TCP(dport=80, flags="S")),
              wan(ip(BANNED, VM1) / TCP(dport=80, flags="S")),
              wan(ip(STRANGER, VM1) / TCP(dport=81, flags="S"))]
    before = snapshot(machine)
    for frame in frames:
        explained(machine, bytes(frame), machine.wan)
    explained(machine, bytes(lan(ip(VM1, STRANGER) / UDP(dport=9))), machine.lan)
    assert snapshot(machine) == before


def explain(machine, words):
    return json.loads(machine.xfw("explain", *words.split(), "--json"))


@pytest.mark.parametrize("words, verdict, reason, rule", [
    (f"tcp {STRANGER} 40000 {CONTAINER} 443", FORWARD, None, "allow tcp 443 rangeB:8010::5"),
    (f"tcp {STRANGER} {CONTAINER} https", FORWARD, None, "allow tcp 443 rangeB:8010::5"),
    (f"tcp {STRANGER} {CONTAINER} 444", DROP, "not-allowed", None),
    (f"tcp {BANNED} {CONTAINER} 443", DROP, "denied", "deny any from 2001:db8:bad::/48"),
    (f"tcp {FRIEND} vm1 22", FORWARD, None, "allow tcp 22 vm1 from 2001:db8:beef::/48"),
    (f"tcp {STRANGER} vm1 22", DROP, "not-allowed", None),
    (f"icmp6 {STRANGER} vm1", FORWARD, None, "allow icmp6 echo-request rangeB:8000::/65"),
    (f"icmp6 {STRANGER} vm1 129", DROP, "not-allowed", None),
    (f"udp {STRANGER} {HOST} 51820", PASS, None, "allow udp 51820 host"),
    (f"89 {STRANGER} vm1", FORWARD, None, "allow 89 vm1"),
    (f"tcp {STRANGER} {CONTAINER} 443 flags FPU", DROP, "tcp-flags", None),
    (f"tcp vm1 {STRANGER} 80", PASS, None, None),
    (f"tcp vm2 {STRANGER} 25", DROP, "denied", "deny tcp 25 any from vm2"),
    (f"tcp vm1 {STRANGER} 80 in eth0", DROP, "source-own", None),
    (f"tcp {STRANGER} {CONTAINER} 443 in vmbr0", DROP, "source-spoofed", None),
    (f"tcp {STRANGER4} {VM1_4} 443", FORWARD, None, "allow tcp 443 192.0.2.70"),
])
def test_it_says_verdict_reason_and_rule(machine, words, verdict, reason, rule):
    answer = explain(machine, words)
    assert (answer["verdict"], answer["reason"]) == (verdict, reason)
    assert (answer["rule"] or {}).get("rule") == rule


def test_it_shows_the_flow_the_slice_and_the_next_hop(machine):
    machine.leaves(out(ip(VM1, STRANGER) / TCP(sport=5001, dport=80, flags="S")))
    machine.from_wan(wan(ip(STRANGER, VM1) / TCP(sport=80, dport=5001, flags="SA")))
    answer = explain(machine, f"tcp {STRANGER} 80 vm1 5001 flags A")
    assert answer["flow"]["state"] == "established" and answer["flow"]["idle_seconds"] < 5
    assert answer["next_hop"] == {"mac": VM1_MAC, "port": "vm1", "mtu": 1500}
    answer = explain(machine, f"tcp {STRANGER} {CONTAINER} 443")
    assert answer["slice"] == {"dev": "vmbr0", "via": VM1}


def test_the_hint_lets_it_in(machine):
    hint = explain(machine, f"tcp {STRANGER} {VM2} 7777")["hint"]
    assert hint == f"xfw allow tcp 7777 {VM2}"
    machine.xfw(*hint.split()[1:])
    assert explain(machine, f"tcp {STRANGER} {VM2} 7777")["verdict"] == FORWARD
    machine.xfw("delete", *hint.split()[1:])


def test_for_people(machine):
    text = machine.xfw("explain", "tcp", STRANGER, CONTAINER, 444)
    assert "verdict   drop: not-allowed" in text and f"xfw allow tcp 444 {CONTAINER}" in text
