# SPDX-License-Identifier: GPL-2.0
"""nmap from the internet: exactly what is allowed is open, and nothing else answers."""

import re

import pytest

from conftest import CONFIG, until

HOST, LAN, HOST4 = "2001:db8:1:2::1", "2001:db8:1:2:8000::1", "203.0.113.10"
VM1, VM2 = "2001:db8:1:2:8000:1:0:1", "2001:db8:1:2:8000:2:0:1"
CONTAINER, NOBODY = "2001:db8:1:2:8010::5", "2001:db8:1:2:8000:7:0:7"
PORTS = "1-1024,8080,8443"
SERVE = """
import http.server, socket, sys, threading
for port in map(int, sys.argv[1:]):
    server = http.server.ThreadingHTTPServer(("", port), http.server.SimpleHTTPRequestHandler,
                                             bind_and_activate=False)
    server.socket = socket.create_server(("::", port), family=socket.AF_INET6,
                                         dualstack_ipv6=True)
    threading.Thread(target=server.serve_forever).start()
"""


@pytest.fixture(scope="module")
def up(lab):
    # Everybody listens on more than is allowed.
    for name in ("hv", "vm1", "vm2", "ct1"):
        lab.start(name, "/usr/bin/python3", "-c", SERVE, 22, 80, 443, 8080)
    lab.config.write_text(CONFIG + """
allow tcp 443 rangeB:8010::5
allow tcp 80,443 rangeB:8000:2:0:1
allow tcp 22 host
masquerade 172.16.0.0/16
forward tcp 8443 to 172.16.99.11:443
""")
    lab.xfw("up")
    assert until(lambda: lab.fetch(CONTAINER, 443) and lab.fetch(VM2, 80))
    return lab


def scan(lab, address, *options):
    """(open ports, ports that answered that they are closed)."""
    family = ["-6"] if ":" in address else []
    report = lab.run("internet", "nmap", *family, "-n", "-Pn", "-sS", "-p", PORTS, "-oG", "-",
                     "--min-rate", 500, "--max-retries", 2, *options, address,
                     timeout=120).stdout
    found = {state: {int(port) for port in re.findall(rf"(\d+)/{state}/", report)}
             for state in ("open", "closed")}
    assert "Status: Up" in report, report
    return found["open"], found["closed"]


@pytest.mark.parametrize("address, allowed", [
    (HOST, {22}), (LAN, {22}), (VM1, set()), (VM2, {80, 443}), (CONTAINER, {443}),
    (NOBODY, set()), (HOST4, {22, 8443}),
])
def test_exactly_what_is_allowed_is_open(up, address, allowed):
    assert scan(up, address) == (allowed, set())


@pytest.mark.parametrize("flags", ["ACK", "FIN", "SYNFIN", "PSHACKRST"])
def test_no_trick_with_flags_gets_an_answer(up, flags):
    report = up.run("internet", "nmap", "-6", "-n", "-Pn", "-sS", "--scanflags", flags, "-p",
                    "22,80,443,8080", "--max-retries", 1, VM1).stdout
    assert "open" not in report.replace("open|filtered", "") and "closed" not in report
    assert "unfiltered" not in report, report


def test_udp_is_closed_without_a_word(up):
    report = up.run("internet", "nmap", "-6", "-n", "-Pn", "-sU", "-p", "53,67,123,161,500,547",
                    "--max-retries", 1, VM1, HOST).stdout
    assert "closed" not in report and "open " not in report, report


def test_fragments_hide_nothing(up):
    """Eight bytes a fragment hide the flags: dropped, also where the port is open."""
    report = up.run("internet", "nmap", "-n", "-Pn", "-sS", "-f", "-p", "22,80,8443",
                    "--max-retries", 1, HOST4).stdout
    assert "open" not in report and "closed" not in report, report
