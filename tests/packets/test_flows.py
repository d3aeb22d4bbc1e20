# SPDX-License-Identifier: GPL-2.0
"""Flows that start inside: how each opens, is answered, closes and expires. A story is a list of
steps; `out` leaves by the WAN, `in` comes from the provider and has a verdict."""

import pytest
from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest
from scapy.layers.sctp import (SCTP, SCTPChunkAbort, SCTPChunkData, SCTPChunkInit,
                               SCTPChunkInitAck)
from scapy.packet import Raw

from harness import (BANNED, DROP, FORWARD, HOST, HOST4, PASS, STRANGER, STRANGER4, TIMEOUTS, VM1,
                     VM1_4, expect, ip, out, wan)

GUEST_PORT, SERVER_PORT = 50000, 8443
CLOSED = (DROP, "not-allowed")
OPEN = (FORWARD, None)

FAMILIES = {"IPv6": (VM1, STRANGER), "IPv4": (VM1_4, STRANGER4)}


def tcp_out(flags, **fields):
    return TCP(sport=GUEST_PORT, dport=SERVER_PORT, flags=flags, **fields)


def tcp_in(flags, **fields):
    return TCP(sport=SERVER_PORT, dport=GUEST_PORT, flags=flags, **fields)


def udp_out(**fields):
    return UDP(sport=GUEST_PORT, dport=SERVER_PORT, **fields)


def udp_in(**fields):
    return UDP(sport=SERVER_PORT, dport=GUEST_PORT, **fields)


def sctp(chunk, inbound=False):
    ports = (SERVER_PORT, GUEST_PORT) if inbound else (GUEST_PORT, SERVER_PORT)
    return SCTP(sport=ports[0], dport=ports[1]) / chunk


def sent(packet):
    return "out", packet, None


def answer(packet, expected=OPEN):
    return "in", packet, expected


def idle(seconds):
    return "idle", seconds, None


def state(word):
    return "state", word, None


HANDSHAKE = [sent(tcp_out("S")), state("opening"), answer(tcp_in("SA")), state("established"),
             sent(tcp_out("A", ack=1000))]
ANSWERED_UDP = [sent(udp_out()), answer(udp_in()), state("answered")]

TCP_STORIES = {
    "nothing_was_sent": [answer(tcp_in("SA"), CLOSED), answer(tcp_in("A"), CLOSED)],
    "a_syn_opens_and_a_syn_ack_establishes": HANDSHAKE,
    "data_flows_both_ways": HANDSHAKE + [answer(tcp_in("A")), sent(tcp_out("PA")),
                                         answer(tcp_in("PA"))],
    "a_repeated_syn_ack_is_an_answer_still": HANDSHAKE + [answer(tcp_in("SA"))],
    "an_ack_is_no_answer_to_a_syn": [sent(tcp_out("S")), answer(tcp_in("A"), CLOSED),
                                     state("opening")],
    "data_is_no_answer_to_a_syn": [sent(tcp_out("S")), answer(tcp_in("PA"), CLOSED)],
    "a_reset_answers_a_syn_and_opens_nothing": [sent(tcp_out("S")), answer(tcp_in("RA")),
                                                state("opening")],
    "simultaneous_open": [sent(tcp_out("S")), answer(tcp_in("S")), state("established"),
                          answer(tcp_in("SA"))],
    "a_syn_from_outside_opens_nothing": [answer(tcp_in("S"), CLOSED), state(None)],
    "a_syn_on_an_established_flow_is_not_its_answer": HANDSHAKE + [answer(tcp_in("S"), CLOSED)],
    "a_mid_stream_packet_opens_nothing": [sent(tcp_out("A")), state(None),
                                          answer(tcp_in("A"), CLOSED)],
    "a_fin_opens_nothing": [sent(tcp_out("FA")), state(None)],
    "a_reset_opens_nothing": [sent(tcp_out("R")), state(None)],
    "a_syn_ack_opens_nothing": [sent(tcp_out("SA")), state(None)],
    "one_fin_leaves_it_established": HANDSHAKE + [sent(tcp_out("FA")), state("established"),
                                                  answer(tcp_in("A"))],
    "both_fins_close": HANDSHAKE + [sent(tcp_out("FA")), answer(tcp_in("FA")), state("closing"),
                                    sent(tcp_out("A")), answer(tcp_in("A"))],
    "the_other_side_may_close_first": HANDSHAKE + [answer(tcp_in("FA")), state("established"),
                                                   sent(tcp_out("FA")), state("closing")],
    "a_reset_from_inside_closes": HANDSHAKE + [sent(tcp_out("R")), state("closed"),
                                               answer(tcp_in("A")), idle(11),
                                               answer(tcp_in("A"), CLOSED)],
    "a_reset_in_the_window_closes": HANDSHAKE + [answer(tcp_in("R", seq=1000)),
                                                 state("closed")],
    "a_guessed_reset_closes_nothing": HANDSHAKE + [answer(tcp_in("R", seq=999)),
                                                   state("established"), idle(60),
                                                   answer(tcp_in("A"))],
    "a_closed_port_may_be_used_again": HANDSHAKE + [sent(tcp_out("R")), state("closed"),
                                                    sent(tcp_out("S")), state("opening"),
                                                    answer(tcp_in("SA")), state("established")],
    "a_closing_port_may_be_used_again": HANDSHAKE + [sent(tcp_out("FA")), answer(tcp_in("FA")),
                                                     sent(tcp_out("S")), state("opening")],
    "half_open_expires": [sent(tcp_out("S")), idle(int(TIMEOUTS["opening"]) + 2),
                          answer(tcp_in("SA"), CLOSED)],
    "half_open_lives_until_then": [sent(tcp_out("S")), idle(int(TIMEOUTS["opening"]) - 2),
                                   answer(tcp_in("SA"))],
    "established_lives_for_hours": HANDSHAKE + [idle(int(TIMEOUTS["established"]) - 2),
                                                answer(tcp_in("A"))],
    "established_expires": HANDSHAKE + [idle(int(TIMEOUTS["established"]) + 2),
                                        answer(tcp_in("A"), CLOSED)],
    "a_packet_keeps_it_alive": HANDSHAKE + [idle(28000), sent(tcp_out("A")), idle(28000),
                                            answer(tcp_in("A"))],
    "closing_expires": HANDSHAKE + [sent(tcp_out("FA")), answer(tcp_in("FA")),
                                    idle(int(TIMEOUTS["closing"]) + 2),
                                    answer(tcp_in("A"), CLOSED)],
    "other_ports_are_other_flows": HANDSHAKE + [
        answer(TCP(sport=SERVER_PORT, dport=GUEST_PORT + 1, flags="A"), CLOSED),
        answer(TCP(sport=SERVER_PORT + 1, dport=GUEST_PORT, flags="A"), CLOSED),
        answer(UDP(sport=SERVER_PORT, dport=GUEST_PORT), CLOSED)],
}

OTHER_STORIES = {
    "udp_nothing_was_sent": [answer(udp_in(), CLOSED)],
    "udp_is_answered": ANSWERED_UDP,
    "udp_unanswered_lives_two_minutes": [sent(udp_out()), idle(118), answer(udp_in())],
    "udp_unanswered_expires": [sent(udp_out()), idle(123), answer(udp_in(), CLOSED)],
    "udp_answered_lives_longer": ANSWERED_UDP + [idle(290), answer(udp_in())],
    "udp_answered_expires": ANSWERED_UDP + [idle(303), answer(udp_in(), CLOSED)],
    "udp_from_another_port": ANSWERED_UDP + [
        answer(UDP(sport=SERVER_PORT + 1, dport=GUEST_PORT), CLOSED)],
    "sctp_init_opens": [sent(sctp(SCTPChunkInit())), answer(sctp(SCTPChunkInitAck(), True)),
                        state("established"), answer(sctp(SCTPChunkData(), True))],
    "sctp_data_opens_nothing": [sent(sctp(SCTPChunkData())),
                                answer(sctp(SCTPChunkData(), True), CLOSED)],
    "sctp_abort_closes": [sent(sctp(SCTPChunkInit())), answer(sctp(SCTPChunkInitAck(), True)),
                          sent(sctp(SCTPChunkAbort())), state("closing")],
}


class Story:
    """Runs the steps of one flow; @headers: fields of both IP headers (a protocol number)."""

    def __init__(self, machine, inside, outside, protocol, ports=(GUEST_PORT, SERVER_PORT)):
        self.machine, self.inside, self.outside = machine, inside, outside
        self.protocol, self.ports = protocol, ports

    def flow(self):
        return self.machine.flow((self.inside, self.ports[0]), (self.outside, self.ports[1]),
                                 self.protocol)

    def tell(self, steps):
        for kind, what, expected in steps:
            if kind == "out":
                self.machine.leaves(out(ip(self.inside, self.outside) / what))
            elif kind == "in":
                packet = wan(ip(self.outside, self.inside) / what)
                expect(self.machine.from_wan(packet), *expected, packet)
            elif kind == "idle":
                self.flow().idle(what)
                # The guests' MACs must not age with the flow: they are heard of meanwhile.
            elif kind == "state":
                flow = self.flow()
                assert (flow and flow.state) == what


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", TCP_STORIES)
def test_tcp(machine, name, family):
    machine.adopt_nothing()
    Story(machine, *FAMILIES[family], protocol=6).tell(TCP_STORIES[name])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", OTHER_STORIES)
def test_other(machine, name, family):
    machine.adopt_nothing()
    protocol = 132 if name.startswith("sctp") else 17
    Story(machine, *FAMILIES[family], protocol=protocol).tell(OTHER_STORIES[name])


ECHO = {"IPv6": (ICMPv6EchoRequest, ICMPv6EchoReply, 58),
        "IPv4": (lambda **fields: ICMP(type=8, **fields), lambda **fields: ICMP(type=0, **fields),
                 1)}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_echo_is_answered_by_its_identifier(machine, family):
    request, reply, protocol = ECHO[family]
    story = Story(machine, *FAMILIES[family], protocol, ports=(77, 0))
    story.tell([answer(reply(id=77), CLOSED), sent(request(id=77)), answer(reply(id=78), CLOSED),
                answer(reply(id=77)), state("echo"), idle(58), answer(reply(id=77)), idle(63),
                answer(reply(id=77), CLOSED)])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_reply_from_inside_opens_nothing(machine, family):
    request, reply, protocol = ECHO[family]
    story = Story(machine, *FAMILIES[family], protocol, ports=(77, 0))
    story.tell([sent(reply(id=77)), state(None)])


@pytest.mark.parametrize("protocol", (47, 50, 41, 89))
def test_any_protocol_is_answered_by_its_ends(machine, protocol):
    packet = wan(ip(STRANGER, VM1, nh=protocol) / Raw(b"x" * 24))
    if protocol != 89:  # allowed in harness.py
        expect(machine.from_wan(packet), *CLOSED, packet)
    machine.leaves(out(ip(VM1, STRANGER, nh=protocol) / Raw(b"x" * 24)))
    expect(machine.from_wan(packet), *OPEN, packet)
    assert (machine.flow((VM1, 0), (STRANGER, 0), protocol) is None) == (protocol == 89)


@pytest.mark.parametrize("inside, outside", [(HOST, STRANGER), (HOST4, STRANGER4)])
def test_the_hosts_own_flows_are_answered_to_the_kernel(machine, inside, outside):
    packet = wan(ip(outside, inside) / udp_in())
    expect(machine.from_wan(packet), *CLOSED, packet)
    machine.leaves(out(ip(inside, outside) / udp_out()))
    expect(machine.from_wan(packet), PASS, None, packet)


def test_a_service_that_answers_opens_no_flow(machine):
    machine.leaves(out(ip(VM1, STRANGER) / UDP(sport=53, dport=4000)))
    assert machine.flow((VM1, 53), (STRANGER, 4000), 17) is None
    machine.leaves(out(ip(VM1, STRANGER) / TCP(sport=80, dport=4000, flags="SA")))
    assert machine.flow((VM1, 80), (STRANGER, 4000), 6) is None


def test_a_deny_cuts_the_answers_of_a_flow(machine):
    machine.leaves(out(ip(VM1, BANNED) / udp_out()))
    packet = wan(ip(BANNED, VM1) / udp_in())
    expect(machine.from_wan(packet), DROP, "denied", packet)


def test_a_new_deny_cuts_a_living_flow_and_no_other(machine):
    for source in (STRANGER, "2001:db8:ffff::2"):
        machine.leaves(out(ip(VM1, source) / udp_out()))
        expect(machine.from_wan(wan(ip(source, VM1) / udp_in())), *OPEN)
    machine.xfw("deny", "any", "from", STRANGER)
    try:
        expect(machine.from_wan(wan(ip(STRANGER, VM1) / udp_in())), DROP, "denied")
        expect(machine.from_wan(wan(ip("2001:db8:ffff::2", VM1) / udp_in())), *OPEN)
    finally:
        machine.xfw("delete", "deny", "any", "from", STRANGER)
    expect(machine.from_wan(wan(ip(STRANGER, VM1) / udp_in())), *OPEN)


def test_connections_older_than_xfw_are_adopted_for_a_while(machine):
    machine.adopt_for(60)
    story = Story(machine, VM1, STRANGER, 6)
    story.tell([sent(tcp_out("A")), state("established"), answer(tcp_in("PA"))])
    machine.adopt_nothing()


def test_a_service_in_mid_stream_is_not_adopted(machine):
    machine.adopt_for(60)
    machine.leaves(out(ip(VM1, STRANGER) / TCP(sport=80, dport=4000, flags="A")))
    assert machine.flow((VM1, 80), (STRANGER, 4000), 6) is None
    machine.adopt_nothing()


def test_both_directions_are_counted(machine):
    first = out(ip(VM1, STRANGER) / udp_out() / Raw(b"x" * 100))
    second = wan(ip(STRANGER, VM1) / udp_in() / Raw(b"x" * 300))
    machine.leaves(first)
    machine.from_wan(second)
    machine.from_wan(second)
    flow = machine.flow((VM1, GUEST_PORT), (STRANGER, SERVER_PORT), 17)
    assert flow.counters == (2, 2 * len(second), 1, len(first))


def test_a_scan_from_inside_evicts_no_established_flow(machine):
    Story(machine, VM1, STRANGER, 6).tell(HANDSHAKE)
    for port in range(1, 3000):
        machine.leaves(out(ip(VM1, STRANGER) / TCP(sport=1024, dport=port, flags="S")))
    Story(machine, VM1, STRANGER, 6).tell([answer(tcp_in("A"))])
