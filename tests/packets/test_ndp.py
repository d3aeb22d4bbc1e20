# SPDX-License-Identifier: GPL-2.0
"""Solicitations for slices, answered by the WAN itself."""

import socket

import pytest
from scapy.layers.inet6 import (ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, ICMPv6NDOptUnknown, IPv6)
from scapy.layers.l2 import Ether

from harness import (CONFIG, CONTAINER, DROP, GATEWAY_MAC, HOST, PASS, VM1, WAN_MAC, Machine,
                     expect)

ROUTER = "fe80::1"
ANSWER = "answer"


def group(address):
    tail = socket.inet_pton(socket.AF_INET6, address)[13:]
    return ("ff02::1:ff%02x:%02x%02x" % tuple(tail),
            "33:33:ff:%02x:%02x:%02x" % tuple(tail))


def solicit(target, src=ROUTER, option=True, hlim=255, unicast=False, extra=None, **fields):
    address, mac = (target, WAN_MAC) if unicast else group(target)
    packet = Ether(src=GATEWAY_MAC, dst=mac) / IPv6(src=src, dst=address, hlim=hlim) / \
        ICMPv6ND_NS(tgt=target, **fields)
    if option:
        packet /= ICMPv6NDOptSrcLLAddr(lladdr=GATEWAY_MAC)
    return packet / extra if extra else packet


@pytest.fixture(scope="module")
def machine():
    made = Machine(CONFIG + "ndp proxy rangeB:8000::/65\n", tag="ndp")
    yield made
    made.close()


@pytest.mark.parametrize("packet", [
    solicit(VM1), solicit(CONTAINER), solicit(VM1, unicast=True),
    solicit(VM1, src="2001:db8:0:1::1"), solicit(VM1, option=False),
    solicit(VM1, extra=ICMPv6NDOptUnknown(type=14, len=1, data=b"nonce!")),
], ids=["multicast", "container", "unicast", "global-source", "no-option", "more-options"])
def test_a_guests_neighbour_is_told_our_mac(machine, packet):
    outcome = machine.from_wan(packet)
    assert outcome.verdict == ANSWER
    sent, answer = Ether(bytes(packet)), Ether(outcome.bytes)
    target = sent[ICMPv6ND_NS].tgt
    assert (answer.src, answer.dst) == (WAN_MAC, GATEWAY_MAC)
    assert (answer[IPv6].src, answer[IPv6].dst) == (target, sent[IPv6].src)
    assert answer[IPv6].hlim == 255 and answer[IPv6].plen == 32
    advertisement = answer["ICMPv6 Neighbor Discovery - Neighbor Advertisement"]
    assert advertisement.tgt == target
    assert (advertisement.R, advertisement.S, advertisement.O) == (1, 1, 0)
    assert answer["ICMPv6 Neighbor Discovery Option - Destination Link-Layer Address"].lladdr == \
        WAN_MAC
    checksum = advertisement.cksum
    del advertisement.cksum
    assert Ether(bytes(answer))[2].cksum == checksum


def test_duplicate_detection_is_answered_to_all_nodes(machine):
    outcome = machine.from_wan(solicit(VM1, src="::", option=False))
    answer = Ether(outcome.bytes)
    assert outcome.verdict == ANSWER
    assert (answer.dst, answer[IPv6].dst) == ("33:33:00:00:00:01", "ff02::1")
    assert answer["ICMPv6 Neighbor Discovery - Neighbor Advertisement"].S == 0


@pytest.mark.parametrize("packet", [
    solicit(HOST), solicit("2001:db8:1:2:9000::1"), solicit("2001:db8:9:9::1"),
    solicit("2001:db8:1:2:8000::1"), solicit(VM1, code=1), solicit(VM1, cksum=1),
    solicit(VM1, src="::", option=False, unicast=True),
], ids=["host", "no-slice", "foreign", "own-lan-address", "code", "checksum", "unicast-dad"])
def test_nobody_else_is_answered_for(machine, packet):
    outcome = machine.from_wan(packet)
    assert outcome.verdict in (PASS, DROP), outcome
    assert outcome.bytes == bytes(packet)


def test_from_beyond_the_link_it_is_dropped(machine):
    packet = solicit(VM1, hlim=254)
    expect(machine.from_wan(packet), DROP, "hop-limit", packet)


def test_off_unless_asked_for():
    machine = Machine(CONFIG, tag="nondp")
    try:
        packet = solicit(VM1)
        expect(machine.from_wan(packet), PASS, None, packet)
    finally:
        machine.close()
