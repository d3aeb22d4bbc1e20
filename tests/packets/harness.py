# SPDX-License-Identifier: GPL-2.0
"""Packets through the loaded programs, by BPF_PROG_TEST_RUN: bytes in, verdict, reason, bytes out.

A Machine is a network namespace with a WAN, a LAN bridge and two guests' ports, on which the real
`xfw up` has attached the real programs; neighbours are static, so nothing has to answer. Every
forwarded packet is checked here for what a router owes it, whatever the row asks for."""

import ctypes
import os
import re
import socket
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet

ROOT = Path(__file__).resolve().parents[2]
XFW = ROOT / "build" / "xfw"

PASS, DROP, FORWARD = "pass", "drop", "forward"
XDP_VERDICTS = {1: DROP, 2: PASS, 3: "answer", 4: FORWARD}
TC_VERDICTS = {0xFFFFFFFF: PASS, 2: DROP}

WAN_MAC = "02:00:00:00:00:01"
GATEWAY_MAC = "02:00:00:00:00:fe"
LAN_MAC = "02:00:00:00:00:02"
VM1_MAC = "02:00:00:00:01:01"
VM2_MAC = "02:00:00:00:02:01"

HOST = "2001:db8:1:2::1"
LAN_ADDRESS = "2001:db8:1:2:8000::1"
VM1 = "2001:db8:1:2:8000:1:0:1"
VM2 = "2001:db8:1:2:8000:2:0:1"
CONTAINER = "2001:db8:1:2:8010::5"
STRANGER = "2001:db8:ffff::1"
FRIEND = "2001:db8:beef::7"
BANNED = "2001:db8:bad::7"

HOST4 = "203.0.113.10"
VM1_4 = "192.0.2.70"
STRANGER4 = "198.51.100.1"
BANNED4 = "198.51.100.200"

CONFIG = """
define rangeB 2001:db8:1:2
define vm1    rangeB:8000:1:0:1
define vm2    rangeB:8000:2:0:1

wan eth0
lan vmbr0

route rangeB:8000::/77 dev vmbr0
route rangeB:8010::/77 via rangeB:8000:1:0:1 dev vmbr0
route 192.0.2.64/26 dev vmbr0

allow tcp 443 rangeB:8010::5
allow tcp 80,8080-8090 rangeB:8000::/77
allow tcp 22 vm1 from 2001:db8:beef::/48
allow udp 53 vm1
allow udp 60000-61000 vm1
allow sctp 5000 vm1
allow icmp6 echo-request rangeB:8000::/65
allow 89 vm1
allow udp 51820 host
allow esp host
allow icmp echo-request 192.0.2.64/26
allow tcp 443 192.0.2.70
allow udp 53 192.0.2.70

deny any from 2001:db8:bad::/48
deny any from 198.51.100.128/25
deny tcp 8085 rangeB:8000::/77
deny tcp 25 any from vm2
"""


def rows_of(table):
    """The rows of an X-macro table of maps/reasons.h: (identifier, word)."""
    text = (ROOT / "maps" / "reasons.h").read_text()
    body = re.search(rf"#define {table}\(ROW\)(.*?)\n\n", text, re.S).group(1)
    return re.findall(r"ROW\((\w+), (\w+)", body)


REASONS = [word.replace("_", "-") for _, word in rows_of("XFW_DROP_REASONS")]
STATES = [word for _, word in rows_of("XFW_FLOW_STATES")]
TIMEOUTS = dict(re.findall(r"ROW\(\w+, (\w+), (\d+),",
                           (ROOT / "maps" / "reasons.h").read_text()))

# ---- the bpf system call, through libbpf ----

libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


class TestRunOpts(ctypes.Structure):
    _fields_ = [("sz", ctypes.c_size_t), ("data_in", ctypes.c_void_p),
                ("data_out", ctypes.c_void_p), ("data_size_in", ctypes.c_uint32),
                ("data_size_out", ctypes.c_uint32), ("ctx_in", ctypes.c_void_p),
                ("ctx_out", ctypes.c_void_p), ("ctx_size_in", ctypes.c_uint32),
                ("ctx_size_out", ctypes.c_uint32), ("retval", ctypes.c_uint32),
                ("repeat", ctypes.c_int), ("duration", ctypes.c_uint32),
                ("flags", ctypes.c_uint32), ("cpu", ctypes.c_uint32),
                ("batch_size", ctypes.c_uint32)]


def check(result, what):
    if result < 0:
        raise OSError(-result if result < -1 else ctypes.get_errno(), f"{what}: {result}")
    return result


@contextmanager
def inside(namespace):
    """Run in a network namespace; file descriptors and bpffs stay those of the caller."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        check(libc.setns(there, CLONE_NEWNET), "setns")
        yield
    finally:
        check(libc.setns(here, CLONE_NEWNET), "setns back")
        os.close(here)
        os.close(there)


def run(*words, **options):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                            **options)
    assert result.returncode == 0, f"{' '.join(map(str, words))}\n{result.stdout}{result.stderr}"
    return result.stdout


def possible_cpus():
    last = Path("/sys/devices/system/cpu/possible").read_text().strip().split("-")[-1]
    return int(last.split(",")[-1]) + 1


class Outcome:
    """What the program made of a packet."""

    def __init__(self, verdict, reasons, data):
        self.verdict = verdict
        self.reason = reasons[0] if len(reasons) == 1 else reasons or None
        self.bytes = data

    def __repr__(self):
        return f"{self.verdict}({self.reason})" if self.reason else self.verdict


class Machine:
    def __init__(self, config=CONFIG, tag="pkt", xfw=XFW):
        self.binary = xfw
        self.namespace = f"xfw-{tag}-{os.getpid()}"
        self.pins = f"/sys/fs/bpf/xfw-{tag}-{os.getpid()}"
        self.config = Path(f"/tmp/{self.namespace}.conf")
        self.config.write_text(config)
        self.raise_links()
        self.xfw("up", "--config", self.config)
        with inside(self.namespace):
            self.wan = socket.if_nametoindex("eth0")
            self.lan = socket.if_nametoindex("vmbr0")
            self.port1 = socket.if_nametoindex("vm1")
            self.port2 = socket.if_nametoindex("vm2")
        self.descriptors = {}
        self.cpus = possible_cpus()

    def raise_links(self):
        ns = self.namespace
        run("ip", "netns", "add", ns)
        script = f"""
            link add eth0 address {WAN_MAC} type veth peer name provider
            link add vmbr0 address {LAN_MAC} type bridge mcast_snooping 0 forward_delay 0
            link add vm1 type veth peer name guest1
            link add vm2 type veth peer name guest2
            link set vm1 master vmbr0
            link set vm2 master vmbr0
            addr add {HOST}/128 dev eth0 nodad
            addr add 2001:db8:0:1::2/64 dev eth0 nodad
            addr add {HOST4}/24 dev eth0
            addr add {LAN_ADDRESS}/77 dev vmbr0 nodad
            addr add 192.0.2.65/26 dev vmbr0
        """
        script += "".join(f"link set {name} up\n" for name in
                          "lo eth0 provider vmbr0 vm1 vm2 guest1 guest2".split())
        script += f"""
            neigh replace {VM1} lladdr {VM1_MAC} dev vmbr0 nud permanent
            neigh replace {VM2} lladdr {VM2_MAC} dev vmbr0 nud permanent
            neigh replace {VM1_4} lladdr {VM1_MAC} dev vmbr0 nud permanent
        """
        run("ip", "-n", ns, "-batch", "-",
            input="\n".join(line.strip() for line in script.splitlines() if line.strip()))
        for guest in ("guest1", "guest2"):
            run("nsenter", f"--net=/run/netns/{ns}", "ethtool", "-K", guest, "gro", "on")
        run("nsenter", f"--net=/run/netns/{ns}", "sysctl", "-qw",
            "net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1")

    def close(self):
        self.xfw("down")
        run("ip", "netns", "del", self.namespace)
        self.config.unlink()
        for descriptor in self.descriptors.values():
            os.close(descriptor)

    def xfw(self, *words):
        return run(*self.xfw_words(*words))

    def xfw_words(self, *words):
        return [str(word) for word in ("nsenter", f"--net=/run/netns/{self.namespace}", self.binary,
                                       *words, "--pin-dir", self.pins)]

    def xfw_result(self, *words):
        return subprocess.run(self.xfw_words(*words), capture_output=True, text=True)

    def pinned(self, name):
        if name not in self.descriptors:
            path = f"{self.pins}/{name}".encode()
            self.descriptors[name] = check(libbpf.bpf_obj_get(path), path)
        return self.descriptors[name]

    # ---- running programs ----

    def run_program(self, name, data, context):
        out = ctypes.create_string_buffer(len(data) + 256)
        given = ctypes.create_string_buffer(bytes(data), len(data))
        ctx = ctypes.create_string_buffer(context, len(context)) if context else None
        # A syscall program takes neither repeats nor a second context: it writes into the first.
        opts = TestRunOpts(sz=ctypes.sizeof(TestRunOpts), repeat=1 if data else 0)
        if data:
            opts.data_in, opts.data_size_in = ctypes.addressof(given), len(data)
            opts.data_out, opts.data_size_out = ctypes.addressof(out), len(out)
        if ctx:
            opts.ctx_in, opts.ctx_size_in = ctypes.addressof(ctx), len(context)
        with inside(self.namespace):
            check(libbpf.bpf_prog_test_run_opts(self.pinned(f"programs/{name}"),
                                                ctypes.byref(opts)), name)
        return opts.retval, out.raw[:opts.data_size_out], ctx.raw if ctx else b""

    def judged(self, program, role, frame, context, verdicts):
        before = self.drops(role)
        retval, data, _ = self.run_program(program, frame, context)
        after = self.drops(role)
        reasons = [reason for reason in REASONS if after[reason] != before[reason]]
        return Outcome(verdicts[retval], reasons, data)

    def from_wan(self, packet, ifindex=None):
        frame = bytes(packet)
        context = struct.pack("=IIIIII", 0, len(frame), 0, ifindex or self.wan, 0, 0)
        return self.judged("xfw_wan", 0, frame, context, XDP_VERDICTS)

    def from_lan(self, packet):
        frame = bytes(packet)
        context = struct.pack("=IIIIII", 0, len(frame), 0, self.lan, 0, 0)
        return self.judged("xfw_lan", 1, frame, context, XDP_VERDICTS)

    def from_lan_tc(self, packet):
        return self.judged("xfw_in", 1, bytes(packet), self.skb(self.lan), TC_VERDICTS)

    def leaves(self, packet):
        """The packet leaves by the WAN: xfw_out sees it."""
        self.run_program("xfw_out", bytes(packet), self.skb(self.wan))

    def heard(self, port, mac):
        """A frame from the guest came in by its port: xfw_port learns it."""
        frame = Ether(src=mac, dst=LAN_MAC) / (b"\0" * 46)
        self.run_program("xfw_port", bytes(frame), self.skb(port))

    @staticmethod
    def skb(ifindex):
        context = bytearray(192)
        struct.pack_into("=I", context, 40, ifindex)  # __sk_buff.ifindex
        return bytes(context)

    def now(self):
        return struct.unpack("=I", self.run_program("xfw_clock", b"", b"\0" * 4)[2])[0]

    # ---- maps ----

    def lookup(self, name, key, size):
        value = ctypes.create_string_buffer(size)
        if libbpf.bpf_map_lookup_elem(self.pinned(name), key, value) < 0:
            return None
        return value.raw

    def drops(self, role):
        size = len(REASONS) * 16
        raw = self.lookup("drops", struct.pack("=I", role), size * self.cpus)
        packets = dict.fromkeys(REASONS, 0)
        for cpu in range(self.cpus):
            for index, reason in enumerate(REASONS):
                packets[reason] += struct.unpack_from("=Q", raw, cpu * size + index * 16)[0]
        return packets

    def hits(self, name, index):
        """(packets, bytes) of rule_stats or route_stats."""
        raw = self.lookup(name, struct.pack("=I", index), 24 * self.cpus)
        pairs = [struct.unpack_from("=QQ", raw, cpu * 24) for cpu in range(self.cpus)]
        return tuple(map(sum, zip(*pairs)))

    def flow(self, inside_end, outside_end, protocol):
        """A flow by its ends (address, port), or None. Its table comes with it."""
        key = mapped(inside_end[0]) + mapped(outside_end[0]) + struct.pack(
            "=HHI", inside_end[1], outside_end[1], protocol)
        for table in ("flows", "flows_opening"):
            raw = self.lookup(table, key, FLOW_SIZE)
            if raw:
                return Flow(self, table, key, bytearray(raw))
        return None

    def set_until(self, offset, seconds):
        """A tick of struct control: so many seconds from now, or 0."""
        value = bytearray(self.lookup("control", b"\0" * 4, CONTROL_SIZE))
        until = self.now() + seconds * hz() // 64 if seconds else 0
        struct.pack_into("=I", value, offset, until & 0xFFFFFFFF)
        check(libbpf.bpf_map_update_elem(self.pinned("control"), b"\0" * 4, bytes(value),
                                         ctypes.c_uint64(0)), "control")

    def adopt_for(self, seconds):
        """Connections in mid-stream are taken on for so long, as after the first up."""
        self.set_until(12, seconds)

    def count_talkers_for(self, seconds):
        self.set_until(28, seconds)

    def talkers(self):
        """{(address, "guest" or "source"): (packets in, bytes in, packets out, bytes out, dropped)}"""
        descriptor, found = self.pinned("talkers"), {}
        key, last = ctypes.create_string_buffer(20), None
        while libbpf.bpf_map_get_next_key(descriptor, last, key) == 0:
            last = ctypes.create_string_buffer(key.raw, 20)
            raw = self.lookup("talkers", key.raw, 40 * self.cpus)
            each = [struct.unpack_from("=5Q", raw, cpu * 40) for cpu in range(self.cpus)]
            kind = "source" if struct.unpack_from("=I", key.raw, 16)[0] else "guest"
            found[unmapped(key.raw[:16]), kind] = tuple(map(sum, zip(*each)))
        return found

    def forget_talkers(self):
        descriptor, key = self.pinned("talkers"), ctypes.create_string_buffer(20)
        while libbpf.bpf_map_get_next_key(descriptor, None, key) == 0:
            libbpf.bpf_map_delete_elem(descriptor, key)

    def adopt_nothing(self):
        self.adopt_for(0)

    def forget_flows(self):
        for table in ("flows", "flows_opening", "fragments"):
            descriptor = self.pinned(table)
            key = ctypes.create_string_buffer(40)
            while libbpf.bpf_map_get_next_key(descriptor, None, key) == 0:
                libbpf.bpf_map_delete_elem(descriptor, key)


FLOW_SIZE, CONTROL_SIZE = 64, 32


class Flow:
    """One entry of the flow table; the field offsets are those of struct flow."""

    def __init__(self, machine, table, key, value):
        self.machine, self.table, self.key, self.value = machine, table, key, value

    @property
    def state(self):
        return STATES[struct.unpack_from("=I", self.value, 24)[0]]

    @property
    def counters(self):
        """(packets in, bytes in, packets out, bytes out)"""
        return struct.unpack_from("=QQQQ", self.value, 32)

    def idle(self, seconds):
        """Pretend that nothing was seen for so long: the clock's other hand."""
        ticks = seconds * hz() // 64
        struct.pack_into("=I", self.value, 0, (self.machine.now() - ticks) & 0xFFFFFFFF)
        check(libbpf.bpf_map_update_elem(self.machine.pinned(self.table), self.key,
                                         bytes(self.value), ctypes.c_uint64(0)), "age flow")


def hz():
    import time
    return round(1 / time.clock_getres(6))  # CLOCK_MONOTONIC_COARSE ticks with jiffies


def mapped(address):
    if ":" in address:
        return socket.inet_pton(socket.AF_INET6, address)
    return b"\0" * 10 + b"\xff\xff" + socket.inet_aton(address)


def unmapped(octets):
    if octets[:12] == b"\0" * 10 + b"\xff\xff":
        return socket.inet_ntoa(octets[12:])
    return socket.inet_ntop(socket.AF_INET6, octets)


# ---- building and checking packets ----

def ip(source, destination, **fields):
    """An IP header of whichever family the addresses are."""
    if ":" in source:
        return IPv6(src=source, dst=destination, **fields)
    if "hlim" in fields:
        fields["ttl"] = fields.pop("hlim")
    return IP(src=source, dst=destination, **fields)


def wan(packet, dst=WAN_MAC, **fields):
    """As the provider's router sends it."""
    return Ether(src=GATEWAY_MAC, dst=dst, **fields) / packet


def lan(packet, src=VM1_MAC, dst=LAN_MAC, **fields):
    """As a guest sends it to its gateway."""
    return Ether(src=src, dst=dst, **fields) / packet


def out(packet):
    """As it leaves by the WAN."""
    return Ether(src=WAN_MAC, dst=GATEWAY_MAC) / packet


def expect(outcome, verdict, reason=None, sent=None, next_hop=VM1_MAC):
    """The verdict and reason of a row, and what is true of every packet."""
    description = f"{sent.summary() if isinstance(sent, Packet) else sent}: {outcome}"
    assert outcome.verdict == verdict, f"{description}, expected {verdict}({reason})"
    assert outcome.reason == reason, f"{description}, expected {verdict}({reason})"
    if sent is None:
        return
    given = bytes(sent)
    if verdict == FORWARD:
        expect_routed(given, outcome.bytes, next_hop)
    else:
        assert outcome.bytes == given, f"{description}: bytes were changed"


def expect_routed(given, got, next_hop):
    """RFC 1812 5.2, RFC 8200 3: one hop less, link-layer addresses anew, all else untouched."""
    before, after = Ether(given), Ether(got)
    assert after.src == LAN_MAC and after.dst == next_hop, f"{after.src} > {after.dst}"
    assert given[12:14] == got[12:14]
    if before.type == 0x86DD:
        assert got[21] == given[21] - 1, "hop limit"
        assert got[14:21] + got[22:] == given[14:21] + given[22:], "more than the hop limit"
    else:
        assert got[22] == given[22] - 1, "TTL"
        header = got[14:14 + (got[14] & 15) * 4]
        total = sum(struct.unpack(f"!{len(header) // 2}H", header))
        total = (total & 0xFFFF) + (total >> 16)
        assert (total & 0xFFFF) + (total >> 16) == 0xFFFF, "header checksum"
        assert got[14:22] + got[23:24] + got[26:] == given[14:22] + given[23:24] + given[26:]
