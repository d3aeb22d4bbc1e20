# SPDX-License-Identifier: GPL-2.0
"""Maps that are full, under the load that fills them: what is known goes on, what is new gets in."""

import errno
import json
import subprocess

import pytest

import steady
from conftest import OLD_ONLY, PYTHON, VM1, until
from two import OLD

INTERNET = "2001:db8:ffff::1"
FLOWS = 1024
SERVE = """
import socket, threading
def answer_all():
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.bind(("::", 9001))
    while True:
        data, peer = s.recvfrom(100)
        s.sendto(data, peer)
threading.Thread(target=answer_all, daemon=True).start()
s = socket.create_server(("::", 9000), family=socket.AF_INET6)
def echo(c):
    while data := c.recv(100):
        c.send(data)
while True:
    threading.Thread(target=echo, args=(s.accept()[0],), daemon=True).start()
"""
# A connection that says what it is told to, and hears it again or ends.
TALK = f"""
import socket, sys
s = socket.create_connection(("{INTERNET}", 9000), timeout=5)
for line in sys.stdin:
    s.send(line.encode())
    print(s.recv(100).decode(), end="", flush=True)
"""
# Flows that are answered, a port of the guest's each.
ANSWERED = f"""
import socket
heard = 0
for port in range(20000, 20000 + {2 * FLOWS}):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", port))
    s.settimeout(2)
    s.sendto(b"x", ("{INTERNET}", 9001))
    heard += s.recv(10) == b"x"
    s.close()
print(heard)
"""
# Flows that nobody answers: a scan from inside.
UNANSWERED = """
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for host in range(2):
    for port in range(1, 40000):
        s.sendto(b"x", (f"2001:db8:ffff::dead:{host}", port))
"""
# Guests that nobody has seen before, by the thousand.
STRANGERS = """
import socket, struct
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for i in range(10000):
    s.send(b"\\xff" * 6 + struct.pack("!HI", 0x0200, i) + b"\\x88\\xb5" + bytes(46))
"""
# First fragments of datagrams whose rest never comes, and then a whole one in two.
FRAGMENTS = f"""
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_FRAGMENT)
udp = struct.pack("!HHHH", 4000, {OLD_ONLY}, 2000, 0) + bytes(56)
for i in range(20000):
    s.sendto(struct.pack("!BBHI", 17, 0, 1, i) + udp, ("{VM1}", 0))
"""


@pytest.fixture(scope="module")
def up(lab, packets):
    lab.start("internet", PYTHON, "-c", SERVE)
    lab.packets = packets
    lab.config.write_text(OLD + f"option flows {FLOWS}\n")
    lab.xfw("up")
    adopt_nothing(lab)
    packets.begin()
    lab.good = lab.state()
    return lab


def adopt_nothing(lab):
    """A connection that is forgotten must stay so, though xfw has just come up."""
    value = bytearray(int(byte, 16) for byte in dump(lab, "control")[0]["value"])
    value[12:16] = bytes(4)
    lab.run("hv", "bpftool", "map", "update", "pinned", f"{lab.pins}/control", "key", 0, 0, 0, 0,
            "value", *value)


def dump(lab, name):
    return json.loads(lab.run("hv", "bpftool", "-j", "map", "dump", "pinned",
                              f"{lab.pins}/{name}").stdout)


def used(lab, name):
    return {m["name"]: m["used"] for m in lab.json("status")["maps"]}[name]


@pytest.fixture
def talk(up):
    def connect():
        process = subprocess.Popen(up.words("vm1", PYTHON, "-c", TALK), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        processes.append(process)

        def say(word):
            process.stdin.write(f"{word}\n")
            process.stdin.flush()
            return process.stdout.readline() == f"{word}\n"
        assert until(lambda: say("hello"))
        return say
    processes = []
    yield connect
    for process in processes:
        process.kill()
        process.wait()


def fill(lab, namespace, script):
    return subprocess.Popen(lab.words(namespace, PYTHON, "-c", script), stdout=subprocess.PIPE,
                            text=True)


def test_flows_full_of_answered_ones(up, talk):
    say = talk()
    filling = fill(up, "vm2", ANSWERED)
    while filling.poll() is None:
        assert say("still there"), "a connection in use was pushed out"
    assert filling.stdout.read() == f"{2 * FLOWS}\n", "a new flow got no answer"
    assert used(up, "flows") > FLOWS // 2
    assert say("and after") and talk()("a new one")
    steady.assert_judges(up)


def test_flows_half_open_by_a_scan_from_inside(up, talk):
    say = talk()
    filling = fill(up, "vm2", UNANSWERED)
    while filling.poll() is None:
        assert say("still there"), "a connection was pushed out"
    assert used(up, "flows_opening") > 60000
    assert say("and after") and talk()("a new one")
    steady.assert_judges(up)


def test_fragments_of_which_the_rest_never_comes(up):
    up.packets.begin()
    fill(up, "internet", FRAGMENTS).wait()
    assert used(up, "fragments") > 8000
    before = up.dropped("fragment-unknown")
    up.run("internet", PYTHON, "-c", f"""
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in range(50):
    s.sendto(bytes(3000), ("{VM1}", {OLD_ONLY}))
""")
    assert up.dropped("fragment-unknown") == before
    assert up.packets.gap < 3
    steady.assert_judges(up)


# ---- more ports than there is room for ----

def word(number):
    return [str(byte) for byte in number.to_bytes(4, "little")]


def fill_with_gone(lab, name, value):
    """Entries of interfaces that are no more, as many as there is room for."""
    lines = []
    for index in range(1 << 20, (1 << 20) + 8192):
        lines.append(" ".join(["map", "update", "pinned", f"{lab.pins}/{name}", "key",
                               *word(index), "value", *word(value)]))
    subprocess.run(lab.words("hv", "bpftool", "batch", "file", "-"), input="\n".join(lines),
                   text=True, capture_output=True, check=False)


def indexes(lab):
    return {link["ifname"]: link["ifindex"] for link in
            json.loads(lab.run("hv", "ip", "-j", "link").stdout)}


@pytest.mark.parametrize("name", ["bridge_ports", "port_devices"])
def test_a_port_for_which_there_is_no_room_is_the_kernels(up, name):
    index = indexes(up)
    up.packets.begin()
    up.run("hv", "bpftool", "map", "delete", "pinned", f"{up.pins}/{name}", "key",
           *word(index["vm1"]))
    fill_with_gone(up, name, index["vmbr0" if name == "bridge_ports" else "vm2"])
    assert len(dump(up, name)) == 8192
    if name == "bridge_ports":
        up.run("hv", "bpftool", "map", "delete", "pinned", f"{up.pins}/ports", "key",
               *word(index["vmbr0"]), *mac_of_vm1(up), 0, 0)
    before = up.forwarded()
    assert up.packets.open_ports() == {OLD_ONLY}
    # And what is gone makes room for what is there.
    assert up.xfw("sync").stderr == ""
    assert len(dump(up, name)) == 2
    assert until(lambda: up.packets.open_ports() == {OLD_ONLY} and up.forwarded() > before)
    assert up.packets.gap < 3
    steady.assert_judges(up)


def mac_of_vm1(lab):
    link = json.loads(lab.run("vm1", "ip", "-j", "link", "show", "eth0").stdout)[0]
    return [int(byte, 16) for byte in link["address"].split(":")]


def test_a_full_map_of_ports_is_told_of(up):
    said = set()
    up.xfw("sync")
    calls = up.calls("change", "sync")
    assert calls < 200
    for at in range(1, calls + 1):
        outcome = up.fault("change", at, errno.E2BIG, "sync")
        said |= {line for line in outcome.stderr.splitlines() if "there is room" in line}
        if said:
            break
    assert said == {"xfw: warning: vm1: no fast path to it: there is room for 8192 ports, and no more; "
                    "the kernel forwards"}
    up.xfw("sync")
    steady.assert_judges(up)


# Last: the bridge remembers them for five minutes, and each sync asks it.
def test_ports_full_of_strange_guests(up):
    up.packets.begin()
    fill(up, "vm2", STRANGERS).wait()
    assert used(up, "ports") > 4000
    assert up.packets.gap < 3
    steady.assert_judges(up)
