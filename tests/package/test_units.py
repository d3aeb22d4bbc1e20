# SPDX-License-Identifier: GPL-2.0
"""The units under a real systemd: they come up at boot inside of their sandbox, and do their work."""

import json
import re

import pytest

from conftest import ROOT, build, lab_named, until
from machine import Machine, base

VM1 = "2001:db8:1:2:8000:1:0:1"
UNITS = ("xfw.service", "xfw-follow.service", "xfw-exporter.service")
PAGE = (ROOT / "docs/privileges.md").read_text()
# linux/capability.h
BITS = {"CAP_DAC_READ_SEARCH": 2, "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_NET_ADMIN": 12,
        "CAP_SYS_ADMIN": 21, "CAP_PERFMON": 38, "CAP_BPF": 39}


def documented(unit):
    """The unit's capabilities by the page, as the kernel writes them."""
    row = re.search(rf"^\| {unit} \| (.*) \|$", PAGE, re.M)[1]
    names = re.findall("CAP_[A-Z_]+", row)
    assert names
    return sum(1 << BITS[name] for name in names)


def block(holding):
    """The page's code block that holds these words."""
    [found] = [text for text in re.findall(r"^```\n(.*?)^```$", PAGE, re.M | re.S) if holding in text]
    return found


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


def status_of(machine, pid):
    return dict(line.split(":\t", 1) for line in machine.read(f"/proc/{pid}/status").splitlines())


def main_process(machine, unit):
    """Just started it may not be xfw yet: what systemd has before it calls that, goes with the call."""
    def named():
        pid = show(machine, unit, "MainPID")
        return pid != "0" and status_of(machine, pid)["Name"] == "xfw" and pid
    assert until(named, 20), said(machine, unit)
    return named()


def metrics(lab):
    return lab.run("hv", "curl", "-sS", "--max-time", 5, "http://127.0.0.1:9567/metrics",
                   check=False).stdout


def not_allowed(machine):
    stats = json.loads(machine.run("xfw", "stats", "--json").stdout)
    return stats["drops"]["wan"]["not-allowed"]["packets"]


def rewrite(machine, path, text):
    """The new text of a file that the test puts back by what is returned."""
    before = machine.read(path)
    machine.write(path, text(before))
    return before


# ---- at boot ----

def test_at_boot_it_comes_up_and_filters(machine, lab):
    assert show(machine, "xfw.service", "ActiveState") == "active", said(machine, "xfw.service")
    assert "CANNOT BE USED" not in said(machine, "xfw.service")
    assert until(lambda: lab.fetch(VM1, 443))
    before = not_allowed(machine)
    assert not lab.fetch(VM1, 444) and not_allowed(machine) > before
    assert "masquerade" in lab.run("hv", "nft", "list", "table", "ip", "xfw").stdout
    assert machine.has("/etc/xfw/xfw.conf.last-good")


def test_pins_are_roots_alone(machine):
    pins = machine.run("find", "/sys/fs/bpf/xfw").stdout.split()
    open_to_others = machine.run("find", "/sys/fs/bpf/xfw", "(", "-not", "-user", "root", "-o",
                                 "-perm", "/077", ")").stdout
    assert len(pins) > 30 and open_to_others == ""


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_has_no_complaint_and_finds_little_exposed(machine, unit):
    result = machine.run("systemd-analyze", "verify", "--man=no", f"/lib/systemd/system/{unit}")
    assert result.stderr == ""
    exposure = machine.run("systemd-analyze", "security", "--no-pager", unit).stdout
    assert float(re.search(r"Overall exposure level.*: ([\d.]+)", exposure).group(1)) <= 3, exposure


# ---- with these capabilities and no more ----

def test_what_comes_up_is_bounded_by_what_the_page_says(machine):
    bounds = show(machine, "xfw.service", "CapabilityBoundingSet").upper().split()
    assert sum(1 << BITS[name] for name in bounds) == documented("xfw.service")


def test_follow_has_what_the_page_says(machine):
    status = status_of(machine, main_process(machine, "xfw-follow.service"))
    assert int(status["CapBnd"], 16) == int(status["CapPrm"], 16) == \
        documented("xfw-follow.service")
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_neither_half_of_the_exporter_has_a_capability(machine, lab):
    assert until(lambda: "xfw_up 1" in metrics(lab), 20), said(machine, "xfw-exporter.service")
    reader = main_process(machine, "xfw-exporter.service")
    [server] = machine.read(f"/proc/{reader}/task/{reader}/children").split()
    for pid, user in ((reader, "0"), (server, "65534")):
        status = status_of(machine, pid)
        assert status["Uid"].split() == [user] * 4
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
        assert int(status["CapBnd"], 16) == documented("xfw-exporter.service")
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_the_exporter_sees_no_files_but_those_it_runs_from(machine):
    reader = main_process(machine, "xfw-exporter.service")
    for path, there in (("usr/sbin/xfw", True), ("sys/fs/bpf/xfw", True), ("etc/services", True),
                        ("etc/shadow", False), ("etc/xfw", False), ("root/.bashrc", False),
                        ("var/lib", False)):
        assert machine.run("test", "-e", f"/{path}").returncode == 0
        seen = machine.run("test", "-e", f"/proc/{reader}/root/{path}", check=False)
        assert (seen.returncode == 0) is there, path


# ---- their work ----

def test_a_reload_applies_the_file(machine):
    before = rewrite(machine, "/etc/xfw/xfw.conf", lambda text: text + "allow tcp 8443 vm1\n")
    machine.run("systemctl", "reload", "xfw")
    assert "8443" in machine.run("xfw", "rules").stdout
    machine.write("/etc/xfw/xfw.conf", before)
    machine.run("systemctl", "reload", "xfw")
    assert "8443" not in machine.run("xfw", "rules").stdout


def test_the_file_may_be_an_admins_own_in_his_home(machine):
    machine.run("useradd", "--create-home", "ann")
    machine.run("mv", "/etc/xfw/xfw.conf", "/home/ann/server.conf")
    machine.run("ln", "-s", "/home/ann/server.conf", "/etc/xfw/xfw.conf")
    machine.run("chown", "ann", "/home/ann/server.conf")
    machine.run("chmod", "0600", "/home/ann/server.conf")
    before = rewrite(machine, "/home/ann/server.conf", lambda text: text + "allow tcp 7000 vm1\n")
    machine.run("systemctl", "restart", "xfw")
    assert "CANNOT BE USED" not in said(machine, "xfw.service")
    assert "7000" in machine.run("xfw", "rules").stdout
    machine.run("rm", "/etc/xfw/xfw.conf")
    machine.write("/etc/xfw/xfw.conf", before)
    machine.run("systemctl", "reload", "xfw")


def test_follow_follows(machine, lab):
    lab.run("hv", "ip", "addr", "add", "203.0.113.11/24", "dev", "eth0")
    ask = ("xfw", "explain", "tcp", "198.51.100.1", "203.0.113.11", "22", "--json")
    assert until(lambda: json.loads(machine.run(*ask).stdout)["verdict"] == "pass", 20), \
        said(machine, "xfw-follow.service")


def test_the_exporter_tells_the_counters_while_up_and_down_come_and_go(machine, lab):
    server = main_process(machine, "xfw-exporter.service")
    assert re.search(r'xfw_drop_packets_total\{role="wan",reason="not-allowed"\} [1-9]', metrics(lab))
    machine.run("xfw", "down")
    assert re.findall("^xfw_.*", metrics(lab), re.M) == ["xfw_up 0"]
    machine.run("systemctl", "restart", "xfw")
    assert "xfw_up 1" in metrics(lab)
    assert show(machine, "xfw-exporter.service", "MainPID") == server


def test_they_do_without_the_dispatchers_capability_as_the_page_says(machine, lab):
    for unit in ("xfw.service", "xfw-follow.service"):
        machine.run("mkdir", "-p", f"/etc/systemd/system/{unit}.d")
        machine.write(f"/etc/systemd/system/{unit}.d/override.conf", block("~CAP_SYS_ADMIN"))
    before = rewrite(machine, "/etc/xfw/xfw.conf", lambda text: text + "option dispatcher off\n")
    machine.run("xfw", "down")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "xfw", "xfw-follow")
    status = status_of(machine, main_process(machine, "xfw-follow.service"))
    assert int(status["CapPrm"], 16) == \
        documented("xfw-follow.service") - (1 << BITS["CAP_SYS_ADMIN"])
    assert until(lambda: lab.fetch(VM1, 443)) and not lab.fetch(VM1, 444)
    assert "own link" in machine.run("xfw", "status").stdout
    for unit in ("xfw.service", "xfw-follow.service"):
        machine.run("rm", "-r", f"/etc/systemd/system/{unit}.d")
    machine.run("systemctl", "daemon-reload")
    machine.write("/etc/xfw/xfw.conf", before)
    machine.run("systemctl", "restart", "xfw", "xfw-follow")


# ---- those who may look ----

@pytest.fixture(scope="module")
def viewer(machine):
    """One of netadmin, who has the page's lines for sudo: how to call xfw as that user."""
    machine.run("groupadd", "netadmin")
    machine.run("useradd", "--groups", "netadmin", "vic")
    machine.write("/etc/sudoers.d/xfw", block("Cmnd_Alias"))
    machine.run("chmod", "0440", "/etc/sudoers.d/xfw")
    machine.run("visudo", "-c")
    return ("setpriv", "--reuid=vic", "--regid=vic", "--init-groups", "--")


LOOKING = ["rules", "routes", "flows", "stats", "status", "show", "rules --json", "stats --json",
           f"explain tcp 2001:db8:ffff::1 {VM1} 443",
           "explain udp 198.51.100.1 4000 203.0.113.10 53 in eth0 --json"]


@pytest.mark.parametrize("words", LOOKING)
def test_a_group_may_look_by_sudo(machine, viewer, words):
    shown = machine.run(*viewer, "sudo", "-n", "xfw", *words.split())
    assert shown.stdout and not shown.stderr
    alone = machine.run(*viewer, "xfw", *words.split(), check=False)
    assert alone.returncode == 1 and "only root may look there" in alone.stderr + alone.stdout


@pytest.mark.parametrize("words", [
    "allow tcp 1 host", "delete #1", "down", "up", "apply", "save /etc/passwd", "rules --save",
    "--config /etc/shadow check", "check /etc/shadow", "rules --config /etc/shadow",
    f"explain tcp 2001:db8:ffff::1 {VM1} 443 --config /etc/shadow",
    "explain --pin-dir /tmp", "show allow", "monitor --write /etc/passwd"])
def test_and_nothing_else(machine, viewer, words):
    before = machine.run("xfw", "show").stdout
    refused = machine.run(*viewer, "sudo", "-n", "xfw", *words.split(), check=False)
    assert refused.returncode == 1 and "a password is required" in refused.stderr
    assert refused.stdout == "" and machine.run("xfw", "show").stdout == before


def test_who_is_not_in_the_group_may_not(machine, viewer):
    machine.run("useradd", "--no-create-home", "eve")
    refused = machine.run("setpriv", "--reuid=eve", "--regid=eve", "--init-groups", "--", "sudo",
                          "-n", "xfw", "rules", check=False)
    assert refused.returncode == 1 and refused.stdout == ""


# ---- the end ----

@pytest.mark.parametrize("unit", reversed(UNITS))
def test_stopping_opens_nothing(machine, lab, unit):
    machine.run("systemctl", "stop", unit)
    assert show(machine, unit, "ActiveState") == "inactive"
    before = not_allowed(machine)
    assert lab.fetch(VM1, 443) and not lab.fetch(VM1, 444) and not_allowed(machine) > before
    machine.run("systemctl", "start", *UNITS)


def test_an_upgrade_starts_what_runs_again_and_stops_nothing(machine, lab, tmp_path):
    running = [main_process(machine, unit) for unit in UNITS[1:]]
    since = show(machine, "xfw.service", "ActiveEnterTimestampMonotonic")
    machine.run("dpkg", "-i", machine.copy_in(build(tmp_path, "0.1.0-2")))
    assert not set(running) & {main_process(machine, unit) for unit in UNITS[1:]}
    assert show(machine, "xfw.service", "ActiveEnterTimestampMonotonic") == since
    assert lab.fetch(VM1, 443) and not lab.fetch(VM1, 444)
    assert until(lambda: "xfw_up 1" in metrics(lab), 20)


def test_removed_they_are_stopped_and_off(machine, lab):
    machine.run("dpkg", "--remove", "xfw")
    assert not machine.has("/sys/fs/bpf/xfw")
    assert machine.run("systemctl", "is-active", *UNITS, check=False).stdout.split() == \
        ["inactive"] * 3
    assert metrics(lab) == "" and "prog/xdp" not in lab.run("hv", "ip", "-d", "link").stdout
