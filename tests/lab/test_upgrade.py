# SPDX-License-Identifier: GPL-2.0
"""A hundred upgrades and applies under load: nothing forbidden gets in, nothing allowed is cut."""

import subprocess
import time

import pytest

from conftest import until

VM1, INTERNET = "2001:db8:1:2:8000:1:0:1", "2001:db8:ffff::1"
INTERNET4, ROUTED, TRANSLATED = "198.51.100.1", 5201, 5202
PYTHON = "/usr/bin/python3"
# Forbidden, all the while; the listener is there, only the filter keeps them apart.
KNOCK = """
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
while True:
    s.sendto(b"knock", (sys.argv[1], 9999))
"""
LISTEN = """
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 9999))
s.recv(100)
print("a forbidden packet arrived", flush=True)
"""


@pytest.fixture(scope="module")
def up(lab):
    for port in (ROUTED, TRANSLATED):
        lab.start("internet", "iperf3", "-s", "-p", port)
    lab.xfw("up")
    lab.xfw("masquerade", "172.16.0.0/16")
    lab.xfw("save")
    return lab


def test_a_hundred_changes_under_load(up):
    listener = subprocess.Popen(up.words("vm1", PYTHON, "-c", LISTEN), stdout=subprocess.PIPE,
                                text=True)
    up.start("internet", PYTHON, "-c", KNOCK, VM1)
    sessions = [
        subprocess.Popen(up.words("vm2", "iperf3", "-c", address, "-p", port, "-t", 600, "-b", rate,
                                  *options), stdout=subprocess.DEVNULL)
        for address, port, rate, *options in ((INTERNET, ROUTED, "200M"),
                                              (INTERNET4, TRANSLATED, "50M", "--reverse"))]
    assert until(lambda: up.dropped("not-allowed") > 1000)
    started, programs = carried(up), set()
    for change in range(100):
        up.xfw("up" if change % 2 else "apply")
        programs.add(up.json("status")["interfaces"][0]["program_id"])
    assert len(programs) > 40, "no upgrade replaced the program"
    before = carried(up)
    for port in (ROUTED, TRANSLATED):
        assert before[port] - started[port] > 1000000, f"the session to {port} stood still"
        assert until(lambda: carried(up)[port] - before[port] > 1000000)
    for session in sessions:
        assert session.poll() is None
        session.terminate()
    time.sleep(0.2)
    listener.terminate()
    assert listener.communicate()[0] == ""
    assert up.dropped("not-allowed") > 10000
    # The filter was what kept them apart: the listener hears an allowed knock.
    listener = subprocess.Popen(up.words("vm1", PYTHON, "-c", LISTEN), stdout=subprocess.PIPE,
                                text=True)
    up.xfw("allow", "udp", 9999, VM1)
    assert "arrived" in listener.communicate(timeout=10)[0]


def carried(lab):
    """Bytes of the sessions, by their server's port: one is an upload, the other a download."""
    flows = lab.json("flows")
    return {port: sum(flow["bytes_out"] + flow["bytes_in"] for flow in flows
                      if flow["outside_port"] == port) for port in (ROUTED, TRANSLATED)}
