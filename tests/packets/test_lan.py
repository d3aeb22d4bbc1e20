# SPDX-License-Identifier: GPL-2.0
"""From guests: only sources routed to their interface, everything else unless denied. Every row is
run through XDP and through tc, which share the functions."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6EchoRequest, ICMPv6MLReport2, ICMPv6ND_NA, ICMPv6ND_NS,
                                ICMPv6ND_RS, IPv6)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from harness import (CONTAINER, DROP, HOST, HOST4, LAN_ADDRESS, LAN_MAC, PASS, STRANGER, STRANGER4,
                     VM1, VM1_4, VM1_MAC, VM2, expect, ip, lan)

UPPER = UDP(sport=40000, dport=9)
MULTICAST = "33:33:00:00:00:01"


def source(address, to=STRANGER):
    return lan(ip(address, to if ":" in address else STRANGER4) / UPPER)


def udp4(src, dst, sport, dport):
    return lan(IP(src=src, dst=dst) / UDP(sport=sport, dport=dport), dst="ff:ff:ff:ff:ff:ff")


TABLE = [
    ("a guest's own address", source(VM1), PASS, None),
    ("a container's address behind it", source(CONTAINER), PASS, None),
    ("an IPv4 address of its slice", source(VM1_4), PASS, None),
    ("to the host", source(VM1, HOST), PASS, None),
    ("a foreign address", source("2001:db8:dead::1"), DROP, "source-spoofed"),
    ("an address of the /64 that no slice holds", source("2001:db8:1:2:4000::1"),
     DROP, "source-spoofed"),
    ("a foreign IPv4 address", source("198.51.100.99"), DROP, "source-spoofed"),
    ("a private IPv4 address that nothing translates", source("172.16.99.10"),
     DROP, "source-spoofed"),
    ("the host's address on the LAN", source(LAN_ADDRESS), DROP, "source-own"),
    ("the host's address on the WAN", source(HOST), DROP, "source-own"),
    ("the host's IPv4 address", source(HOST4), DROP, "source-own"),
    ("loopback", source("::1"), DROP, "source-own"),
    ("multicast", source("ff02::1"), DROP, "source-spoofed"),
    ("unspecified", source("::"), DROP, "source-unspecified"),
    ("unspecified, IPv4", source("0.0.0.0"), DROP, "source-unspecified"),
    ("link-local to the world", source("fe80::1"), DROP, "source-link-local"),
    ("link-local to the gateway", source("fe80::1", "fe80::2"), PASS, None),
    ("link-local to multicast", source("fe80::1", "ff02::fb"), PASS, None),
    ("ARP", Ether(src=VM1_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(pdst="192.0.2.65"), PASS, None),
    ("duplicate address detection",
     lan(IPv6(src="::", dst="ff02::1:ff00:1", hlim=255) / ICMPv6ND_NS(tgt=VM1), dst=MULTICAST),
     PASS, None),
    ("router solicitation without an address",
     lan(IPv6(src="::", dst="ff02::2", hlim=255) / ICMPv6ND_RS(), dst=MULTICAST), PASS, None),
    ("MLD report", lan(IPv6(src="::", dst="ff02::16", hlim=1) / ICMPv6MLReport2(),
                       dst=MULTICAST), PASS, None),
    ("neighbour solicitation", lan(IPv6(src=VM1, dst=LAN_ADDRESS, hlim=255) /
                                   ICMPv6ND_NS(tgt=LAN_ADDRESS)), PASS, None),
    ("neighbour advertisement of a foreign address",
     lan(IPv6(src="2001:db8:dead::1", dst=LAN_ADDRESS, hlim=255) / ICMPv6ND_NA(tgt=VM1)),
     DROP, "source-spoofed"),
    ("DHCP request", udp4("0.0.0.0", "255.255.255.255", 68, 67), PASS, None),
    ("DHCPv6 request", lan(IPv6(src="fe80::1", dst="ff02::1:2") / UDP(sport=546, dport=547),
                           dst="33:33:00:01:00:02"), PASS, None),
    ("a deny from another guest", lan(ip(VM1, STRANGER) / TCP(dport=25, flags="S")), PASS, None),
    ("a deny from this guest", lan(ip(VM2, STRANGER) / TCP(dport=25, flags="S")), DROP, "denied"),
    ("a deny from this guest, another port", lan(ip(VM2, STRANGER) / TCP(dport=26, flags="S")),
     PASS, None),
    ("a deny towards a guest", lan(ip(VM1, VM2) / TCP(dport=8085, flags="S")), DROP, "denied"),
    ("an echo request", lan(ip(VM1, STRANGER) / ICMPv6EchoRequest()), PASS, None),
    ("an IPv4 echo request", lan(ip(VM1_4, STRANGER4) / ICMP()), PASS, None),
    ("another protocol", lan(ip(VM1, STRANGER, nh=47) / Raw(b"x" * 20)), PASS, None),
    ("another ethertype", Ether(src=VM1_MAC, dst=LAN_MAC, type=0x8864) / Raw(b"x" * 46),
     DROP, "ethertype"),
]


@pytest.mark.parametrize("hook", ("from_lan", "from_lan_tc"))
@pytest.mark.parametrize("packet, verdict, reason", [row[1:] for row in TABLE],
                         ids=[row[0].replace(" ", "_") for row in TABLE])
def test(machine, hook, packet, verdict, reason):
    expect(getattr(machine, hook)(packet), verdict, reason, packet)


def test_a_header_cut_short_is_malformed(machine):
    packet = bytes(source(VM1))[:40]  # tc never sees one: the stack has looked at it before
    expect(machine.from_lan(packet), DROP, "malformed", packet)


def test_an_established_flow_stays_bound_to_its_deny(machine):
    from harness import out, wan
    syn = ip(VM2, STRANGER) / TCP(sport=1025, dport=26, flags="S")
    machine.leaves(out(syn))
    machine.from_wan(wan(ip(STRANGER, VM2) / TCP(sport=26, dport=1025, flags="SA")))
    data = lan(ip(VM2, STRANGER) / TCP(sport=1025, dport=26, flags="A"))
    expect(machine.from_lan(data), PASS, None, data)
    expect(machine.from_lan(data), PASS, None, data)
    machine.xfw("deny", "tcp", "26", "any", "from", VM2)
    try:
        expect(machine.from_lan(data), DROP, "denied", data)
    finally:
        machine.xfw("delete", "deny", "tcp", "26", "any", "from", VM2)
    expect(machine.from_lan(data), PASS, None, data)
