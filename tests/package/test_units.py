# SPDX-License-Identifier: GPL-2.0
"""The units under a real systemd: they come up at boot inside of their sandbox, and do their work."""

import json
import re

import pytest

from conftest import build, lab_named, until
from machine import Machine, base

VM1 = "2001:db8:1:2:8000:1:0:1"
UNITS = ("xfw.service", "xfw-follow.service", "xfw-exporter.service")
# bits: linux/capability.h
CAPABILITIES = {"xfw-follow.service": 1 << 0 | 1 << 12 | 1 << 39, "xfw-exporter.service": 1 << 39}


@pytest.fixture(scope="module")
def lab():
    made = lab_named("unit")
    made.start("vm1", "/usr/bin/python3", "-m", "http.server", "--bind", "::", 443)
    yield made
    made.close()


@pytest.fixture(scope="module")
def machine(lab, package, tmp_path_factory):
    """Installed, configured, enabled, and booted."""
    directory = tmp_path_factory.mktemp("units")
    made = Machine(directory, base(package), f"{lab.name}-hv")
    made.run_online("apt-get", "-qy", "--no-install-recommends", "install",
                    made.copy_in(package))
    made.write("/etc/xfw/xfw.conf", lab.text + "allow tcp 443 vm1\nallow tcp 22 host\n"
               "masquerade 172.16.0.0/16\nndp proxy rangeB:8000::/65\n")
    made.run("systemctl", "enable", *UNITS)
    made.off()
    made = Machine(directory, base(package), f"{lab.name}-hv", systemd=True)
    assert until(lambda: made.run("systemctl", "is-system-running",
                                  check=False).stdout.strip() in ("running", "degraded"), 60)
    yield made
    made.off()


def show(machine, unit, what):
    return machine.run("systemctl", "show", "-P", what, unit).stdout.strip()


def said(machine, unit):
    return machine.run("journalctl", "--no-pager", "-u", unit).stdout


def status_of(machine, unit):
    text = machine.read(f"/proc/{show(machine, unit, 'MainPID')}/status")
    return {line.split(":")[0]: line.split(":")[1].strip() for line in text.splitlines()}


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_has_no_complaint(machine, unit):
    result = machine.run("systemd-analyze", "verify", "--man=no", f"/lib/systemd/system/{unit}")
    assert result.stderr == ""
    exposure = machine.run("systemd-analyze", "security", "--no-pager", unit).stdout
    assert float(re.search(r"Overall exposure level.*: ([\d.]+)", exposure).group(1)) < 3


def test_at_boot_it_comes_up_and_filters(machine, lab):
    assert show(machine, "xfw.service", "ActiveState") == "active", said(machine, "xfw.service")
    assert "RESCUE" not in said(machine, "xfw.service")
    assert until(lambda: lab.fetch(VM1, 443)) and not lab.fetch(VM1, 444)
    drops = json.loads(machine.run("xfw", "stats", "--json").stdout)["drops"]["wan"]
    assert drops["not-allowed"]["packets"]
    assert "masquerade" in lab.run("hv", "nft", "list", "table", "ip", "xfw").stdout
    assert machine.has("/etc/xfw/xfw.conf.last-good")


def test_a_reload_applies_the_file(machine, lab):
    before = machine.read("/etc/xfw/xfw.conf")
    machine.write("/etc/xfw/xfw.conf", before + "allow tcp 8443 vm1\n")
    machine.run("systemctl", "reload", "xfw")
    assert "8443" in machine.run("xfw", "rules").stdout
    machine.write("/etc/xfw/xfw.conf", before)
    machine.run("systemctl", "reload", "xfw")
    assert "8443" not in machine.run("xfw", "rules").stdout


def test_follow_follows(machine, lab):
    lab.run("hv", "ip", "addr", "add", "203.0.113.11/24", "dev", "eth0")
    ask = ("xfw", "explain", "tcp", "198.51.100.1", "203.0.113.11", "22", "--json")
    assert until(lambda: json.loads(machine.run(*ask).stdout)["verdict"] == "pass"), \
        said(machine, "xfw-follow.service")


def test_stopping_opens_nothing(machine, lab):
    machine.run("systemctl", "stop", "xfw")
    assert not lab.fetch(VM1, 444) and "xfw" in machine.run("xfw", "status").stdout
    machine.run("systemctl", "start", *UNITS)


@pytest.mark.parametrize("unit", CAPABILITIES)
def test_what_runs_has_these_capabilities_and_no_more(machine, unit):
    # Just started, it may not be xfw yet: what systemd has before it calls that, goes with the call.
    assert until(lambda: status_of(machine, unit)["Name"] == "xfw")
    status = status_of(machine, unit)
    assert int(status["CapBnd"], 16) == int(status["CapPrm"], 16) == CAPABILITIES[unit]
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_an_upgrade_starts_what_runs_again_and_stops_nothing(machine, lab, tmp_path):
    follow = show(machine, "xfw-follow.service", "MainPID")
    since = show(machine, "xfw.service", "ActiveEnterTimestampMonotonic")
    machine.run("dpkg", "-i", machine.copy_in(build(tmp_path, "0.1.0-2")))
    assert show(machine, "xfw-follow.service", "MainPID") not in (follow, "0")
    assert show(machine, "xfw.service", "ActiveEnterTimestampMonotonic") == since
    assert lab.fetch(VM1, 443) and not lab.fetch(VM1, 444)


def test_removed_it_is_stopped_and_off(machine, lab):
    machine.run("dpkg", "--remove", "xfw")
    assert not machine.has("/sys/fs/bpf/xfw")
    assert machine.run("systemctl", "is-active", *UNITS, check=False).stdout.split() == \
        ["inactive"] * 3
    assert "prog/xdp" not in lab.run("hv", "ip", "-d", "link").stdout
