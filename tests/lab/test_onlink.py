# SPDX-License-Identifier: GPL-2.0
"""A provider that has the /64 on its link, and asks for every address of it."""

import pytest

from conftest import XFW, until

NET, CONTAINER = "2001:db8:1:2", "2001:db8:1:2:8010::5"
VM2, NOBODY = "2001:db8:1:2:8000:2:0:1", "2001:db8:1:2:9000::1"
INTERNET = "2001:db8:ffff::1"
WIRE = XFW.parent / "wire.bpf.o"
PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def up(lab):
    lab.run("provider", "ip", "-6", "route", "del", f"{NET}::/64")
    lab.run("provider", "ip", "-6", "route", "add", f"{NET}::/64", "dev", "cust")
    lab.run("provider", "ip", "link", "set", "cust", "xdp", "obj", WIRE, "sec", "xdp")
    lab.start("ct1", PYTHON, "-m", "http.server", "--bind", "::", 443)
    lab.xfw("up")
    lab.xfw("allow", "tcp", 443, "rangeB:8010::5")
    lab.xfw("allow", "icmp6", "echo-request", "rangeB:8000::/65")
    return lab


def neighbour(lab, address):
    return lab.run("provider", "ip", "-6", "neigh", "show", "to", address).stdout


def test_without_the_proxy_nobody_answers(up):
    assert not up.fetch(CONTAINER, 443)
    assert "FAILED" in neighbour(up, CONTAINER) or "INCOMPLETE" in neighbour(up, CONTAINER)


def test_learn_hears_the_gateway_ask(up):
    answer = up.json("ndp", "learn")
    assert answer["answer"] == "on-link" and not answer["proxied"]
    assert answer["interface"] == "eth0" and answer["gateway"] == "2001:db8:0:1::1"
    assert "'xfw ndp proxy 2001:db8:1:2:8000::/65'" in \
        up.xfw("ndp", "learn", "rangeB:8000::/65").stdout


def test_with_it_containers_and_guests_are_reached_and_get_answers(up):
    up.xfw("ndp", "proxy", "rangeB:8000::/65")
    up.run("provider", "ip", "-6", "neigh", "flush", "dev", "cust")
    assert until(lambda: up.fetch(CONTAINER, 443))
    mac = up.run("hv", "ip", "-br", "link", "show", "eth0").stdout.split()[2]
    assert mac in neighbour(up, CONTAINER)
    up.run("vm2", "ping", "-6", "-c", 1, "-W", 2, INTERNET)
    assert up.json("stats")["interfaces"][0]["answered"]["packets"] > 0


def test_learn_sees_that_xfw_answers(up):
    answer = up.json("ndp", "learn")
    assert answer["answer"] == "on-link" and answer["proxied"]


def test_learn_knows_a_gateway_that_routes(up):
    up.run("provider", "ip", "-6", "route", "replace", f"{NET}::/64", "via", "2001:db8:0:1::2")
    assert up.json("ndp", "learn")["answer"] == "routed"
    assert "no ndp line is needed" in up.xfw("ndp", "learn").stdout
    up.run("provider", "ip", "-6", "route", "del", f"{NET}::/64")
    up.run("provider", "ip", "-6", "route", "add", f"{NET}::/64", "dev", "cust")


def test_learn_says_when_nobody_answers_and_what_is_wrong(up):
    up.run("hv", "ip", "-6", "route", "replace", "default", "via", "2001:db8:0:1::99")
    silent = up.xfw("ndp", "learn", check=False)
    assert silent.returncode == 1 and "2001:db8:0:1::99 did not answer on eth0" in silent.stderr
    up.run("hv", "ip", "-6", "route", "del", "default")
    lost = up.xfw("ndp", "learn", check=False)
    assert lost.returncode == 1 and "no IPv6 default route" in lost.stderr
    up.run("hv", "ip", "-6", "route", "add", "default", "via", "2001:db8:0:1::1")
    wrong = up.xfw("ndp", "learn", "10.0.0.0/8", check=False)
    assert wrong.returncode == 1 and "not IPv6" in wrong.stderr


def test_for_what_is_in_no_slice_nobody_answers(up):
    before = up.json("stats")["interfaces"][0]["answered"]["packets"]
    up.run("internet", "ping", "-6", "-c", 1, "-W", 2, NOBODY, check=False)
    assert "lladdr" not in neighbour(up, NOBODY)
    assert up.json("stats")["interfaces"][0]["answered"]["packets"] == before


def test_the_nic_listens_to_all_groups_while_it_proxies(up):
    def listens():
        return "ALLMULTI" in up.run("hv", "ip", "link", "show", "eth0").stdout
    assert listens()
    up.xfw("delete", "ndp", "proxy", "rangeB:8000::/65")
    assert not listens()
