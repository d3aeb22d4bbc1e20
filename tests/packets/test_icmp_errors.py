# SPDX-License-Identifier: GPL-2.0
"""ICMP errors get in when they quote a packet of ours, and only then. Eight quoted bytes of
transport are enough; the error changes no flow."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest,
                                ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded, IPv6,
                                IPv6ExtHdrFragment)
from scapy.packet import Raw

from harness import (BANNED, CONTAINER, DROP, PASS, STRANGER, STRANGER4, VM1, VM1_4, VM2, expect,
                     out, wan)

ROUTER, ROUTER4 = "2001:db8:7::1", "198.51.100.77"
CLOSED = (DROP, "not-allowed")


def error6(quoted, error=None, to=VM1, source=ROUTER, quote=48):
    return wan(IPv6(src=source, dst=to) / (error or ICMPv6DestUnreach()) /
               Raw(bytes(quoted)[:quote]))


def error4(quoted, kind=3, to=VM1_4, quote=28):
    return wan(IP(src=ROUTER4, dst=to) / ICMP(type=kind, code=0) / Raw(bytes(quoted)[:quote]))


SENT6 = IPv6(src=VM1, dst=STRANGER) / UDP(sport=50000, dport=4000) / Raw(b"x" * 100)
SENT4 = IP(src=VM1_4, dst=STRANGER4) / UDP(sport=50000, dport=4000) / Raw(b"x" * 100)

ERRORS6 = [ICMPv6DestUnreach(), ICMPv6PacketTooBig(mtu=1280), ICMPv6TimeExceeded(),
           ICMPv6ParamProblem()]


@pytest.mark.parametrize("error", ERRORS6, ids=lambda error: type(error).__name__)
def test_each_error_about_a_flow_gets_in_and_none_without(machine, error):
    packet = error6(SENT6, error)
    expect(machine.from_wan(packet), *CLOSED, packet)
    machine.leaves(out(SENT6))
    expect(machine.from_wan(packet), PASS, None, packet)


@pytest.mark.parametrize("kind", (3, 11, 12))
def test_each_ipv4_error_about_a_flow_gets_in_and_none_without(machine, kind):
    packet = error4(SENT4, kind)
    expect(machine.from_wan(packet), *CLOSED, packet)
    machine.leaves(out(SENT4))
    expect(machine.from_wan(packet), PASS, None, packet)


def test_the_whole_packet_may_be_quoted(machine):
    machine.leaves(out(SENT6))
    expect(machine.from_wan(error6(SENT6, quote=1000)), PASS)


@pytest.mark.parametrize("quote", (0, 1, 39, 40, 47))
def test_less_than_eight_quoted_bytes_are_too_few(machine, quote):
    machine.leaves(out(SENT6))
    expect(machine.from_wan(error6(SENT6, quote=quote)), *CLOSED)


FLOW_PORTS = {
    "another source port": IPv6(src=VM1, dst=STRANGER) / UDP(sport=50001, dport=4000),
    "another destination port": IPv6(src=VM1, dst=STRANGER) / UDP(sport=50000, dport=4001),
    "another destination": IPv6(src=VM1, dst=ROUTER) / UDP(sport=50000, dport=4000),
    "another protocol": IPv6(src=VM1, dst=STRANGER) / TCP(sport=50000, dport=4000),
    "the answer's direction": IPv6(src=STRANGER, dst=VM1) / UDP(sport=4000, dport=50000),
    "a later fragment": IPv6(src=VM1, dst=STRANGER) /
    IPv6ExtHdrFragment(offset=9, nh=17) / Raw(bytes(UDP(sport=50000, dport=4000))),
    "an IPv4 packet": SENT4,
}


@pytest.mark.parametrize("name", FLOW_PORTS)
def test_an_error_that_quotes_something_else_is_closed(machine, name):
    machine.leaves(out(SENT6))
    expect(machine.from_wan(error6(FLOW_PORTS[name], quote=64)), *CLOSED)


def test_an_error_goes_to_whoever_sent_the_packet(machine):
    machine.leaves(out(SENT6))
    expect(machine.from_wan(error6(SENT6, to=VM2)), *CLOSED)


def test_a_first_fragment_may_be_quoted(machine):
    machine.leaves(out(SENT6))
    quoted = IPv6(src=VM1, dst=STRANGER) / IPv6ExtHdrFragment(m=1) / SENT6[UDP]
    expect(machine.from_wan(error6(quoted, quote=56)), PASS)


def test_an_error_about_an_echo(machine):
    request = IPv6(src=VM1, dst=STRANGER) / ICMPv6EchoRequest(id=9)
    expect(machine.from_wan(error6(request)), *CLOSED)
    machine.leaves(out(request))
    expect(machine.from_wan(error6(request)), PASS)
    expect(machine.from_wan(error6(IPv6(src=VM1, dst=STRANGER) / ICMPv6EchoRequest(id=8))),
           *CLOSED)


SERVICES = {
    "a TCP service's packet": (IPv6(src=CONTAINER, dst=STRANGER) / TCP(sport=443, dport=9), PASS),
    "a UDP service's packet": (IPv6(src=VM1, dst=STRANGER) / UDP(sport=53, dport=9), PASS),
    "an echo reply": (IPv6(src=VM1, dst=STRANGER) / ICMPv6EchoReply(id=1), PASS),
    "no service's packet": (IPv6(src=CONTAINER, dst=STRANGER) / TCP(sport=444, dport=9), DROP),
    "a service's, not to its friends": (IPv6(src=VM1, dst=STRANGER) / TCP(sport=22, dport=9),
                                        DROP),
    "a service's, to the banned": (IPv6(src=VM1, dst=BANNED) / UDP(sport=53, dport=9), DROP),
}


@pytest.mark.parametrize("name", SERVICES)
def test_an_error_about(machine, name):
    quoted, verdict = SERVICES[name]
    expect(machine.from_wan(error6(quoted, to=quoted.src)), verdict,
           None if verdict == PASS else "not-allowed")


def test_a_deny_keeps_errors_out(machine):
    machine.leaves(out(SENT6))
    expect(machine.from_wan(error6(SENT6, source=BANNED)), DROP, "denied")


def test_an_error_changes_no_flow(machine):
    machine.leaves(out(SENT6))
    before = machine.flow((VM1, 50000), (STRANGER, 4000), 17).value
    machine.from_wan(error6(SENT6))
    assert machine.flow((VM1, 50000), (STRANGER, 4000), 17).value == before
