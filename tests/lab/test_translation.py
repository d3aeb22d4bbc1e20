# SPDX-License-Identifier: GPL-2.0
"""IPv4 for guests: out by the WAN's address, in by forwarded ports, and nothing else."""

import subprocess
import time

import pytest

from conftest import until

HOST4, INTERNET4, VM1_4, VM2_4 = "203.0.113.10", "198.51.100.1", "172.16.99.11", "172.16.99.12"
PYTHON = "/usr/bin/python3"
# Says who asks, then sends zeros as long as it is listened to.
WHO = """
import socketserver
class Say(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall((self.client_address[0] + "\\n").encode())
        while self.request.recv(1):
            self.request.sendall(bytes(100000))
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("0.0.0.0", PORT), Say).serve_forever()
"""
ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as s:
    print(s.recv(100).decode().strip())
"""
DOWNLOAD = """
import socket, time
s = socket.create_connection(("198.51.100.1", 7000), 2)
s.settimeout(10)
s.recv(100)
end = time.time() + 12
while time.time() < end:
    s.send(b"x")
    got = 0
    while got < 100000:
        got += len(s.recv(100000))
    time.sleep(0.01)
"""
MANY = """
import socket
for i in range(20000):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", 10000 + i))
    s.sendto(b"x", ("198.51.100.1", 9))
    s.close()
"""


@pytest.fixture(scope="module")
def up(lab):
    lab.start("internet", PYTHON, "-c", WHO.replace("PORT", "7000"))
    lab.start("vm2", PYTHON, "-c", WHO.replace("PORT", "443"))
    lab.xfw("up")
    lab.run("hv", "nft", "add table ip docker { chain forward { type filter hook forward "
            "priority 0; policy accept; }; }")
    return lab


def ask(lab, namespace, address, port):
    """The source address the server saw, or None."""
    result = lab.run(namespace, PYTHON, "-c", ASK, address, port, check=False)
    return result.stdout.strip() or None


def test_a_guest_leaves_with_the_wans_address_once_masqueraded(up):
    assert ask(up, "vm1", INTERNET4, 7000) is None
    assert up.dropped("source-spoofed", "lan") > 0
    up.xfw("masquerade", "172.16.0.0/16")
    assert until(lambda: ask(up, "vm1", INTERNET4, 7000) == HOST4)
    up.run("vm2", "ping", "-c", 1, "-W", 2, INTERNET4)


def test_a_forwarded_port_reaches_its_guest_and_no_other_does(up):
    assert ask(up, "internet", HOST4, 8443) is None
    up.xfw("forward", "tcp", 8443, "to", f"{VM2_4}:443")
    assert ask(up, "internet", HOST4, 8443) == INTERNET4
    assert ask(up, "internet", HOST4, 8444) is None
    assert ask(up, "internet", HOST4, 443) is None
    rule = up.json("rules")[-1]
    assert rule["rule"].startswith("forward tcp 8443") and rule["packets"] > 0


def test_hairpin_guests_reach_it_by_the_wans_address(up):
    assert ask(up, "vm1", HOST4, 8443)
    assert ask(up, "hv", HOST4, 8443)
    # Back to the port it came from: not while br_netfilter has the bridge answer for the router.
    up.run("hv", "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0")
    assert ask(up, "vm2", HOST4, 8443)
    assert ask(up, "vm1", HOST4, 8443)


def test_a_deny_closes_a_forwarded_port(up):
    up.xfw("deny", "any", "from", "198.51.100.0/24")
    assert ask(up, "internet", HOST4, 8443) is None
    up.xfw("delete", "deny", "any", "from", "198.51.100.0/24")
    assert ask(up, "internet", HOST4, 8443) == INTERNET4


@pytest.mark.parametrize("deny", [f"tcp 443 {VM2_4}", f"any {VM2_4} from 198.51.100.0/24",
                                  f"tcp 400-500 {VM2_4} from {INTERNET4}", "tcp 8443 host"])
def test_so_does_a_deny_of_its_target(up, deny):
    up.xfw("deny", *deny.split())
    assert ask(up, "internet", HOST4, 8443) is None
    up.xfw("delete", "deny", *deny.split())
    assert ask(up, "internet", HOST4, 8443) == INTERNET4


@pytest.mark.parametrize("deny", [f"tcp 8443 {VM2_4}", f"udp 443 {VM2_4}", f"tcp 443 {VM1_4}",
                                  f"any {VM2_4} from 192.0.2.0/24"])
def test_a_deny_of_something_else_does_not(up, deny):
    up.xfw("deny", *deny.split())
    assert ask(up, "internet", HOST4, 8443) == INTERNET4
    up.xfw("delete", "deny", *deny.split())


def test_from_limits_who_is_forwarded(up):
    up.xfw("delete", "forward", "tcp", 8443, "to", f"{VM2_4}:443")
    assert ask(up, "internet", HOST4, 8443) is None
    up.xfw("forward", "tcp", 8443, "to", f"{VM2_4}:443", "from", "192.0.2.0/24")
    assert ask(up, "internet", HOST4, 8443) is None
    up.xfw("delete", "forward", "tcp", 8443, "to", f"{VM2_4}:443", "from", "192.0.2.0/24")


def test_a_foreign_source_does_not_leave(up):
    before = up.dropped("source-spoofed", "lan")
    up.run("vm1", PYTHON, "-c", f"""
from scapy.all import IP, UDP, send
send(IP(src="9.9.9.9", dst="{INTERNET4}") / UDP(dport=9), count=3, verbose=0)""")
    assert up.dropped("source-spoofed", "lan") - before == 3


def test_what_nftables_refuses_changes_nothing(up):
    before = up.run("hv", "nft", "list", "ruleset").stdout, up.xfw("show").stdout
    assert up.xfw("forward", "tcp", 80, "to", "2001:db8::1", check=False).returncode == 1
    assert up.xfw("masquerade", "2001:db8::/32", check=False).returncode == 1
    assert (up.run("hv", "nft", "list", "ruleset").stdout, up.xfw("show").stdout) == before


def test_a_download_outlives_a_neighbours_20000_flows(up):
    download = subprocess.Popen(up.words("vm1", PYTHON, "-c", DOWNLOAD))
    time.sleep(1)
    up.run("vm2", PYTHON, "-c", MANY, timeout=120)
    assert download.wait(timeout=60) == 0


def test_other_tables_stay_and_down_takes_only_ours(up):
    assert "table ip xfw" in up.run("hv", "nft", "list", "tables").stdout
    up.xfw("down")
    assert up.run("hv", "nft", "list", "tables").stdout.split() == ["table", "ip", "docker"]
