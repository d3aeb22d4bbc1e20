# SPDX-License-Identifier: GPL-2.0
"""Frames and headers: what contradicts itself, what is not for us, how far headers are walked."""

import pytest
from scapy.layers.inet import IP, TCP, UDP, ICMP, IPOption_NOP, IPOption_RR
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                IPv6ExtHdrRouting, ICMPv6EchoRequest)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from harness import (CONTAINER, DROP, FORWARD, GATEWAY_MAC, HOST, HOST4, PASS, STRANGER, STRANGER4,
                     VM1, VM1_4, WAN_MAC, expect, ip, wan)

WEB6 = IPv6(src=STRANGER, dst=CONTAINER) / TCP(sport=40000, dport=443, flags="S")
WEB4 = IP(src=STRANGER4, dst=VM1_4) / TCP(sport=40000, dport=443, flags="S")
CLOSED6 = IPv6(src=STRANGER, dst=CONTAINER) / TCP(sport=40000, dport=444, flags="S")


def cut(packet, length):
    """The frame's first bytes: what a driver hands up of a runt."""
    return bytes(packet)[:length].ljust(14, b"\0")


def patched(packet, offset, *values):
    """Bytes of the frame written over, behind the back of every checksum and length."""
    data = bytearray(bytes(packet))
    data[offset:offset + len(values)] = bytes(values)
    return bytes(data)


def chain(*headers, upper=TCP(sport=40000, dport=443, flags="S")):
    packet = IPv6(src=STRANGER, dst=CONTAINER)
    for header in headers:
        packet = packet / header
    return wan(packet / upper)


def options(count):
    return [IPv6ExtHdrDestOpt() for _ in range(count)]


FRAMES = [
    ("a plain packet to an open port", wan(WEB6), FORWARD, None),
    ("a plain IPv4 packet to an open port", wan(WEB4), FORWARD, None),
    ("another station's MAC address", wan(WEB6, dst="02:00:00:00:99:99"), DROP, "not-for-us"),
    ("another station's MAC address, ARP",
     Ether(dst="02:00:00:00:99:99") / ARP(), DROP, "not-for-us"),
    ("broadcast frame, unicast IPv6", wan(WEB6, dst="ff:ff:ff:ff:ff:ff"), DROP, "link-broadcast"),
    ("broadcast frame, unicast IPv4", wan(WEB4, dst="ff:ff:ff:ff:ff:ff"), DROP, "link-broadcast"),
    ("multicast frame, unicast IPv4", wan(WEB4, dst="01:00:5e:00:00:01"), DROP, "link-broadcast"),
    ("VLAN 5", Ether(src=GATEWAY_MAC, dst=WAN_MAC) / Dot1Q(vlan=5) / WEB6, DROP, "vlan"),
    ("VLAN 4095", Ether(src=GATEWAY_MAC, dst=WAN_MAC) / Dot1Q(vlan=4095) / WEB6, DROP, "vlan"),
    ("VLAN 5 around ARP", Ether(dst=WAN_MAC) / Dot1Q(vlan=5) / ARP(), DROP, "vlan"),
    ("priority tag, open port: the kernel's",
     Ether(src=GATEWAY_MAC, dst=WAN_MAC) / Dot1Q(vlan=0, prio=5) / WEB6, PASS, None),
    ("priority tag, closed port",
     Ether(src=GATEWAY_MAC, dst=WAN_MAC) / Dot1Q(vlan=0, prio=5) / CLOSED6, DROP, "not-allowed"),
    ("two priority tags",
     Ether(src=GATEWAY_MAC, dst=WAN_MAC) / Dot1Q(vlan=0) / Dot1Q(vlan=0) / WEB6, DROP, "vlan"),
    ("802.1ad tag", Ether(src=GATEWAY_MAC, dst=WAN_MAC, type=0x88A8) / Dot1Q(vlan=7) / WEB6,
     DROP, "vlan"),
    ("tag cut short", patched(cut(wan(WEB6), 16), 12, 0x81, 0x00), DROP, "malformed"),
    ("LLDP", Ether(src=GATEWAY_MAC, dst="01:80:c2:00:00:0e", type=0x88CC) / Raw(b"x" * 50),
     DROP, "ethertype"),
    ("PPPoE", Ether(src=GATEWAY_MAC, dst=WAN_MAC, type=0x8864) / Raw(b"x" * 50),
     DROP, "ethertype"),
    ("MPLS", Ether(src=GATEWAY_MAC, dst=WAN_MAC, type=0x8847) / Raw(b"x" * 50),
     DROP, "ethertype"),
    ("LACP", Ether(src=GATEWAY_MAC, dst="01:80:c2:00:00:02", type=0x8809) / Raw(b"x" * 50),
     PASS, None),
    ("LACP's type to our own address", Ether(dst=WAN_MAC, type=0x8809) / Raw(b"x" * 50),
     DROP, "ethertype"),
    ("ARP request", Ether(src=GATEWAY_MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(pdst=HOST4),
     PASS, None),
    ("ARP reply", Ether(src=GATEWAY_MAC, dst=WAN_MAC) / ARP(op=2), PASS, None),
    ("IPv6 in an IPv4 frame", wan(WEB6, type=0x0800), DROP, "malformed"),
    ("IPv4 in an IPv6 frame", wan(WEB4, type=0x86DD), DROP, "malformed"),
]

IPV4_HEADERS = [
    ("header cut short", cut(wan(WEB4), 14 + 19), DROP, "malformed"),
    ("header length below 20", patched(wan(WEB4), 14, 0x44), DROP, "malformed"),
    ("header length past the packet", patched(wan(WEB4), 14, 0x4F), DROP, "malformed"),
    ("total length past the frame", wan(IP(src=STRANGER4, dst=VM1_4, len=2000) / TCP(dport=443)),
     DROP, "malformed"),
    ("total length below the header", wan(IP(src=STRANGER4, dst=VM1_4, len=19) / TCP(dport=443)),
     DROP, "malformed"),
    ("total length without the TCP header",
     wan(IP(src=STRANGER4, dst=VM1_4, len=30) / TCP(dport=443)), DROP, "malformed"),
    ("wrong checksum", wan(IP(src=STRANGER4, dst=VM1_4, chksum=0x1234) / TCP(dport=443)),
     DROP, "checksum"),
    ("checksum off by one", patched(wan(WEB4), 25, (bytes(wan(WEB4))[25] + 1) & 255),
     DROP, "checksum"),
    ("options, open port: the kernel's",
     wan(IP(src=STRANGER4, dst=VM1_4, options=[IPOption_NOP()] * 4) / TCP(dport=443, flags="S")),
     PASS, None),
    ("40 bytes of options",
     wan(IP(src=STRANGER4, dst=VM1_4, options=[IPOption_NOP()] * 40) / TCP(dport=443, flags="S")),
     PASS, None),
    ("options, closed port",
     wan(IP(src=STRANGER4, dst=VM1_4, options=[IPOption_RR()]) / TCP(dport=444, flags="S")),
     DROP, "not-allowed"),
    ("options with a wrong checksum",
     wan(IP(src=STRANGER4, dst=VM1_4, options=[IPOption_NOP()] * 4, chksum=1) / TCP(dport=443)),
     DROP, "checksum"),
    ("trailing padding", wan(WEB4 / Raw(b"")) / Raw(b"\0" * 6), FORWARD, None),
    ("TTL 1: the kernel says time exceeded",
     wan(IP(src=STRANGER4, dst=VM1_4, ttl=1) / TCP(dport=443, flags="S")), PASS, None),
    ("TTL 0", wan(IP(src=STRANGER4, dst=VM1_4, ttl=0) / TCP(dport=443, flags="S")), PASS, None),
    ("TTL 2", wan(IP(src=STRANGER4, dst=VM1_4, ttl=2) / TCP(dport=443, flags="S")),
     FORWARD, None),
    ("TTL 1, closed port", wan(IP(src=STRANGER4, dst=VM1_4, ttl=1) / TCP(dport=444)),
     DROP, "not-allowed"),
    ("ICMPv6 inside IPv4", wan(IP(src=STRANGER4, dst=VM1_4, proto=58) / Raw(b"\x80" + b"\0" * 20)),
     DROP, "malformed"),
] + [
    (f"checksum carries at TTL {ttl}, id {identification}",
     wan(IP(src=STRANGER4, dst=VM1_4, ttl=ttl, id=identification) / TCP(dport=443, flags="S")),
     FORWARD, None)
    for ttl in (2, 63, 64, 128, 255) for identification in (0, 1, 0x7FFF, 0xE5D4, 0xFFFF)
]

IPV6_HEADERS = [
    ("header cut short", cut(wan(WEB6), 14 + 39), DROP, "malformed"),
    ("payload length past the frame", wan(IPv6(src=STRANGER, dst=CONTAINER, plen=900) / TCP()),
     DROP, "malformed"),
    ("payload length without the TCP header",
     wan(IPv6(src=STRANGER, dst=CONTAINER, plen=10) / TCP(dport=443)), DROP, "malformed"),
    ("no payload", wan(IPv6(src=STRANGER, dst=CONTAINER, nh=6, plen=0)), DROP, "malformed"),
    ("v4-mapped source on the wire",
     wan(IPv6(src="::ffff:198.51.100.1", dst=CONTAINER) / TCP(dport=443)), DROP, "malformed"),
    ("v4-mapped destination on the wire",
     wan(IPv6(src=STRANGER, dst="::ffff:192.0.2.70") / TCP(dport=443)), DROP, "malformed"),
    ("hop limit 1: the kernel says time exceeded",
     wan(IPv6(src=STRANGER, dst=CONTAINER, hlim=1) / TCP(dport=443, flags="S")), PASS, None),
    ("hop limit 0", wan(IPv6(src=STRANGER, dst=CONTAINER, hlim=0) / TCP(dport=443, flags="S")),
     PASS, None),
    ("hop limit 2", wan(IPv6(src=STRANGER, dst=CONTAINER, hlim=2) / TCP(dport=443, flags="S")),
     FORWARD, None),
    ("no next header", wan(IPv6(src=STRANGER, dst=CONTAINER, nh=59)), DROP, "not-allowed"),
    ("ICMPv4 inside IPv6", wan(IPv6(src=STRANGER, dst=VM1, nh=1) / Raw(b"\x08" + b"\0" * 20)),
     DROP, "malformed"),
    ("traffic class and flow label",
     wan(IPv6(src=STRANGER, dst=CONTAINER, tc=0xB8, fl=0x12345) / TCP(dport=443, flags="S")),
     FORWARD, None),
]

CHAINS = [
    ("hop-by-hop options", chain(IPv6ExtHdrHopByHop()), PASS, None),
    ("destination options", chain(IPv6ExtHdrDestOpt()), PASS, None),
    ("authentication header", chain(AH(nh=6, payloadlen=4, icv=b"x" * 12)), PASS, None),
    ("routing header type 2", chain(IPv6ExtHdrRouting(type=2, addresses=[VM1], segleft=1)),
     PASS, None),
    ("routing header type 0", chain(IPv6ExtHdrRouting(type=0, addresses=[VM1], segleft=1)),
     DROP, "routing-header"),
    ("routing header type 0, nothing left", chain(IPv6ExtHdrRouting(type=0, segleft=0)),
     DROP, "routing-header"),
    ("hop-by-hop then destination options", chain(IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()),
     PASS, None),
    ("hop-by-hop options not first", chain(IPv6ExtHdrDestOpt(), IPv6ExtHdrHopByHop()),
     DROP, "header-chain"),
    ("atomic fragment", chain(IPv6ExtHdrFragment(m=0, offset=0, id=7)), PASS, None),
    ("two atomic fragments deep",
     chain(IPv6ExtHdrFragment(id=7), IPv6ExtHdrFragment(id=8)), PASS, None),
    ("extension header cut short", cut(chain(IPv6ExtHdrDestOpt()), 14 + 40 + 2),
     DROP, "malformed"),
    ("extension header longer than the packet", patched(chain(IPv6ExtHdrDestOpt()), 55, 4),
     DROP, "malformed"),
    ("extension header of 2 KiB", patched(chain(IPv6ExtHdrDestOpt()), 55, 255),
     DROP, "header-chain"),
] + [
    (f"{count} extension headers, open port", chain(*options(count)), PASS, None)
    for count in range(1, 7)
] + [
    (f"{count} extension headers", chain(*options(count)), DROP, "header-chain")
    for count in (7, 8, 12)
] + [
    (f"{count} extension headers, closed port",
     chain(*options(count), upper=TCP(dport=444, flags="S")), DROP, "not-allowed")
    for count in range(1, 7)
]


def both(name, upper, verdict, reason):
    """A row for each family: guests' open ports are the same on both."""
    return [(f"{name}, IPv6", wan(ip(STRANGER, VM1) / upper), verdict, reason),
            (f"{name}, IPv4", wan(ip(STRANGER4, VM1_4) / upper), verdict, reason)]


TRANSPORTS = [row for rows in [
    both("TCP data offset below 5", TCP(dport=443, dataofs=4), DROP, "malformed"),
    both("TCP data offset past the packet", TCP(dport=443, dataofs=15), DROP, "malformed"),
    both("TCP header cut short", Raw(bytes(TCP(dport=443))[:19]), DROP, "not-allowed"),
    both("TCP null scan", TCP(dport=443, flags=""), DROP, "tcp-flags"),
    both("TCP FIN scan", TCP(dport=443, flags="F"), DROP, "tcp-flags"),
    both("TCP Xmas scan", TCP(dport=443, flags="FPU"), DROP, "tcp-flags"),
    both("TCP SYN+FIN", TCP(dport=443, flags="SF"), DROP, "tcp-flags"),
    both("TCP SYN+RST", TCP(dport=443, flags="SR"), DROP, "tcp-flags"),
    both("TCP all flags", TCP(dport=443, flags="FSRPAUEC"), DROP, "tcp-flags"),
    both("TCP PSH alone", TCP(dport=443, flags="P"), DROP, "tcp-flags"),
    both("UDP length below 8", UDP(dport=53, len=7), DROP, "malformed"),
    both("UDP length 0", UDP(dport=53, len=0), DROP, "malformed"),
    both("UDP length past the packet", UDP(dport=53, len=100), DROP, "malformed"),
    both("UDP without data", UDP(dport=53), FORWARD, None),
    both("UDP length below the packet's", UDP(dport=53, len=8) / Raw(b"trailer"), FORWARD, None),
] for row in rows if "header cut short" not in row[0]] + [
    ("ICMP cut short", wan(IP(src=STRANGER4, dst=VM1_4, proto=1) / Raw(b"\x08\0\0\0")),
     DROP, "malformed"),
    ("ICMPv6 cut short", wan(IPv6(src=STRANGER, dst=VM1, nh=58) / Raw(b"\x80\0\0\0")),
     DROP, "malformed"),
    ("TCP cut short, IPv4", wan(IP(src=STRANGER4, dst=VM1_4, proto=6) / Raw(b"\x9c\x40\x01\xbb")),
     DROP, "malformed"),
    ("TCP cut short, IPv6", wan(IPv6(src=STRANGER, dst=VM1, nh=6) / Raw(b"\x9c\x40\x01\xbb")),
     DROP, "malformed"),
    ("UDP cut short", wan(IPv6(src=STRANGER, dst=VM1, nh=17) / Raw(b"\x9c\x40\x00\x35\0")),
     DROP, "malformed"),
    ("SCTP cut short", wan(IPv6(src=STRANGER, dst=VM1, nh=132) / Raw(b"\x9c\x40\x13\x88")),
     DROP, "malformed"),
    ("echo request", wan(IPv6(src=STRANGER, dst=VM1) / ICMPv6EchoRequest(id=1)), FORWARD, None),
    ("echo request, IPv4", wan(IP(src=STRANGER4, dst=VM1_4) / ICMP(id=1)), FORWARD, None),
    ("to the host, closed", wan(IPv6(src=STRANGER, dst=HOST) / TCP(dport=22, flags="S")),
     DROP, "not-allowed"),
]

TABLE = FRAMES + IPV4_HEADERS + IPV6_HEADERS + CHAINS + TRANSPORTS


@pytest.mark.parametrize("packet, verdict, reason", [row[1:] for row in TABLE],
                         ids=[row[0].replace(" ", "_") for row in TABLE])
def test(machine, packet, verdict, reason):
    expect(machine.from_wan(packet), verdict, reason, packet)


@pytest.mark.parametrize("length", range(14, 14 + 40 + 20))
def test_every_truncation_of_an_allowed_packet_is_closed(machine, length):
    packet = cut(wan(WEB6), length)
    expect(machine.from_wan(packet), DROP, "malformed", packet)


def test_frames_from_an_interface_whose_role_was_taken_away_go_to_the_kernel(machine):
    expect(machine.from_wan(wan(WEB6), ifindex=machine.port1), PASS)
    expect(machine.from_wan(wan(CLOSED6), ifindex=machine.port1), PASS)
