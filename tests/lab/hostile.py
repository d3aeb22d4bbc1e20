# SPDX-License-Identifier: GPL-2.0
"""Frames no honest sender makes, sent by the provider's side of the wire. Run in its namespace:
hostile.py frames DST_MAC, or hostile.py flood DST_MAC ADDRESS PORT COUNT."""

import errno
import socket
import struct
import sys

from scapy.all import Dot1Q, Ether, ICMPv6EchoRequest, IPv6, TCP, conf, get_if_hwaddr, sendp

WIRE = "cust"
CONTAINER, GUEST = "2001:db8:1:2:8010::5", "2001:db8:1:2:8000:2:0:1"
STRANGER = "2001:db8:ffff::77"


def frames(ours):
    """(name, frame): each must be dropped for the reason of its name."""
    me = get_if_hwaddr(WIRE)
    syn = IPv6(src=STRANGER, dst=CONTAINER) / TCP(sport=4000, dport=443)
    yield "not-for-us", Ether(src=me, dst="02:99:99:99:99:99") / syn
    yield "vlan", Ether(src=me, dst=ours) / Dot1Q(vlan=5) / syn
    yield "link-broadcast", Ether(src=me, dst="ff:ff:ff:ff:ff:ff") / syn
    closed = IPv6(src=STRANGER, dst=CONTAINER) / TCP(sport=4000, dport=444)
    yield "not-allowed", Ether(src=me, dst=ours) / Dot1Q(vlan=0) / closed
    yield "source-own", Ether(src=me, dst=ours) / IPv6(src=GUEST, dst=CONTAINER) / TCP(dport=443)
    yield "source-link-local", Ether(src=me, dst=ours) / IPv6(src="fe80::7", dst=CONTAINER) / \
        ICMPv6EchoRequest()
    yield "source-loopback", Ether(src=me, dst=ours) / IPv6(src="::1", dst=CONTAINER) / TCP()
    yield "tcp-flags", Ether(src=me, dst=ours) / IPv6(src=STRANGER, dst=CONTAINER) / \
        TCP(dport=443, flags="FPU")


def send(wire, frame):
    """A full queue is waited for: the flood is as fast as the wire."""
    while True:
        try:
            return wire.send(frame)
        except OSError as full:
            if full.errno != errno.ENOBUFS:
                raise


def flood(ours, address, port, count):
    """SYNs, each from another source, checksums right: what the source adds, the sequence takes."""
    packet = Ether(src=get_if_hwaddr(WIRE), dst=ours) / \
        IPv6(src="2001:db8:666::", dst=address) / TCP(sport=4000, dport=port, seq=0xffffffff)
    frame = bytearray(bytes(packet))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    # Past the queue that honest packets wait in: theirs is not to be lost before the wire.
    wire.setsockopt(263, 20, 1)  # SOL_PACKET, PACKET_QDISC_BYPASS
    wire.bind((WIRE, 0))
    for source in range(count):
        struct.pack_into("!I", frame, 34, source)
        struct.pack_into("!I", frame, 58, 0xffffffff - source)
        send(wire, frame)


if __name__ == "__main__":
    conf.verb = 0
    if sys.argv[1] == "frames":
        for name, frame in frames(sys.argv[2]):
            sendp(frame, iface=WIRE, count=3)
            print(name)
    else:
        flood(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
