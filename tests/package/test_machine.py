# SPDX-License-Identifier: GPL-2.0
"""The life of the package on a fresh Debian: install, use, upgrade under load, remove, purge."""

import json
import re
import subprocess
import time

import pytest

from conftest import ROOT, build, lab_named, until
from machine import Machine, base

VM1, INTERNET = "2001:db8:1:2:8000:1:0:1", "2001:db8:ffff::1"
PYTHON = "/usr/bin/python3"
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
def lab():
    made = lab_named("mach")
    made.start("internet", "iperf3", "-s")
    made.start("vm1", PYTHON, "-m", "http.server", "--bind", "::", 443)
    yield made
    made.close()


@pytest.fixture(scope="module")
def machine(lab, package, tmp_path_factory):
    made = Machine(tmp_path_factory.mktemp("machine"), base(package), f"{lab.name}-hv")
    made.run_online("apt-get", "-qy", "--no-install-recommends", "install",
                    made.copy_in(package))
    yield made
    made.off()


@pytest.fixture
def up(machine, lab):
    machine.write("/etc/xfw/xfw.conf", lab.text + "allow tcp 443 vm1\nmasquerade 172.16.0.0/16\n")
    machine.run("xfw", "up", "--boot")
    yield machine
    machine.run("xfw", "down", check=False)


def answer(machine, *words):
    return json.loads(machine.run("xfw", *words, "--json").stdout)


def dropped(machine):
    return answer(machine, "stats")["drops"]["wan"]["not-allowed"]["packets"]


def sent(machine):
    return sum(flow["bytes_out"] for flow in answer(machine, "flows")
               if flow["outside_port"] == 5201)


def program(machine):
    return answer(machine, "status")["interfaces"][0]["program_id"]


def attached(lab):
    """What is on the hypervisor's interfaces, in its kernel routes and its nftables."""
    links = json.loads(lab.run("hv", "ip", "-j", "-d", "link").stdout)
    found = [link["ifname"] for link in links if "xdp" in link]
    for link in links:
        for side in ("ingress", "egress"):
            if lab.run("hv", "tc", "filter", "show", "dev", link["ifname"], side,
                       check=False).stdout:
                found.append(f"{link['ifname']} {side}")
    routes = lab.run("hv", "ip", "-6", "route").stdout
    found += re.findall(r".* proto 88.*", routes)
    return found + re.findall("table ip xfw", lab.run("hv", "nft", "list", "tables").stdout)


def upgrade(machine, package):
    return machine.run("dpkg", "-i", machine.copy_in(package))


def test_installed_it_attaches_starts_and_enables_nothing(machine, lab):
    assert "install ok installed" in machine.run("dpkg", "-s", "xfw").stdout
    assert attached(lab) == []
    assert not machine.has("/sys/fs/bpf/xfw")
    assert machine.run("find", "/etc/systemd/system", "-name", "*xfw*").stdout == ""


def test_the_example_is_refused_until_it_names_an_interface(machine, lab):
    example = machine.read("/etc/xfw/xfw.conf")
    for command in ("check", "up"):
        result = machine.run("xfw", command, check=False)
        assert result.returncode == 1 and "no 'wan IF' line" in result.stderr
    machine.write("/etc/xfw/xfw.conf", example.replace("# wan eth0", "wan eth0"))
    machine.run("xfw", "check", "/etc/xfw/xfw.conf")
    assert attached(lab) == []


def test_every_line_of_the_example_is_right(machine, lab):
    example = re.sub(r"(?m)^# (?=(define|wan|lan|route|allow|deny|masquerade|forward|ndp) )", "",
                     machine.read("/etc/xfw/xfw.conf"))
    lines = [line for line in example.splitlines() if "wg0" not in line]
    machine.write("/root/all.conf", "\n".join(lines) + "\n")
    assert "\nndp proxy" in example and "\nlan vmbr0" in example
    assert answer(machine, "check", "/root/all.conf")["statements"] > 12


def test_up_filters(up, lab):
    assert until(lambda: lab.fetch(VM1, 443))
    before = dropped(up)
    assert not lab.fetch(VM1, 444)
    assert dropped(up) > before
    assert attached(lab)


def test_an_upgrade_under_load_cuts_nothing_and_opens_nothing(up, lab, tmp_path):
    package = build(tmp_path, "0.1.0-2")
    listener = subprocess.Popen(lab.words("vm1", PYTHON, "-c", LISTEN), stdout=subprocess.PIPE,
                                text=True)
    knocking = lab.start("internet", PYTHON, "-c", KNOCK, VM1)
    session = lab.start("vm2", "iperf3", "-c", INTERNET, "-t", 600, "-b", "100M")
    assert until(lambda: dropped(up) > 1000 and sent(up) > 1000000)
    # What was typed and not saved, and what was saved and not applied, are as they were.
    up.run("xfw", "allow", "tcp", "8443", "vm1")
    up.write("/etc/xfw/xfw.conf", "nothing of sense\n")
    rules, was, drops, bytes_out = answer(up, "rules"), program(up), dropped(up), sent(up)
    upgrade(up, package)
    assert "0.1.0-2" in up.run("dpkg", "-s", "xfw").stdout
    assert program(up) != was, "the programs are the old ones"
    assert [rule["rule"] for rule in answer(up, "rules")] == [rule["rule"] for rule in rules]
    assert dropped(up) >= drops and sent(up) >= bytes_out, "counters began anew"
    assert up.read("/etc/xfw/xfw.conf") == "nothing of sense\n"
    now = sent(up)
    assert until(lambda: sent(up) > now + 1000000) and session.poll() is None
    session.terminate()
    time.sleep(0.2)
    listener.terminate()
    assert listener.communicate()[0] == ""
    # The filter was what kept them apart.
    listener = subprocess.Popen(lab.words("vm1", PYTHON, "-c", LISTEN), stdout=subprocess.PIPE,
                                text=True)
    up.run("xfw", "allow", "udp", "9999", VM1)
    assert "arrived" in listener.communicate(timeout=10)[0]
    knocking.kill()


def test_an_upgrade_during_a_trial_waits_for_its_end(up, lab, tmp_path):
    was = program(up)
    up.run("xfw", "apply", "--confirm", "300")
    said = upgrade(up, build(tmp_path, "0.1.0-3")).stderr
    assert "waits for confirmation" in said and "go on filtering" in said
    assert program(up) == was
    up.run("xfw", "confirm")
    up.run("xfw", "up", "--running")
    assert program(up) != was


def test_an_upgrade_to_another_layout_leaves_the_old_programs_filtering(up, lab, tmp_path):
    source = tmp_path / "changed"
    subprocess.run(f"mkdir {source} && tar -c --exclude=./build --exclude=./.git . |"
                   f" tar -x -C {source}", shell=True, check=True, cwd=ROOT)
    header = source / "maps/layout.h"
    text, count = re.subn(r"(XFW_LAYOUT_VERSION\s*=?\s*)(\d+)", r"\g<1>4711", header.read_text())
    assert count == 1
    header.write_text(text)
    subprocess.run([source / "scripts/deb", tmp_path, "0.1.0-4"], check=True,
                   stdout=subprocess.DEVNULL)
    was = attached(lab)
    said = upgrade(up, next(tmp_path.glob("xfw_*.deb"))).stderr
    assert "another version" in said and "go on filtering" in said
    assert attached(lab) == was and lab.fetch(VM1, 443) and not lab.fetch(VM1, 444)
    # And the new one can take the old one off.
    up.run("xfw", "down")
    assert attached(lab) == []
    up.run("xfw", "up")


def test_removed_it_leaves_nothing_attached(up, lab):
    assert attached(lab)
    up.run("dpkg", "--remove", "xfw")
    assert attached(lab) == []
    assert not up.has("/sys/fs/bpf/xfw") and not up.has("/usr/sbin/xfw")
    assert lab.fetch(VM1, 443) and up.has("/etc/xfw/xfw.conf") and up.has(
        "/etc/xfw/xfw.conf.last-good")


def test_purged_it_leaves_no_file(machine):
    machine.run("dpkg", "--purge", "xfw")
    assert not machine.has("/etc/xfw")
    left = machine.run("find", "/", "-xdev", "-name", "*xfw*").stdout.split()
    # What is ours, not the package's: the files copied in.
    assert [path for path in left if not path.startswith("/root/")] == []
    assert len(left) > 3
