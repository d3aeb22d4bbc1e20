# SPDX-License-Identifier: GPL-2.0
"""Sources that cannot be, from the provider's side: each to an open port, so that only the source
decides."""

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6

from harness import (CONTAINER, DROP, FORWARD, HOST, HOST4, LAN_ADDRESS, VM1, VM1_4, VM2, expect,
                     ip, wan)


def from6(source):
    return wan(IPv6(src=source, dst=CONTAINER) / TCP(sport=40000, dport=443, flags="S"))


def from4(source):
    return wan(IP(src=source, dst=VM1_4) / TCP(sport=40000, dport=443, flags="S"))


SOURCES = {
    None: """
        2001:db8:ffff::1 2001:db8:1:3::1 2001:db8:1:1:ffff:ffff:ffff:ffff 2000:: 3fff:ffff::1
        2a01:4f8::1 2001:470::1 64:ff9b::c633:6401 2001:db8:1:2:1::1
        198.51.100.1 192.0.2.1 203.0.113.1 1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255
        100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.0 172.15.255.255
        172.32.0.0 191.255.255.255 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255
        198.20.0.0 223.255.255.255
    """,
    "source-unspecified": ":: 0.0.0.0",
    "source-loopback": "::1 127.0.0.1 127.255.255.255",
    "source-multicast": "ff02::1 ff0e::1 ff00:: 224.0.0.1 239.255.255.255 255.255.255.255",
    "source-link-local": "fe80::1 febf::1",
    "source-bogon": """
        fc00::1 fd00::1 fdff::1 fec0::1 ::2 ::1.2.3.4 100::1 64:ff9b:1::1 64:ff9b::1:0:1 4000::1
        1fff::1 5f00::1 fe00::1 e000::1 8000::1
        0.0.0.1 0.255.255.255 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 169.254.1.1
        172.16.0.1 172.31.255.255 192.0.0.1 192.168.0.1 192.168.255.255 198.18.0.1
        198.19.255.255 240.0.0.1 255.255.255.254
    """,
    "source-own": f"""
        {VM1} {VM2} {CONTAINER} {LAN_ADDRESS} {HOST} 2001:db8:1:2:8007:ffff:ffff:ffff
        2001:db8:1:2:8010:: 2001:db8:1:2:8017:ffff:ffff:ffff {HOST4} 192.0.2.64 192.0.2.127
        192.0.2.65
    """,
}

ROWS = [(source, reason) for reason, sources in SOURCES.items() for source in sources.split()]


@pytest.mark.parametrize("source, reason", ROWS, ids=[f"{s}-{r}" for s, r in ROWS])
def test_source(machine, source, reason):
    packet = from6(source) if ":" in source else from4(source)
    expect(machine.from_wan(packet), DROP if reason else FORWARD, reason, packet)


def test_an_address_of_the_64_that_is_no_slice_is_no_source_of_ours(machine):
    packet = from6("2001:db8:1:2:4000::1")
    expect(machine.from_wan(packet), FORWARD, None, packet)


def test_dhcp_replies_may_come_from_a_private_server(machine):
    packet = wan(ip("172.31.1.1", HOST4) / UDP(sport=67, dport=68))
    expect(machine.from_wan(packet), "pass", None, packet)


def test_dhcp_replies_to_a_guest_are_no_business_of_the_provider(machine):
    packet = wan(ip("198.51.100.1", VM1_4) / UDP(sport=67, dport=68))
    expect(machine.from_wan(packet), DROP, "not-allowed", packet)
