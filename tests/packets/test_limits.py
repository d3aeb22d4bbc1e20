# SPDX-License-Identifier: GPL-2.0
"""`limit N/s`: how many go by, and which packets count."""

import pytest
from scapy.layers.inet import TCP, UDP

from harness import (CONFIG, DROP, FORWARD, STRANGER, VM1, VM1_MAC, Machine, expect, ip, wan)

RULES = """
allow udp 7000 vm1 limit 10/s
allow tcp 7000 vm1 limit 10/s
allow udp 7001 vm1
deny  udp 7001 vm1 limit 10/s
allow udp 7002 vm1 limit 1/s
allow udp 7002 vm1 from 2001:db8:ffff::/48
allow udp 7003 vm1 from 2001:db8:ffff::/48 limit 10/s
"""


@pytest.fixture(scope="module")
def machine():
    made = Machine(CONFIG + RULES, tag="lim")
    made.adopt_nothing()
    made.heard(made.port1, VM1_MAC)
    yield made
    made.close()


def verdicts(machine, transport, count=200):
    return [machine.from_wan(wan(ip(STRANGER, VM1) / transport)) for _ in range(count)]


@pytest.mark.parametrize("transport", [UDP(sport=1, dport=7000), UDP(sport=1, dport=7003),
                                       TCP(sport=1, dport=7000, flags="S")])
def test_beyond_its_limit_an_allow_lets_nothing_in(machine, transport):
    outcomes = verdicts(machine, transport)
    let_in = [outcome for outcome in outcomes if outcome.verdict == FORWARD]
    # The bucket's ten, and what it gained meanwhile.
    assert 10 <= len(let_in) <= 20
    assert all(outcome.verdict == FORWARD for outcome in outcomes[:10])
    assert {outcome.reason for outcome in outcomes if outcome.verdict == DROP} == {"rate-limited"}


def test_of_tcp_only_the_beginning_counts(machine):
    verdicts(machine, TCP(sport=2, dport=7000, flags="S"))
    for outcome in verdicts(machine, TCP(sport=2, dport=7000, flags="A")):
        expect(outcome, FORWARD)


def test_a_deny_with_a_limit_stops_what_is_beyond(machine):
    outcomes = verdicts(machine, UDP(sport=1, dport=7001))
    assert all(outcome.verdict == FORWARD for outcome in outcomes[:10])
    assert {outcome.reason for outcome in outcomes if outcome.verdict == DROP} == {"denied"}
    assert len([outcome for outcome in outcomes if outcome.verdict == DROP]) >= 180


def test_a_rule_without_a_limit_goes_before_one_with(machine):
    for outcome in verdicts(machine, UDP(sport=1, dport=7002)):
        expect(outcome, FORWARD)
