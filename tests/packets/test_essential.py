# SPDX-License-Identifier: GPL-2.0
"""What a link lives on passes without any rule, and nothing else in its clothes does."""

import pytest
from scapy.layers.dhcp6 import DHCP6_Reply
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (ICMPv6MLQuery, ICMPv6MLReport, ICMPv6MLReport2, ICMPv6ND_NA,
                                ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6ND_Redirect, IPv6,
                                IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, RouterAlert)

from harness import DROP, HOST, HOST4, PASS, STRANGER, STRANGER4, expect, wan

ROUTER = "fe80::fe"
ALL_NODES = "ff02::1"
SOLICITED = "ff02::1:ff00:1"
ND_MAC = "33:33:ff:00:00:01"


def nd(message, source=ROUTER, destination=HOST, hlim=255, dst=None):
    fields = {"dst": dst} if dst else {}
    return wan(IPv6(src=source, dst=destination, hlim=hlim) / message, **fields)


def mld(message, source=ROUTER, hlim=1):
    return wan(IPv6(src=source, dst=ALL_NODES, hlim=hlim) /
               IPv6ExtHdrHopByHop(options=[RouterAlert()]) / message, dst="33:33:00:00:00:01")


TABLE = [
    ("neighbour solicitation, multicast",
     nd(ICMPv6ND_NS(tgt=HOST), destination=SOLICITED, dst=ND_MAC), PASS, None),
    ("neighbour solicitation, unicast", nd(ICMPv6ND_NS(tgt=HOST)), PASS, None),
    ("neighbour solicitation from a global neighbour",
     nd(ICMPv6ND_NS(tgt=HOST), source="2001:db8:0:1::1"), PASS, None),
    ("duplicate address detection",
     nd(ICMPv6ND_NS(tgt=HOST), source="::", destination=SOLICITED, dst=ND_MAC), PASS, None),
    ("neighbour advertisement", nd(ICMPv6ND_NA(tgt=ROUTER)), PASS, None),
    ("unsolicited neighbour advertisement",
     nd(ICMPv6ND_NA(tgt=ROUTER), destination=ALL_NODES, dst="33:33:00:00:00:01"), PASS, None),
    ("router advertisement",
     nd(ICMPv6ND_RA(), destination=ALL_NODES, dst="33:33:00:00:00:01"), PASS, None),
    ("router solicitation: we are no router here",
     nd(ICMPv6ND_RS(), destination="ff02::2", dst="33:33:00:00:00:02"), DROP, "not-allowed"),
    ("redirect", nd(ICMPv6ND_Redirect(tgt=ROUTER, dst=STRANGER)),
     DROP, "source-link-local"),
    ("neighbour solicitation with a code", nd(ICMPv6ND_NS(tgt=HOST, code=1)),
     DROP, "not-allowed"),
    ("fragmented neighbour solicitation (RFC 6980)",
     wan(IPv6(src=ROUTER, dst=SOLICITED, hlim=255) / IPv6ExtHdrFragment(m=1, id=1) /
         ICMPv6ND_NS(tgt=HOST), dst=ND_MAC), DROP, "not-allowed"),
    ("advertisement from an unspecified source", nd(ICMPv6ND_NA(tgt=ROUTER), source="::"),
     DROP, "source-unspecified"),
    ("MLD query", mld(ICMPv6MLQuery()), PASS, None),
    ("MLD report", mld(ICMPv6MLReport()), PASS, None),
    ("MLDv2 report before its address", mld(ICMPv6MLReport2(), source="::"), PASS, None),
    ("MLD query from beyond the link", mld(ICMPv6MLQuery(), hlim=64), DROP, "not-allowed"),
    ("MLD query from a global source", mld(ICMPv6MLQuery(), source=STRANGER),
     DROP, "not-allowed"),
    ("DHCPv6 reply",
     wan(IPv6(src=ROUTER, dst="fe80::1") / UDP(sport=547, dport=546) / DHCP6_Reply()),
     PASS, None),
    ("DHCPv6 reply from the internet",
     wan(IPv6(src=STRANGER, dst=HOST) / UDP(sport=547, dport=546) / DHCP6_Reply()),
     DROP, "not-allowed"),
    ("DHCPv6 request from the link",
     wan(IPv6(src=ROUTER, dst="ff02::1:2") / UDP(sport=546, dport=547),
         dst="33:33:00:01:00:02"), DROP, "not-allowed"),
    ("DHCP reply to broadcast",
     wan(IP(src=STRANGER4, dst="255.255.255.255") / UDP(sport=67, dport=68),
         dst="ff:ff:ff:ff:ff:ff"), PASS, None),
    ("DHCP reply to our address", wan(IP(src=STRANGER4, dst=HOST4) / UDP(sport=67, dport=68)),
     PASS, None),
    ("DHCP reply to our address in a broadcast frame",
     wan(IP(src=STRANGER4, dst=HOST4) / UDP(sport=67, dport=68), dst="ff:ff:ff:ff:ff:ff"),
     PASS, None),
    ("DHCP request from a neighbour",
     wan(IP(src=STRANGER4, dst="255.255.255.255") / UDP(sport=68, dport=67),
         dst="ff:ff:ff:ff:ff:ff"), DROP, "not-allowed"),
    ("DHCP's ports the other way", wan(IP(src=STRANGER4, dst=HOST4) / UDP(sport=68, dport=67)),
     DROP, "not-allowed"),
    ("multicast DNS",
     wan(IPv6(src=ROUTER, dst="ff02::fb") / UDP(sport=5353, dport=5353),
         dst="33:33:00:00:00:fb"), DROP, "not-allowed"),
    ("a directed broadcast",
     wan(IP(src=STRANGER4, dst="203.0.113.255") / UDP(sport=1, dport=9),
         dst="ff:ff:ff:ff:ff:ff"), DROP, "link-broadcast"),
] + [
    (f"{name} with hop limit {hlim}", nd(message, hlim=hlim, source="2001:db8:0:1::1"), DROP,
     "hop-limit")
    for name, message in (("solicitation", ICMPv6ND_NS(tgt=HOST)),
                          ("advertisement", ICMPv6ND_NA(tgt=HOST)), ("RA", ICMPv6ND_RA()),
                          ("RS", ICMPv6ND_RS()))
    for hlim in (254, 64, 1, 0)
]


@pytest.mark.parametrize("packet, verdict, reason", [row[1:] for row in TABLE],
                         ids=[row[0].replace(" ", "_") for row in TABLE])
def test(machine, packet, verdict, reason):
    expect(machine.from_wan(packet), verdict, reason, packet)
