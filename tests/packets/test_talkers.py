# SPDX-License-Identifier: GPL-2.0
"""Who talks how much: counted while somebody looks, and not otherwise."""

import struct

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import ICMPv6ND_RA, IPv6
from scapy.layers.l2 import ARP, Ether

from harness import (DROP, HOST4, PASS, STRANGER, STRANGER4, VM1, VM1_4, WAN_MAC, Machine,
                     expect, ip, lan, mapped, wan)

CAPACITY = 4096
GOOD, BAD = UDP(sport=1, dport=53), UDP(sport=1, dport=54)


@pytest.fixture(scope="module")
def own_machine():
    made = Machine(tag="tlk")
    made.adopt_nothing()
    yield made
    made.close()


@pytest.fixture
def machine(own_machine):
    own_machine.forget_talkers()
    own_machine.count_talkers_for(60)
    return own_machine


def talkers(machine):
    """Without what the kernel says for itself on the machine's links."""
    return {who: counts for who, counts in machine.talkers().items() if "ff:fe" not in who[0]}


def test_what_comes_in_counts_for_its_source_and_its_guest(machine):
    packet = wan(ip(STRANGER, VM1) / GOOD)
    for _ in range(3):
        expect(machine.from_wan(packet), PASS)  # no port is known: the kernel forwards
    expect(machine.from_wan(wan(ip(STRANGER, VM1) / BAD)), DROP, "not-allowed")
    octets = 4 * len(packet)
    assert talkers(machine) == {(STRANGER, "source"): (4, octets, 0, 0, 1),
                                 (VM1, "guest"): (4, octets, 0, 0, 1)}


@pytest.mark.parametrize("door", ["from_lan", "from_lan_tc"])
def test_what_a_guest_sends_counts_for_it_alone(machine, door):
    packet = lan(ip(VM1, STRANGER) / BAD)
    expect(getattr(machine, door)(packet), PASS)
    expect(getattr(machine, door)(lan(ip("2001:db8:dead::1", STRANGER) / BAD)), DROP,
           "source-spoofed")
    assert talkers(machine) == {(VM1, "guest"): (0, 0, 1, len(packet), 0),
                                 ("2001:db8:dead::1", "guest"): (0, 0, 1, len(packet), 1)}


def test_ipv4_is_no_different(machine):
    packet = wan(ip(STRANGER4, VM1_4) / GOOD)
    expect(machine.from_wan(packet), PASS)
    assert talkers(machine) == {(STRANGER4, "source"): (1, len(packet), 0, 0, 0),
                                 (VM1_4, "guest"): (1, len(packet), 0, 0, 0)}


def test_what_has_no_addresses_or_a_group_of_hosts_is_nobody(machine):
    machine.from_wan(Ether(dst=WAN_MAC) / ARP(pdst=HOST4))
    machine.from_wan(Ether(dst=WAN_MAC) / b"\x60\0")
    assert talkers(machine) == {}
    machine.from_wan(Ether(dst="33:33:00:00:00:01") /
                     IPv6(src="fe80::1", dst="ff02::1", hlim=255) / ICMPv6ND_RA())
    assert list(talkers(machine)) == [("fe80::1", "source")]


@pytest.mark.parametrize("seconds", [0, -1])
def test_nothing_is_counted_while_nobody_looks(machine, seconds):
    machine.count_talkers_for(seconds)
    for packet in (wan(ip(STRANGER, VM1) / GOOD), wan(ip(STRANGER, VM1) / BAD)):
        machine.from_wan(packet)
    machine.from_lan(lan(ip(VM1, STRANGER) / BAD))
    machine.from_lan_tc(lan(ip(VM1, STRANGER) / BAD))
    assert talkers(machine) == {}


def test_a_question_counts_nothing(machine):
    machine.xfw("explain", "udp", STRANGER, VM1, "53")
    assert talkers(machine) == {}


def test_sources_that_are_made_up_push_out_each_other_and_not_who_is_always_heard(machine):
    """More than fit, and the map does not grow. One source is heard all along."""
    context = struct.pack("=IIIIII", 0, 14 + 40 + 8, 0, machine.wan, 0, 0)
    frame = bytes(wan(ip(STRANGER, VM1) / GOOD))
    assert len(frame) == 62
    for i in range(3 * CAPACITY):
        spoofed = frame[:22] + mapped(f"2001:db8:f00d::{i:x}") + frame[38:]
        machine.run_program("xfw_wan", spoofed, context)
        if i % 8 == 0:
            machine.run_program("xfw_wan", frame, context)
    found = talkers(machine)
    assert CAPACITY // 2 < len(found) <= CAPACITY
    heard = 3 * CAPACITY // 8
    assert found[STRANGER, "source"][0] == heard
    assert found[VM1, "guest"][0] == 3 * CAPACITY + heard
