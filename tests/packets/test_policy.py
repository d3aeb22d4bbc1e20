# SPDX-License-Identifier: GPL-2.0
"""Rules on packets that open something, without any flow: the configuration in harness.py."""

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

from harness import (BANNED, BANNED4, CONTAINER, DROP, FORWARD, FRIEND, HOST, HOST4, LAN_ADDRESS,
                     PASS, STRANGER, STRANGER4, VM1, VM1_4, VM2, VM2_MAC, expect, ip, wan)

NOT_ALLOWED = "not-allowed"


def tcp(port, flags="S"):
    return TCP(sport=40000, dport=port, flags=flags)


def udp(port):
    return UDP(sport=40000, dport=port)


def esp():
    return Raw(b"\0\0\1\0" + b"x" * 20)


TABLE = [
    # source, destination, upper layer, header fields, verdict, reason
    (STRANGER, CONTAINER, tcp(443), {}, FORWARD, None),
    (STRANGER, CONTAINER, tcp(442), {}, DROP, NOT_ALLOWED),
    (STRANGER, CONTAINER, tcp(444), {}, DROP, NOT_ALLOWED),
    (STRANGER, CONTAINER, udp(443), {}, DROP, NOT_ALLOWED),
    (STRANGER, "2001:db8:1:2:8010::4", tcp(443), {}, DROP, NOT_ALLOWED),
    (STRANGER, "2001:db8:1:2:8010::6", tcp(443), {}, DROP, NOT_ALLOWED),
    (STRANGER, CONTAINER, tcp(80), {}, DROP, NOT_ALLOWED),
    (STRANGER, CONTAINER, tcp(443, "A"), {}, FORWARD, None),
    (STRANGER, CONTAINER, tcp(443, "PA"), {}, FORWARD, None),
    (STRANGER, CONTAINER, tcp(443, "FA"), {}, FORWARD, None),
    (STRANGER, CONTAINER, tcp(443, "R"), {}, FORWARD, None),
    (STRANGER, CONTAINER, tcp(443, "RA"), {}, FORWARD, None),
    (STRANGER, CONTAINER, tcp(444, "A"), {}, DROP, NOT_ALLOWED),
    (STRANGER, CONTAINER, tcp(444, "SA"), {}, DROP, NOT_ALLOWED),
    (STRANGER, CONTAINER, tcp(444, "R"), {}, DROP, NOT_ALLOWED),
    # a rule on a prefix reaches every host in it and none outside
    (STRANGER, VM1, tcp(80), {}, FORWARD, None),
    (STRANGER, VM2, tcp(80), {}, FORWARD, None),
    (STRANGER, "2001:db8:1:2:8007:ffff:ffff:ffff", tcp(80), {}, PASS, None),  # no neighbour yet
    (STRANGER, "2001:db8:1:2:8008::", tcp(80), {}, DROP, NOT_ALLOWED),
    (STRANGER, "2001:db8:1:2:7fff:ffff:ffff:ffff", tcp(80), {}, DROP, NOT_ALLOWED),
    # ranges, both ends included
    (STRANGER, VM1, tcp(8079), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, tcp(8080), {}, FORWARD, None),
    (STRANGER, VM1, tcp(8084), {}, FORWARD, None),
    (STRANGER, VM1, tcp(8086), {}, FORWARD, None),
    (STRANGER, VM1, tcp(8090), {}, FORWARD, None),
    (STRANGER, VM1, tcp(8091), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, udp(59999), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, udp(60000), {}, FORWARD, None),
    (STRANGER, VM1, udp(61000), {}, FORWARD, None),
    (STRANGER, VM1, udp(61001), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, tcp(0), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, tcp(65535), {}, DROP, NOT_ALLOWED),
    # a deny beats every allow
    (STRANGER, VM1, tcp(8085), {}, DROP, "denied"),
    (STRANGER, VM2, tcp(8085), {}, DROP, "denied"),
    (BANNED, CONTAINER, tcp(443), {}, DROP, "denied"),
    (BANNED, VM1, tcp(80), {}, DROP, "denied"),
    (BANNED, VM1, tcp(1), {}, DROP, "denied"),
    (BANNED, VM1, ICMPv6EchoRequest(), {}, DROP, "denied"),
    (BANNED, HOST, udp(51820), {}, DROP, "denied"),
    ("2001:db8:bac:ffff::1", VM1, tcp(80), {}, FORWARD, None),
    ("2001:db8:bae::1", VM1, tcp(80), {}, FORWARD, None),
    (BANNED4, VM1_4, tcp(443), {}, DROP, "denied"),
    ("198.51.100.127", VM1_4, tcp(443), {}, FORWARD, None),
    ("198.51.101.128", VM1_4, tcp(443), {}, FORWARD, None),
    # a source list
    (FRIEND, VM1, tcp(22), {}, FORWARD, None),
    (STRANGER, VM1, tcp(22), {}, DROP, NOT_ALLOWED),
    (FRIEND, VM2, tcp(22), {}, DROP, NOT_ALLOWED),
    (FRIEND, VM1, tcp(23), {}, DROP, NOT_ALLOWED),
    ("2001:db8:beee:ffff::1", VM1, tcp(22), {}, DROP, NOT_ALLOWED),
    ("2001:db8:bef0::1", VM1, tcp(22), {}, DROP, NOT_ALLOWED),
    # other protocols
    (STRANGER, VM1, udp(53), {}, FORWARD, None),
    (STRANGER, VM1, udp(54), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, SCTP(sport=1, dport=5000) / SCTPChunkInit(), {}, FORWARD, None),
    (STRANGER, VM1, SCTP(sport=1, dport=5001) / SCTPChunkInit(), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, ICMPv6EchoRequest(), {}, FORWARD, None),
    (STRANGER, CONTAINER, ICMPv6EchoRequest(), {}, FORWARD, None),
    (STRANGER, LAN_ADDRESS, ICMPv6EchoRequest(), {}, PASS, None),
    (STRANGER, VM1, ICMPv6EchoReply(), {}, DROP, NOT_ALLOWED),
    (STRANGER, HOST, ICMPv6EchoRequest(), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, Raw(b"x" * 24), {"nh": 89}, FORWARD, None),
    (STRANGER, VM2, Raw(b"x" * 24), {"nh": 89}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, Raw(b"x" * 24), {"nh": 88}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, esp(), {"nh": 50}, DROP, NOT_ALLOWED),
    # the host
    (STRANGER, HOST, udp(51820), {}, PASS, None),
    (STRANGER, LAN_ADDRESS, udp(51820), {}, PASS, None),
    (STRANGER4, HOST4, udp(51820), {}, PASS, None),
    (STRANGER, HOST, udp(51821), {}, DROP, NOT_ALLOWED),
    (STRANGER, HOST, tcp(51820), {}, DROP, NOT_ALLOWED),
    (STRANGER, VM1, udp(51820), {}, DROP, NOT_ALLOWED),
    (STRANGER, HOST, esp(), {"nh": 50}, PASS, None),
    (STRANGER4, HOST4, esp(), {"proto": 50}, PASS, None),
    (STRANGER, LAN_ADDRESS, tcp(80), {}, PASS, None),
    # IPv4
    (STRANGER4, VM1_4, tcp(443), {}, FORWARD, None),
    (STRANGER4, VM1_4, tcp(80), {}, DROP, NOT_ALLOWED),
    (STRANGER4, VM1_4, udp(53), {}, FORWARD, None),
    (STRANGER4, VM1_4, ICMP(), {}, FORWARD, None),
    (STRANGER4, VM1_4, ICMP(type=0), {}, DROP, NOT_ALLOWED),
    (STRANGER4, VM1_4, ICMP(type=13), {}, DROP, NOT_ALLOWED),
    (STRANGER4, "192.0.2.71", tcp(443), {}, DROP, NOT_ALLOWED),
    (STRANGER4, "192.0.2.71", ICMP(), {}, PASS, None),  # no neighbour yet
    (STRANGER4, HOST4, ICMP(), {}, DROP, NOT_ALLOWED),
    (STRANGER4, "192.0.2.128", ICMP(), {}, DROP, NOT_ALLOWED),
    (STRANGER4, "8.8.8.8", tcp(443), {}, DROP, NOT_ALLOWED),
]


def name(row):
    source, destination, upper, fields, verdict, reason = row
    return f"{source}-{destination}-{fields or upper.summary()}-{reason or verdict}".replace(
        " ", "_")


@pytest.mark.parametrize("row", TABLE, ids=map(name, TABLE))
def test_rule(machine, row):
    source, destination, upper, fields, verdict, reason = row
    packet = wan(ip(source, destination, **fields) / upper)
    next_hop = VM2_MAC if destination == VM2 else harness_mac(destination)
    expect(machine.from_wan(packet), verdict, reason, packet, next_hop)
    # The second packet meets what the first left behind: the verdict is the same.
    expect(machine.from_wan(packet), verdict, reason, packet, next_hop)


def harness_mac(_):
    from harness import VM1_MAC
    return VM1_MAC


def rule_id(machine, text):
    import json
    rules = json.loads(machine.xfw("rules", "--json"))
    rules = rules["rules"] if isinstance(rules, dict) else rules
    return next(rule["id"] for rule in rules if text in rule.get("rule", rule.get("text", "")))


def test_the_rule_that_decided_counts_packets_and_bytes(machine):
    packet = wan(ip(STRANGER, CONTAINER) / tcp(443) / Raw(b"x" * 100))
    rule = rule_id(machine, "allow tcp 443 rangeB:8010::5")
    packets, size = machine.hits("rule_stats", rule)
    machine.from_wan(packet)
    assert machine.hits("rule_stats", rule) == (packets + 1, size + len(packet))


def test_a_deny_counts_what_it_drops(machine):
    rule = rule_id(machine, "deny any from 2001:db8:bad::/48")
    before = machine.hits("rule_stats", rule)[0]
    machine.from_wan(wan(ip(BANNED, CONTAINER) / tcp(443)))
    assert machine.hits("rule_stats", rule)[0] == before + 1


def test_inbound_packets_never_make_a_flow(machine):
    for port in range(1000, 1100):
        machine.from_wan(wan(ip(STRANGER, CONTAINER) / TCP(sport=port, dport=443, flags="S")))
        assert machine.flow((CONTAINER, 443), (STRANGER, port), 6) is None
