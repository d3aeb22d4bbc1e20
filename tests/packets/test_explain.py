# SPDX-License-Identifier: GPL-2.0
"""explain says what the attached program then does, and changes nothing."""

import json
import os
import random
import re
import struct
import time

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import Dot1Q
from scapy.utils import PcapWriter, wrpcap, wrpcapng

from harness import (BANNED, CONTAINER, DROP, FORWARD, FRIEND, HOST, HOST4, LAN_MAC, PASS,
                     REASONS, STRANGER, STRANGER4, VM1, VM1_4, VM1_MAC, VM2, VM2_MAC, Machine, ip, lan,
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


def random_frame_of_a_guest(chance):
    """Mostly what a guest may send, some of it forged or broken."""
    source = chance.choice([VM1, VM2, CONTAINER, VM1_4, STRANGER, HOST, "fe80::2", "::"])
    ipv4 = "." in source
    transport = chance.choice([
        TCP(sport=80, dport=chance.choice([25, 80, 443]), flags=chance.choice(["S", "A", "R"])),
        UDP(dport=chance.choice([53, 67])), ICMP() if ipv4 else ICMPv6EchoRequest(id=7)])
    packet = ip(source, chance.choice([STRANGER4] if ipv4 else [STRANGER, BANNED, VM2, "ff02::1"]),
                hlim=chance.choice([1, 64])) / transport / bytes(chance.choice([0, 100]))
    frame = bytearray(bytes(lan(packet)))
    if chance.random() < 0.1:
        frame[chance.randrange(12, len(frame))] ^= 1 << chance.randrange(8)
    return bytes(frame)


def test_so_they_do_on_what_guests_send(machine):
    chance = random.Random(os.environ.get("XFW_TEST_SEED", time.time()))
    seen = set()
    for _ in range(10000):
        frame = random_frame_of_a_guest(chance)
        said = explained(machine, frame, machine.lan)
        done = machine.from_lan(frame)
        assert said[:2] == (done.verdict, done.reason), frame.hex()
        seen.add(said[:2])
    assert {(PASS, None), (DROP, "source-spoofed"), (DROP, "denied")} <= seen, seen


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


@pytest.mark.parametrize("words, hint", [
    (f"tcp {BANNED} {CONTAINER} 443", "xfw delete #{id}"),  # an allow would let it in then
    (f"tcp {BANNED} {CONTAINER} 7", "xfw delete #{id} && xfw allow tcp 7 " + CONTAINER),
    (f"tcp vm2 {STRANGER} 25", "xfw delete #{id}"),
    (f"tcp {STRANGER} {CONTAINER} 443 flags FPU", None),  # no rule could
])
def test_what_stands_in_the_way_goes_first(machine, words, hint):
    answer = explain(machine, words)
    assert answer["verdict"] == DROP
    assert answer["hint"] == (hint and hint.format(id=(answer["rule"] or {}).get("id")))


@pytest.mark.parametrize("words, rule, difference", [
    (f"tcp {STRANGER} {CONTAINER} 444", "allow tcp 443 rangeB:8010::5", "another port"),
    (f"tcp {STRANGER} vm1 22", "allow tcp 22 vm1 from 2001:db8:beef::/48", "another source"),
    (f"udp {STRANGER} {CONTAINER} 443", "allow tcp 443 rangeB:8010::5", "another protocol"),
])
def test_the_nearest_rule_is_named(machine, words, rule, difference):
    nearest = explain(machine, words)["nearest"]
    assert (nearest["rule"], nearest["difference"]) == (rule, difference)


@pytest.mark.parametrize("words, verdict, reason", [
    (f"udp {STRANGER} vm1 53 fragment first", PASS, None),
    (f"udp {STRANGER} vm1 54 fragment first", DROP, "not-allowed"),
    (f"udp {STRANGER} vm1 53 fragment later", DROP, "fragment-unknown"),
    (f"tcp {STRANGER4} {VM1_4} 443 fragment first", PASS, None),
    (f"tcp {STRANGER4} {VM1_4} 443 fragment later", DROP, "fragment-unknown"),
    (f"icmp6 {STRANGER} vm1 fragment first in eth0", PASS, None),
])
def test_fragments(machine, words, verdict, reason):
    answer = explain(machine, words)
    assert (answer["verdict"], answer["reason"]) == (verdict, reason)


def test_for_people_each_step_has_its_cause(machine):
    text = machine.xfw("explain", "tcp", STRANGER, CONTAINER, 444)
    assert "verdict   drop: not-allowed" in text and f"xfw allow tcp 444 {CONTAINER}" in text
    assert re.search(r"nearest   #\d+ allow tcp 443 rangeB:8010::5: another port\n", text)
    line = 1 + machine.config.read_text().splitlines().index("allow tcp 443 192.0.2.70")
    text = machine.xfw("explain", "tcp", STRANGER4, VM1_4, 443, "--config", machine.config)
    assert re.search(rf"rule      #\d+ allow tcp 443 192.0.2.70 \({machine.config}:{line}\)\n",
                     text)
    assert f"next hop  {VM1_MAC} by port vm1, at most 1500 bytes\n" in text
    assert f"rewritten MAC addresses {LAN_MAC} > {VM1_MAC}, hop limit 64 to 63\n" in text
    text = machine.xfw("explain", "tcp", BANNED, CONTAINER, 443)
    assert re.search(r"deny      #\d+ deny any from 2001:db8:bad::/48\nflow ", text)


# ---- frames ----

def frames():
    """What a capture may hold, and what becomes of each."""
    allowed = ip(STRANGER, CONTAINER) / TCP(sport=5, dport=443, flags="S")
    return [(wan(allowed), FORWARD, None, "wan"),
            (wan(ip(STRANGER, VM1) / TCP(dport=81, flags="S")), DROP, "not-allowed", "wan"),
            # Captured behind a router, it has its MAC address: asked about the packet in it.
            (wan(allowed, dst="02:00:00:00:99:99"), FORWARD, None, "wan"),
            (lan(ip(VM1, STRANGER) / UDP(dport=9)), PASS, None, "lan"),
            (lan(ip(VM1, STRANGER) / UDP(dport=9), dst="02:00:00:00:99:99"), PASS, None, "lan"),
            (lan(ip(STRANGER, VM2) / UDP(dport=9), dst=LAN_MAC), DROP, "source-spoofed", "lan"),
            (wan(Dot1Q(vlan=5) / allowed), DROP, "vlan", "wan"),
            (wan(ip(STRANGER, CONTAINER) / TCP(sport=5, dport=443, flags="S") / bytes(1400)),
             FORWARD, None, "wan"),
            (wan(ip(STRANGER, CONTAINER) / TCP(sport=5, dport=443, flags="S") / bytes(8900)),
             PASS, None, "wan")]


@pytest.mark.parametrize("write", [wrpcap, wrpcapng])
def test_a_capture_is_asked_about_frame_by_frame(machine, tmp_path, write):
    path = tmp_path / "capture"
    write(str(path), [frame for frame, *_ in frames()])
    answers = json.loads(machine.xfw("explain", "--read", path, "--json"))
    assert [(a["verdict"], a["reason"], a["role"]) for a in answers] == \
        [tuple(wanted) for _, *wanted in frames()]
    assert [a["number"] for a in answers] == list(range(1, len(answers) + 1))
    second = json.loads(machine.xfw("explain", "--read", path, "-n", 2, "--json"))
    assert (second["number"], second["reason"]) == (2, "not-allowed")
    text = machine.xfw("explain", "--read", path)
    assert text.count("verdict ") == len(answers) and text.count("none of ours") == 2
    there = json.loads(machine.xfw("explain", "--read", path, "-n", 3, "in", "eth0", "--json"))
    assert there["reason"] == "not-for-us"  # named, the interface gets the frame as it is


def test_a_capture_of_bare_packets(machine, tmp_path):
    path = str(tmp_path / "capture")
    wrpcap(path, [ip(VM1, STRANGER) / UDP(dport=9),
                  ip(STRANGER, CONTAINER) / TCP(dport=443, flags="S")], linktype=101)
    answers = json.loads(machine.xfw("explain", "--read", path, "--json"))
    assert [(a["verdict"], a["role"]) for a in answers] == [(PASS, "lan"), (FORWARD, "wan")]


def test_a_snapped_capture_keeps_the_lengths(machine, tmp_path):
    path = str(tmp_path / "capture")
    frame = bytes(wan(ip(STRANGER, CONTAINER) / TCP(dport=443, flags="S") / bytes(1000)))
    writer = PcapWriter(path, linktype=1)
    writer.write_header(None)
    writer.write_packet(frame[:128], wirelen=len(frame))
    writer.close()
    answer = json.loads(machine.xfw("explain", "--read", path, "-n", 1, "--json"))
    assert answer["verdict"] == FORWARD


@pytest.mark.parametrize("frame, verdict, reason, role", frames())
def test_hex(machine, frame, verdict, reason, role):
    answer = json.loads(machine.xfw("explain", "--hex", bytes(frame).hex(), "--json"))
    assert (answer["verdict"], answer["reason"], answer["role"]) == (verdict, reason, role)
    if frame.type == 0x86DD:
        packet = bytes(frame.payload).hex(" ", 2)
        answer = json.loads(machine.xfw("explain", "--hex", packet, "--json"))
        # Without its link, it comes in where its source is at home.
        assert answer["verdict"] == verdict or reason == "source-spoofed"


@pytest.mark.parametrize("words, said", [
    (["--hex", "zz"], "'zz' in the hex is no byte"),
    (["--hex", "123"], "'3' in the hex is no byte"),
    (["--hex", " "], "the hex has no bytes"),
    (["--read", "/nowhere"], "/nowhere: No such file or directory"),
    (["--read", "/etc/passwd"], "/etc/passwd is no capture (pcap or pcapng)"),
    (["--hex", "00", "out"], "does not take 'out'"),
    (["--hex", "00" * 60, "in", "eth9"], "no interface 'eth9' (have: "),
    (["tcp", STRANGER, CONTAINER, 443, "fragment", "last"], "'first' or 'later'"),
])
def test_what_is_no_packet_is_named(machine, words, said):
    result = machine.xfw_result("explain", *words)
    assert result.returncode == 1 and said in result.stderr, result.stderr


def test_a_number_that_is_not_there_is_named(machine, tmp_path):
    path = str(tmp_path / "capture")
    wrpcap(path, [wan(ip(STRANGER, VM1) / UDP(dport=9))])
    result = machine.xfw_result("explain", "--read", path, "-n", 2)
    assert result.returncode == 1 and "has 1 packets, and no number 2" in result.stderr
    assert machine.xfw_result("explain", "-n", 2).returncode == 2
    assert "'-n x' is no number" in machine.xfw_result("explain", "--read", path, "-n",
                                                       "x").stderr
