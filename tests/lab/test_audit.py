# SPDX-License-Identifier: GPL-2.0
"""audit finds what is provoked here, says what to do, and finds it no more once that is done."""

import json
import subprocess

import pytest

from conftest import CONFIG, until

VM1, VM2, CONTAINER = "2001:db8:1:2:8000:1:0:1", "2001:db8:1:2:8000:2:0:1", "2001:db8:1:2:8010::5"
NOBODY = "2001:db8:1:2:8000:9:0:1"
INTERNET = "2001:db8:ffff::1"
KEYS = {"kind", "state", "id", "rule", "slice", "address", "service", "why", "remedy"}
KINDS = {"no-next-hop", "unreachable-service", "points-at-nobody", "covered", "never-hit"}
SERVED = CONFIG + f"define vm2 {VM2}\nallow tcp 80 vm1\n"


@pytest.fixture(scope="module")
def up(lab):
    lab.config.write_text(SERVED)
    for name, port in (("vm1", 80), ("vm2", 8080), ("vm2", 9090)):
        lab.start(name, "/usr/bin/python3", "-m", "http.server", "--bind", "::", port)
    lab.xfw("up")
    assert until(lambda: lab.fetch(VM1, 80))
    hear(lab)
    return lab


@pytest.fixture
def typed(up):
    """Lines more, for one test."""
    def apply(lines):
        up.config.write_text(SERVED + lines)
        up.xfw("apply", "--force")
    yield apply
    up.config.write_text(SERVED)
    up.xfw("apply", "--force")


def hear(lab):
    """The host knows both guests."""
    for guest in (VM1, VM2):
        lab.run("hv", "ping", "-c1", "-W2", guest)


def findings(lab, *words):
    result = lab.xfw("audit", "--json", *words, check=False)
    found = json.loads(result.stdout)
    assert result.returncode == (1 if any(f["state"] == "fault" for f in found) else 0)
    assert all(set(f) == KEYS and f["kind"] in KINDS and f["why"] and f["remedy"] for f in found)
    return found


def of_rule(lab, line, *words):
    return [f for f in findings(lab, *words) if f["rule"] == line]


def heal(lab, line, kind):
    """What is found of the line, once and of this kind; the remedy takes it away."""
    finding, = of_rule(lab, line)
    assert finding["kind"] == kind, finding
    rule, = (r for r in lab.json("rules") if r["rule"] == line)
    assert finding["id"] == rule["id"] and finding["remedy"] == f"xfw delete #{rule['id']}"
    lab.xfw(*finding["remedy"].split()[1:])
    assert not of_rule(lab, line)
    return finding


def test_where_all_is_well_nothing_is_found(up):
    assert findings(up) == []
    result = up.xfw("audit")
    assert result.stdout == "nothing found in 1 rules and 2 slices\n"
    assert "xfw audit --probe" in result.stderr


@pytest.mark.parametrize("line", ["allow tcp 443 2001:db8:1:2:8018::9",
                                  "allow udp 53 2001:db8:77::/48"])
def test_an_allow_towards_no_slice_points_at_nobody(up, typed, line):
    typed(line)
    assert "no slice" in heal(up, line, "points-at-nobody")["why"]


def test_an_address_on_link_that_was_never_heard_of_points_at_nobody(up, typed):
    typed(f"allow tcp 443 {NOBODY}\nallow tcp 444 vm2\n")
    finding = heal(up, f"allow tcp 443 {NOBODY}", "points-at-nobody")
    assert finding["address"] == NOBODY and finding["slice"] == "2001:db8:1:2:8000::/77"
    assert "not heard of" in finding["why"]
    # Who is known is not nobody, and what lies behind a gateway is not known to the kernel.
    assert of_rule(up, "allow tcp 444 vm2")[0]["kind"] == "never-hit"


def test_a_rule_that_was_met_points_at_somebody(up, typed):
    typed(f"allow tcp 443 {NOBODY}\n")
    assert of_rule(up, f"allow tcp 443 {NOBODY}")
    up.fetch(NOBODY, 443)
    assert until(lambda: up.json("rules")[-1]["packets"])
    assert not of_rule(up, f"allow tcp 443 {NOBODY}")


@pytest.mark.parametrize("line", ["deny tcp 25 2001:db8:77::1", "deny any from 2001:db8:bad::/48",
                                  "allow tcp 22 host", "allow tcp 443 rangeB:8010::5",
                                  "allow icmp6 echo-request any"])
def test_a_rule_without_a_hit_is_said_to_have_none(up, typed, line):
    typed(line)
    assert "up for" in heal(up, line, "never-hit")["why"]


def test_a_hit_ends_it(up, typed):
    typed("allow tcp 8080 vm2\n")
    assert of_rule(up, "allow tcp 8080 vm2")[0]["kind"] == "never-hit"
    assert until(lambda: up.fetch(VM2, 8080))
    assert not of_rule(up, "allow tcp 8080 vm2")


@pytest.mark.parametrize("line, by", [
    ("allow tcp 80 vm1 from 2001:db8:beef::/48", "allow tcp 80 vm1"),
    ("allow tcp http vm1", "allow tcp 80 vm1"),
    ("allow tcp 80 vm1 limit 5/s", "allow tcp 80 vm1"),
])
def test_a_covered_rule_names_its_coverer(up, typed, line, by):
    typed(line)
    finding = heal(up, line, "covered")
    assert finding["why"].startswith("covered by #") and finding["why"].endswith(by)


def test_an_allow_that_a_deny_covers_is_always_denied(up, typed):
    typed("deny any rangeB:8000:2:0:0/112\nallow udp 53 vm2\n")
    why = heal(up, "allow udp 53 vm2", "covered")["why"]
    assert why.startswith("always denied by #") and why.endswith("deny any rangeB:8000:2:0:0/112")


def test_a_forward_adds_what_no_allow_has(up, typed):
    typed("masquerade 172.16.99.0/24\nallow tcp any from 198.51.100.0/24\n"
          "forward tcp 8443 to 172.16.99.11:443 from 198.51.100.0/24\n")
    up.run("hv", "ping", "-c1", "-W2", "172.16.99.11")
    assert of_rule(up, "forward tcp 8443 to 172.16.99.11:443 from 198.51.100.0/24")[0]["kind"] == \
        "never-hit"


def test_a_forward_to_nobody_points_at_nobody(up, typed):
    typed("masquerade 172.16.99.0/24\nforward tcp 8443 to 172.16.99.77:443\n")
    finding, = of_rule(up, "forward tcp 8443 to 172.16.99.77:443")
    assert finding["kind"] == "points-at-nobody" and finding["address"] == "172.16.99.77"


def test_a_gateway_that_does_not_answer_is_a_fault(up, typed):
    gateway = "2001:db8:1:2:8000:a:0:1"
    line = f"route 2001:db8:1:2:8020::/77 via {gateway} dev vmbr0"
    typed(line)
    finding, = of_rule(up, line)
    assert finding["kind"] == "no-next-hop" and finding["state"] == "warning"
    assert finding["address"] == gateway and "not heard of" in finding["why"]
    assert finding["slice"] == "2001:db8:1:2:8020::/77"
    # Its own remedy asks; nobody answers, and now that is known.
    up.run("hv", *finding["remedy"].split(), check=False)
    finding, = of_rule(up, line)
    assert finding["state"] == "fault" and "does not answer" in finding["why"]


def test_an_interface_that_is_down_or_gone_is_a_fault(up, typed):
    up.run("hv", "ip", "link", "add", "vmbr7", "type", "veth", "peer", "name", "guest7")
    for end in ("vmbr7", "guest7"):
        up.run("hv", "ip", "link", "set", end, "up")
    line = "route 2001:db8:1:2:8028::/77 dev vmbr7"
    typed(f"lan vmbr7\n{line}\n")
    assert not of_rule(up, line)
    up.run("hv", "ip", "link", "set", "vmbr7", "down")
    finding, = of_rule(up, line)
    assert finding["state"] == "fault" and finding["remedy"] == "ip link set vmbr7 up"
    up.run("hv", *finding["remedy"].split())
    assert not of_rule(up, line)
    up.run("hv", "ip", "link", "del", "vmbr7")
    finding, = of_rule(up, line)
    assert finding["state"] == "fault" and "no interface vmbr7" in finding["why"]
    up.run("hv", "ip", "link", "add", "vmbr7", "type", "veth", "peer", "name", "guest7")
    typed("")
    up.run("hv", "ip", "link", "del", "vmbr7")


def test_a_tunnel_has_no_neighbours_to_miss(up, typed):
    up.run("hv", "ip", "tuntap", "add", "tun7", "mode", "tun")
    holder = up.start("hv", "/usr/bin/python3", "-c", """
import fcntl, struct, time
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH", b"tun7", 0x1001))
time.sleep(60)""")
    up.run("hv", "ip", "link", "set", "tun7", "up")
    line = "route 2001:db8:1:2:8030::/77 via fda2::2 dev tun7"
    up.run("hv", "ip", "addr", "add", "fda2::1/64", "dev", "tun7", "nodad")
    assert until(lambda: "LOWER_UP" in up.run("hv", "ip", "link", "show", "tun7").stdout)
    typed(f"tun tun7\n{line}\n")
    assert not of_rule(up, line)
    typed("")
    holder.kill()
    holder.wait()


def test_the_probe_finds_services_that_no_rule_lets_in_to(up):
    hear(up)
    services = [f for f in findings(up, "--probe") if f["kind"] == "unreachable-service"]
    assert {(f["address"], f["service"]) for f in services} == \
        {(VM2, "tcp 8080"), (VM2, "tcp 9090")}
    assert not [f for f in findings(up) if f["kind"] == "unreachable-service"]
    for finding in services:
        up.xfw(*finding["remedy"].split()[1:])
    assert not [f for f in findings(up, "--probe") if f["kind"] == "unreachable-service"]
    assert until(lambda: up.fetch(VM2, 8080))
    for finding in services:
        up.xfw("delete", *finding["remedy"].split()[1:])


@pytest.mark.parametrize("line", ["allow tcp 8080 vm2 from 2001:db8:beef::/48",
                                  "deny tcp 8080 vm2"])
def test_a_service_for_some_or_denied_on_purpose_is_none(up, typed, line):
    typed(line)
    hear(up)
    found = {f["service"] for f in findings(up, "--probe") if f["kind"] == "unreachable-service"}
    assert found == {"tcp 9090"}


def test_people_get_a_line_each_under_a_heading(up, typed):
    typed("allow tcp http vm1\nallow tcp 443 2001:db8:1:2:8018::9\n")
    first, second = (f["id"] for f in sorted(findings(up), key=lambda f: f["kind"] == "covered"))
    by = next(r["id"] for r in up.json("rules") if r["rule"] == "allow tcp 80 vm1")
    result = up.xfw("audit")
    assert result.stdout == f"""\
rules that point at nobody
  #{first} allow tcp 443 2001:db8:1:2:8018::9: in no slice, no host address; xfw delete #{first}
rules covered by others
  #{second} allow tcp http vm1: covered by #{by} allow tcp 80 vm1; xfw delete #{second}
"""


def test_looking_changes_nothing(up):
    before = up.xfw("show").stdout, up.json("rules"), up.json("stats")["drops"]
    findings(up)
    assert (up.xfw("show").stdout, up.json("rules"), up.json("stats")["drops"]) == before


def test_many_rules_are_looked_at_in_seconds(up, typed):
    lines = "".join(f"allow tcp {1 + i % 60000} 2001:db8:1:2:8010::{i // 60000 + 1:x}\n"
                    for i in range(20000))
    typed(lines)
    found = json.loads(subprocess.run(up.xfw_words("audit", "--json"), capture_output=True,
                                      text=True, timeout=30, check=True).stdout)
    assert len(found) == 20000 and {f["kind"] for f in found} == {"never-hit"}


def test_what_is_not_up_or_not_understood_is_refused(up):
    assert up.xfw("audit", "everything", check=False).returncode == 2
    result = up.xfw("--pin-dir", "/sys/fs/bpf/none", "audit", check=False)
    assert result.returncode == 1 and "not up" in result.stderr
