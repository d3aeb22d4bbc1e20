# SPDX-License-Identifier: GPL-2.0
"""A home network behind WireGuard, with a slice of the server's /64."""

import os

import pytest

from conftest import until

HOME, HOME_NET = "2001:db8:1:2:8008::5", "2001:db8:1:2:8008::/77"
VM1, INTERNET = "2001:db8:1:2:8000:1:0:1", "2001:db8:ffff::1"
PYTHON = "/usr/bin/python3"
# On a kernel without WireGuard by wireguard-go, whose control sockets are the machine's, not the
# namespace's: names of our own. tests/qemu asks for the kernel's.
KERNEL = os.environ.get("XFW_WIREGUARD") == "kernel"
TUNNELS = {"hv": f"wgh{os.getpid()}", "internet": f"wgi{os.getpid()}"}
HERE, THERE = TUNNELS["hv"], TUNNELS["internet"]


def raise_tunnel(lab, end):
    if KERNEL:
        lab.run(end, "ip", "link", "add", TUNNELS[end], "type", "wireguard")
        return
    lab.start(end, "wireguard-go", "-f", TUNNELS[end])
    assert until(lambda: lab.run(end, "ip", "link", "show", TUNNELS[end],
                                 check=False).returncode == 0)


@pytest.fixture(scope="module")
def up(lab):
    """`internet` is where home is, too: WireGuard's packets go over the WAN."""
    keys = {end: lab.run("hv", "wg", "genkey").stdout.strip() for end in ("hv", "internet")}
    public = {end: lab.run("hv", "sh", "-c", f"echo {key} | wg pubkey").stdout.strip()
              for end, key in keys.items()}
    for end, peer, allowed in (("hv", "internet", HOME_NET + ",fda2::2/128"),
                               ("internet", "hv", "::/0")):
        raise_tunnel(lab, end)
        lab.run(end, "sh", "-c", f"echo {keys[end]} | wg set {TUNNELS[end]} listen-port 51820 "
                f"private-key /dev/stdin peer {public[peer]} allowed-ips {allowed} " +
                ("" if end == "hv" else "endpoint [2001:db8:1:2::1]:51820"))
        lab.run(end, "ip", "link", "set", TUNNELS[end], "mtu", "1420", "up")
    lab.run("hv", "ip", "-6", "addr", "add", "fda2::1/64", "dev", HERE, "nodad")
    lab.run("internet", "ip", "-6", "addr", "add", "fda2::2/64", "dev", THERE, "nodad")
    lab.run("internet", "ip", "-6", "addr", "add", f"{HOME}/77", "dev", THERE, "nodad")
    # Home has its slice's traffic go through the tunnel, both ways.
    lab.run("internet", "ip", "-6", "rule", "add", "from", HOME_NET, "table", "7")
    lab.run("internet", "ip", "-6", "route", "add", "default", "dev", THERE, "table", "7")
    lab.start("internet", PYTHON, "-m", "http.server", "--bind", HOME, 443)
    lab.start("vm1", PYTHON, "-m", "http.server", "--bind", "::", 443)
    lab.xfw("up")
    lab.xfw("tun", HERE)
    lab.xfw("route", HOME_NET, "dev", HERE)
    return lab


def fetch_from_home(lab, address, port):
    return lab.run("internet", "curl", "-sS", "--interface", HOME, "--max-time", 3,
                   f"http://[{address}]:{port}/", check=False).returncode == 0


def test_the_tunnel_needs_its_port_allowed(up):
    assert not fetch_from_home(up, VM1, 443)
    up.xfw("allow", "udp", 51820, "host")
    assert until(lambda: fetch_from_home(up, VM1, 443))


def test_lan_reaches_home_and_home_the_lan(up):
    assert up.fetch(HOME, 443, "vm1")
    assert fetch_from_home(up, VM1, 443)


def test_the_world_reaches_home_where_a_rule_says_so(up):
    assert not up.fetch(HOME, 443, "provider")
    up.xfw("allow", "tcp", 443, HOME)
    assert until(lambda: up.fetch(HOME, 443, "provider"))
    route = [r for r in up.json("routes") if r["prefix"] == HOME_NET][0]
    assert route["packets"] > 0


def test_a_source_of_another_slice_is_stopped_at_the_tunnel(up):
    up.run("internet", "ip", "-6", "addr", "add", "2001:db8:1:2:8018::9/128", "dev", THERE,
           "nodad")
    up.run("internet", "ip", "-6", "rule", "add", "from", "2001:db8:1:2:8018::9", "table", "7")
    # WireGuard itself would stop it: let it through, so that the slice must.
    peer = up.run("hv", "wg", "show", HERE, "peers").stdout.strip()
    up.run("hv", "wg", "set", HERE, "peer", peer, "allowed-ips",
           f"{HOME_NET},fda2::2/128,2001:db8:1:2:8018::/77")
    before = up.dropped("source-spoofed", "tun")
    up.run("internet", "ping", "-6", "-c", 2, "-W", 1, "-I", "2001:db8:1:2:8018::9", VM1,
           check=False)
    assert up.dropped("source-spoofed", "tun") - before == 2


def test_what_does_not_fit_the_tunnel_is_told_to_the_sender(up):
    up.xfw("allow", "icmp6", "echo-request", HOME)
    answer = up.run("provider", "ping", "-6", "-c", 3, "-W", 2, "-s", 1400, "-M", "do", HOME,
                    check=False)
    assert "1420" in answer.stdout + answer.stderr, answer.stdout
    up.run("provider", "ping", "-6", "-c", 2, "-W", 2, "-s", 1300, HOME)


def test_status_names_the_tunnel_and_its_hook(up):
    interface = [i for i in up.json("status")["interfaces"] if i["interface"] == HERE][0]
    assert interface["role"] == "tun" and interface["mode"] == "tc"
