# SPDX-License-Identifier: GPL-2.0
"""xfw in libxdp's dispatcher, beside a program of somebody else's, where the kernel grants it."""

import re

import pytest

VM1 = "2001:db8:1:2:8000:1:0:1"
# Any program will do that passes everything.
OTHER = "/usr/lib/x86_64-linux-gnu/bpf/xdp-dispatcher.o -n xdp_pass"
FORBIDDEN = f"""
import socket, time
knocking = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
while True:
    knocking.sendto(b"knock", ("{VM1}", 9999))
    time.sleep(0.001)
"""
LISTEN = """
import socket
listening = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
listening.bind(("::", 9999))
listening.recv(100)
print("a forbidden packet arrived", flush=True)
"""


@pytest.fixture(scope="module")
def up(lab):
    lab.run(f"in_ns hv xdp-loader load eth0 {OTHER}; xfw up")
    return lab


def programs(lab, interface="eth0"):
    """Priority and name of each program in the dispatcher, in their order."""
    status = lab.run(f"in_ns hv xdp-loader status {interface}").stdout
    return [(int(priority), name) for priority, name in
            re.findall(r"^ => +(\d+) +(\S+)", status, re.MULTILINE)]


BOTH = [(5, "xfw_wan"), (50, "xdp_pass")]


def test_status_says_dispatcher_and_ours_is_first(up):
    assert up.wan()["held"] == "dispatcher" and up.wan()["mode"] == "native"
    assert re.search(r"eth0 +wan +native +dispatcher +xfw_wan", up.run("xfw status").stdout)
    assert programs(up) == BOTH
    assert programs(up, "vmbr0") == [(5, "xfw_lan")]


def test_doctor_finds_nothing_wrong_with_it(up):
    checks = up.run("xfw doctor --json", check=False).stdout
    assert '"xdp-program"' in checks and "another XDP program" not in checks


def test_packets_are_judged_in_it(up):
    up.run(f"in_ns internet ping -6 -c 2 -W 5 {VM1}")
    before = up.dropped("not-allowed")
    knock = up.run(f"in_ns internet curl -sS --max-time 2 http://[{VM1}]:444/", check=False)
    assert knock.returncode == 28 and up.dropped("not-allowed") > before


def test_xdpdump_sees_what_each_program_says(up):
    heard = up.run(f"""
        in_ns hv timeout -s INT 20 xdpdump -i eth0 -p all --rx-capture exit >/tmp/heard 2>&1 &
        until grep -q listening /tmp/heard; do sleep 0.1; done
        in_ns internet ping -6 -c 2 -W 5 {VM1} >/dev/null
        in_ns internet curl -sS --max-time 2 http://[{VM1}]:444/ 2>/dev/null || :
        kill -INT $(pgrep -x xdpdump); wait; cat /tmp/heard""").stdout
    assert "xfw_wan()@exit[PASS]" in heard and "xdp_pass()@exit[PASS]" in heard, heard
    assert "xfw_wan()@exit[DROP]" in heard, heard


def test_apply_leaves_the_program_and_up_replaces_it(up):
    first = up.wan()["program_id"]
    up.run("xfw apply; xfw sync")
    assert up.wan()["program_id"] == first
    up.run("xfw up")
    assert up.wan()["program_id"] != first
    assert programs(up) == BOTH


def test_a_change_needs_no_more_capabilities_than_without_it(up):
    few = "setpriv --bounding-set=-all,+net_admin,+bpf,+dac_override build/xfw"
    shown = up.run(f"""
        in_ns hv {few} allow tcp 7 {VM1}
        in_ns hv {few} delete allow tcp 7 {VM1}
        in_ns hv {few} status""").stdout
    assert re.search(r"eth0 +wan +native +dispatcher", shown)
    kept = up.run(f"in_ns hv {few} down", check=False)
    assert kept.returncode == 1 and "CAP_SYS_ADMIN" in kept.stderr
    assert programs(up) == BOTH and up.json("rules")


def test_upgrades_under_load_let_nothing_in_and_lose_nothing(up):
    before = up.dropped("not-allowed")
    done = up.run(f"""
        in_ns vm1 timeout 80 /usr/bin/python3 -c '{LISTEN}' >/tmp/arrived &
        in_ns internet timeout 80 /usr/bin/python3 -c '{FORBIDDEN}' &
        in_ns internet timeout 80 ping -6 -i 0.1 {VM1} >/tmp/pings &
        for change in 1 2 3; do xfw up; xfw apply; done
        pkill -INT -x ping
        pkill -f '^/usr/bin/python3 -c' || :
        wait
        cat /tmp/arrived; grep received /tmp/pings""", timeout=100).stdout
    assert "arrived" not in done
    assert up.dropped("not-allowed") - before > 100, "no flood"
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", done).groups())
    # The last one may still be on its way.
    assert sent > 20 and received >= sent - 1, done
    assert programs(up) == BOTH
    # The filter was what kept them apart: the listener hears an allowed knock.
    heard = up.run(f"""
        in_ns vm1 timeout 20 /usr/bin/python3 -c '{LISTEN}' >/tmp/arrived &
        listener=$!
        in_ns internet timeout 20 /usr/bin/python3 -c '{FORBIDDEN}' &
        xfw allow udp 9999 {VM1}
        wait $listener
        pkill -f '^/usr/bin/python3 -c'; wait
        xfw delete allow udp 9999 {VM1}
        cat /tmp/arrived""").stdout
    assert "arrived" in heard


def test_a_killed_up_is_mended_by_the_next(up):
    up.run("""
        for after in 0.5 1 1.5 2 2.5; do
            xfw up & sleep $after; kill -9 $(pgrep -x xfw) || :; wait || :
        done
        xfw up""", timeout=120)
    assert programs(up) == BOTH
    assert programs(up, "vmbr0") == [(5, "xfw_lan")]


def test_others_come_and_go_beside_ours(up):
    other = re.search(r"xdp_pass +(\d+)", up.run("in_ns hv xdp-loader status eth0").stdout)[1]
    up.run(f"in_ns hv xdp-loader unload eth0 -i {other}")
    assert programs(up) == [(5, "xfw_wan")]
    up.run("xfw up")
    assert programs(up) == [(5, "xfw_wan")]
    up.run(f"in_ns hv xdp-loader load eth0 {OTHER}")
    assert programs(up) == BOTH
    up.run(f"in_ns internet ping -6 -c 2 -W 5 {VM1}")


def test_down_leaves_the_others(up):
    up.run("xfw down")
    assert programs(up) == [(50, "xdp_pass")] and programs(up, "vmbr0") == []
    up.run("test ! -e /sys/fs/bpf/xfw; in_ns hv xdp-loader unload eth0 --all")


def test_dispatcher_off_means_a_link_of_our_own(up):
    up.run("""
        { cat /etc/xfw/xfw.conf; echo option dispatcher off; } >/tmp/off.conf
        xfw --config /tmp/off.conf up""")
    assert up.wan()["held"] == "own link" and up.wan()["mode"] == "native"
    refused = up.run(f"in_ns hv xdp-loader load eth0 {OTHER}", check=False)
    assert refused.returncode != 0
    up.run("xfw down")
