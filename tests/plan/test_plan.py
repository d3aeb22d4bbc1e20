# SPDX-License-Identifier: GPL-2.0
"""The plan, and that every file of it is accepted by the program it is for."""

import json
import os
import re
import stat
import subprocess
import time
from pathlib import Path

import pytest

XFW = Path(__file__).resolve().parents[2] / "build" / "xfw"
NET = "2001:db8:1:2"


def xfw(*words, check=True):
    result = subprocess.run([XFW, *map(str, words)], capture_output=True, text=True)
    assert not check or result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope="module")
def machine():
    """A namespace with the interfaces that the plan names."""
    name = f"xfwplan-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    for link in ("eth0 type veth peer name provider", "vmbr0 type bridge",
                 "wg0 type veth peer name home", "vm1 type veth peer name guest1"):
        subprocess.run(["ip", "-n", name, "link", "add", *link.split()], check=True)
    subprocess.run(["ip", "-n", name, "addr", "add", "203.0.113.10/24", "dev", "eth0"],
                   check=True)
    yield lambda *words: subprocess.run(["nsenter", f"--net=/run/netns/{name}", *map(str, words)],
                                        capture_output=True, text=True)
    subprocess.run(["ip", "netns", "del", name], check=True)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    directory = tmp_path_factory.mktemp("plan") / "files"
    xfw("plan", f"{NET}::/64", "--write", directory, "--onlink", "--wan-address",
        "203.0.113.10/24", "--wan-gateway", "203.0.113.1")
    return directory


def test_the_plan_is_the_seeds():
    plan = json.loads(xfw("plan", f"{NET}::/64", "host", "web", "--json").stdout)
    assert (plan["range_a"], plan["range_b"]) == (f"{NET}::/65", f"{NET}:8000::/65")
    assert (plan["slices"], plan["host"]) == (4096, f"{NET}::1")
    assert plan["lan"]["prefix"] == f"{NET}:8000::/77"
    assert plan["tunnel"]["prefix"] == f"{NET}:8008::/77"
    [guest] = plan["guests"]
    assert (guest["name"], guest["address"], guest["containers"]) == \
        ("web", f"{NET}:8000:1:0:1", f"{NET}:8010::/77")


def test_the_table_fits_80_columns():
    lines = xfw("plan", "2001:db8:1111:2222::/64", "--vms", 9).stdout.splitlines()
    assert len(lines) > 20 and max(map(len, lines)) <= 80


@pytest.mark.parametrize("words, status, said", [
    (["2001:db8:1:2::/63"], 1, "/64"), (["2001:db8:1:2::1/64"], 1, "2001:db8:1:2::/64"),
    (["10.0.0.0/8"], 1, "10.0.0.0/8"), (["nonsense"], 1, "nonsense"),
    ([f"{NET}::/64", "--vms", "4095"], 1, "4095"), ([f"{NET}::/64", "--vms", "x"], 1, "x"),
    ([f"{NET}::/64", "--lan4", "fd00::/8"], 1, "fd00::/8"), ([], 2, "usage"),
    ([f"{NET}::/64", "--nothing"], 2, "nothing"),
    ([f"{NET}::/64", "--write", "/etc/hostname"], 1, "not a directory"),
    ([f"{NET}::/64", "--write", "/etc"], 1, "not empty"),
    ([f"{NET}::/64", "--write", "/nowhere/at/all"], 1, "/nowhere/at"),
])
def test_what_is_wrong_is_named_and_nothing_is_written(words, status, said):
    result = xfw("plan", *words, check=False)
    assert result.returncode == status and said in result.stderr, result.stderr


def test_private_keys_are_for_root_alone(written):
    for name in ("wg-host.conf", "wg-home.conf"):
        assert stat.S_IMODE((written / name).stat().st_mode) == 0o600


def test_xfw_accepts_its_file(written, machine):
    result = machine(XFW, "check", written / "xfw.conf")
    assert result.returncode == 0, result.stderr
    text = (written / "xfw.conf").read_text()
    assert "ndp proxy rangeB:8000::/65" in text and "masquerade 172.16.99.0/24" in text


def test_wg_quick_accepts_both_ends_and_they_know_each_other(written, tmp_path):
    keys = {}
    for end in ("host", "home"):
        copy = tmp_path / f"{end}.conf"
        copy.write_text((written / f"wg-{end}.conf").read_text())
        copy.chmod(0o600)
        stripped = subprocess.run(["wg-quick", "strip", copy], capture_output=True, text=True)
        assert stripped.returncode == 0, stripped.stderr
        private = re.search("PrivateKey = (.*)", stripped.stdout).group(1)
        peer = re.search("PublicKey = (.*)", stripped.stdout).group(1)
        public = subprocess.run(["wg", "pubkey"], input=private, capture_output=True, text=True)
        keys[end] = (public.stdout.strip(), peer)
    assert keys["host"] == keys["home"][::-1]


def test_docker_gets_json_with_the_guests_slice(written):
    for number, slice_ in ((1, "8010"), (2, "8018")):
        daemon = json.loads((written / f"docker-daemon-vm{number}.json").read_text())
        assert daemon["fixed-cidr-v6"] == f"{NET}:{slice_}::/77" and daemon["ipv6"] is True


def test_sysctl_accepts_its_file(written, machine):
    result = machine("sysctl", "-p", written / "sysctl.conf")
    assert result.returncode == 0 and not result.stderr, result.stderr


def test_ifupdown_accepts_the_interfaces(written, machine):
    result = machine("ifquery", "-i", written / "interfaces", "--list")
    assert result.returncode == 0 and {"eth0", "vmbr0"} <= set(result.stdout.split()), result
    state = machine("ifquery", "-i", written / "interfaces", "vmbr0").stdout
    assert f"{NET}:8000::1/77" in state or f"{NET}:8000::1" in state


def test_dnsmasq_accepts_its_file_and_serves_the_77(written, machine, tmp_path):
    conf = written / "dnsmasq-vmbr0.conf"
    assert machine("dnsmasq", "--test", "-C", conf).returncode == 0
    for words in ("link set lo up", "link set vmbr0 up", "link set vm1 master vmbr0 up",
                  "link set guest1 up", f"addr add {NET}:8000::1/77 dev vmbr0 nodad",
                  "addr add 172.16.99.1/24 dev vmbr0"):
        assert machine("ip", *words.split()).returncode == 0, words
    time.sleep(2)  # the bridge's forward delay, and link-local addresses to settle
    machine("ip", "link", "set", "vmbr0", "type", "bridge", "forward_delay", "0")
    server = subprocess.Popen(["nsenter", f"--net=/run/netns/xfwplan-{os.getpid()}", "dnsmasq",
                               "-k", "-C", conf, "-l", tmp_path / "leases", "--user=root",
                               "--pid-file=" + str(tmp_path / "pid"), "--port=0"])
    try:
        lease = tmp_path / "lease"
        got = machine("timeout", 12, "dhclient", "-6", "-1", "-d", "-sf", "/bin/true", "-cf",
                      "/dev/null", "-lf", lease, "-pf", tmp_path / "client", "guest1")
        address = re.search(r"iaaddr (\S+) ", lease.read_text())
        assert address and address.group(1).startswith(f"{NET}:8000:"), got.stderr
    finally:
        server.terminate()
        server.wait()
