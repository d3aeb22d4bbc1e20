# SPDX-License-Identifier: GPL-2.0
"""Fragments: no later one gets in where its first would not; an honest datagram to an allowed
service does."""

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.packet import Raw

from harness import (BANNED, BANNED4, DROP, PASS, STRANGER, STRANGER4, VM1, VM1_4, expect, out, ip,
                     wan)

PAYLOAD = b"x" * 64  # with UDP's header, 72 bytes: nine times eight


def first6(upper, more=1, number=7, source=STRANGER, before=()):
    packet = IPv6(src=source, dst=VM1)
    for header in before:
        packet = packet / header
    return wan(packet / IPv6ExtHdrFragment(m=more, id=number) / upper)


def later6(offset=9, more=0, number=7, source=STRANGER, size=64, upper=17):
    return wan(IPv6(src=source, dst=VM1) /
               IPv6ExtHdrFragment(m=more, id=number, offset=offset, nh=upper) / Raw(b"y" * size))


def first4(upper, number=7, source=STRANGER4):
    return wan(IP(src=source, dst=VM1_4, id=number, flags="MF") / upper)


def later4(offset=9, more=0, number=7, source=STRANGER4, size=64, upper=17):
    return wan(IP(src=source, dst=VM1_4, id=number, flags="MF" if more else 0, frag=offset,
                  proto=upper) / Raw(b"y" * size))


def udp(port=53):
    return UDP(sport=4000, dport=port, len=136) / Raw(PAYLOAD)


FAMILIES = {"IPv6": (first6, later6, BANNED, VM1, STRANGER),
            "IPv4": (first4, later4, BANNED4, VM1_4, STRANGER4)}
OK, UNKNOWN, OVERLAP = (PASS, None), (DROP, "fragment-unknown"), (DROP, "fragment-overlap")
TINY, MALFORMED, CLOSED = (DROP, "fragment-tiny"), (DROP, "malformed"), (DROP, "not-allowed")


def stories(first, later, banned):
    return {
        "an honest datagram": [(first(udp()), OK), (later(), OK)],
        "in three parts": [(first(udp()), OK), (later(more=1), OK), (later(offset=17), OK)],
        "a closed port": [(first(udp(54)), CLOSED), (later(), UNKNOWN)],
        "a later one without its first": [(later(), UNKNOWN)],
        "a later one before its first": [(later(), UNKNOWN), (first(udp()), OK), (later(), OK)],
        "another identification": [(first(udp()), OK), (later(number=8), UNKNOWN)],
        "another source": [(first(udp()), OK), (later(source=banned), UNKNOWN)],
        "a denied source": [(first(udp(), source=banned), (DROP, "denied")),
                            (later(source=banned), UNKNOWN)],
        "over the first one's ports": [(first(udp()), OK), (later(offset=1), OVERLAP)],
        "over the first one's end": [(first(udp()), OK), (later(offset=8), OVERLAP)],
        "behind a gap": [(first(udp()), OK), (later(offset=100), OK)],
        "into the TCP header": [(later(offset=1, upper=6), OVERLAP)],
        "length no multiple of eight": [(first(UDP(dport=53) / Raw(b"123")), MALFORMED)],
        "a later one's length, too": [(first(udp()), OK), (later(more=1, size=63), MALFORMED)],
        "past 64 KiB": [(later(offset=8190, size=64), MALFORMED)],
    }


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", stories(first6, later6, BANNED))
def test_story(machine, family, name):
    first, later, banned, _, _ = FAMILIES[family]
    for packet, expected in stories(first, later, banned)[name]:
        expect(machine.from_wan(packet), *expected, packet)


TINY_FIRSTS = [
    ("no transport header", wan(IPv6(src=STRANGER, dst=VM1) /
                                IPv6ExtHdrFragment(m=1, nh=17))),
    ("eight bytes of TCP", wan(IPv6(src=STRANGER, dst=VM1) / IPv6ExtHdrFragment(m=1, nh=6) /
                               Raw(b"\x9c\x40\x00\x50\0\0\0\0"))),
    ("sixteen bytes of TCP", wan(IPv6(src=STRANGER, dst=VM1) / IPv6ExtHdrFragment(m=1, nh=6) /
                                 Raw(b"\x9c\x40\x00\x50" + b"\0" * 12))),
    ("eight bytes of TCP, IPv4", wan(IP(src=STRANGER4, dst=VM1_4, flags="MF", proto=6) /
                                     Raw(b"\x9c\x40\x01\xbb\0\0\0\0"))),
    ("ports behind an option that fills it",
     wan(IPv6(src=STRANGER, dst=VM1) / IPv6ExtHdrFragment(m=1, nh=60) /
         IPv6ExtHdrDestOpt(nh=17))),
]


@pytest.mark.parametrize("packet", [row[1] for row in TINY_FIRSTS],
                         ids=[row[0].replace(" ", "_") for row in TINY_FIRSTS])
def test_a_first_fragment_without_its_ports_is_tiny(machine, packet):
    expect(machine.from_wan(packet), *TINY, packet)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_answer_of_a_flow_may_come_in_fragments(machine, family):
    first, later, _, inside, outside = FAMILIES[family]
    expect(machine.from_wan(first(udp(50000))), *CLOSED)
    machine.leaves(out(ip(inside, outside) / UDP(sport=50000, dport=4000)))
    expect(machine.from_wan(first(udp(50000))), *OK)
    expect(machine.from_wan(later()), *OK)


def test_a_change_of_rules_forgets_what_was_let_in(machine):
    expect(machine.from_wan(first6(udp())), *OK)
    machine.xfw("deny", "udp", "53", VM1)
    try:
        expect(machine.from_wan(later6()), *UNKNOWN)
    finally:
        machine.xfw("delete", "deny", "udp", "53", VM1)
