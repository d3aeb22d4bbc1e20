# SPDX-License-Identifier: GPL-2.0
"""The tables: what they show, in 80 columns, in which order, and each second anew."""

import json
import signal
import subprocess
import time

import pytest

from conftest import until

PYTHON = "/usr/bin/python3"
INTERNET, CONTAINER = "2001:db8:ffff::1", "2001:db8:1:2:8010::5"
VM2 = "2001:db8:1:2:8000:2:0:1"
# As long as addresses get.
LONG_INSIDE, LONG_OUTSIDE = ("2001:db8:1:2:8000:2222:3333:4444", "2001:db8:ffff:0:1111:2222:3333:4444")
LONG_RULE = ("allow", "tcp", "10000,10010,10020,10030,10040,10050,10060,10070", LONG_INSIDE,
             "from", LONG_OUTSIDE, "limit", "1000/s", "log", "comment",
             "who asked for this, at length, and why")

# Connections that stay: CONNECT CLIENT-ADDRESS SERVER PORT BYTES, then a line says that it lives.
CONNECT = """
import socket, sys, time
s = socket.socket(socket.AF_INET6)
s.bind((sys.argv[1], int(sys.argv[5])))
s.connect((sys.argv[2], int(sys.argv[3])))
s.sendall(b"x" * int(sys.argv[4]))
s.settimeout(1)
while True:
    try:
        s.recv(4096)
    except socket.timeout:
        pass
"""

# Sends back nothing unless it is told to.
SERVE = """
import socket, sys, threading
s = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6)
while True:
    c, _ = s.accept()
    threading.Thread(target=lambda c: [0 for _ in iter(lambda: c.recv(65536), b"")], args=(c,),
                     daemon=True).start()
"""


@pytest.fixture(scope="module")
def up(lab):
    lab.run("vm2", "ip", "address", "add", f"{LONG_INSIDE}/77", "dev", "eth0", "nodad")
    lab.run("internet", "ip", "address", "add", f"{LONG_OUTSIDE}/64", "dev", "eth0", "nodad")
    lab.start("internet", PYTHON, "-c", SERVE, 8000)
    lab.start("ct1", PYTHON, "-m", "http.server", "--bind", "::", 443)
    lab.xfw("up")
    lab.xfw("allow", "tcp", 443, "rangeB:8010::5")
    lab.xfw("allow", "icmp6", "echo-request", "rangeB:8010::5")
    lab.xfw(*LONG_RULE)
    assert until(lambda: lab.fetch(CONTAINER, 443))
    return lab


def connect(lab, source, destination, octets, port):
    """A connection that lives, and sent some octets."""
    process = lab.start("vm2", PYTHON, "-c", CONNECT, source, destination, 8000, octets, port)

    def is_tracked():
        assert process.poll() is None
        return [flow for flow in lab.json("flows") if flow["inside_port"] == port and
                flow["state"] == "established" and flow["bytes_out"] > octets]
    assert until(is_tracked)
    return process


@pytest.fixture(scope="module")
def flows(up):
    connect(up, VM2, INTERNET, 1000, 40001)
    connect(up, LONG_INSIDE, LONG_OUTSIDE, 300000, 40002)
    return up


def widest(text):
    return max(map(len, text.splitlines()))


# ---- flows ----

def test_flows_have_state_age_and_bytes_each_way_and_the_most_bytes_come_first(flows):
    lines = flows.xfw("flows", "--port", 8000).stdout.splitlines()
    assert lines[0].split() == ["PROTO", "STATE", "AGE", "IDLE", "IN", "OUT", "INSIDE", ">", "OUTSIDE"]
    rows = [line.split() for line in lines[1:] if line.startswith("tcp")]
    assert [row[1] for row in rows] == ["established"] * 2
    assert rows[0][5].endswith("k") and int(rows[0][5][:-1]) >= 300
    listed = flows.json("flows", "--port", "8000")
    assert [flow["inside_port"] for flow in listed] == [40002, 40001]
    assert 0 <= listed[0]["idle_seconds"] <= listed[0]["age_seconds"] < 300


def test_flows_fit_80_columns_with_the_longest_addresses(flows):
    text = flows.xfw("flows").stdout
    assert widest(text) <= 80
    words = " ".join(text.split())
    assert f"{LONG_INSIDE} 40002 > {LONG_OUTSIDE} 8000" in words
    assert f"{VM2} 40001 > {INTERNET} 8000" in words


@pytest.mark.parametrize("filters, ports", [
    (("--from", VM2), [40001]), (("--from", LONG_INSIDE), [40002]),
    (("--from", "rangeB:8000::/77"), [40002, 40001]), (("--to", INTERNET), [40001]),
    (("--to", "2001:db8:ffff:0:1111::/80"), [40002]), (("--port", 40001), [40001]),
    (("--proto", "udp"), []), (("--proto", "tcp", "established"), [40002, 40001]),
    (("closed",), []),
])
def test_filters_choose(flows, filters, ports):
    listed = flows.json("flows", *filters)
    assert [flow["inside_port"] for flow in listed if flow["outside_port"] == 8000] == ports
    assert all(flow["outside_port"] == 8000 for flow in listed)


@pytest.mark.parametrize("words, said", [
    (("--from", "nowhere"), "nowhere"), (("--port", "ninety"), "ninety"),
    (("--rule", "1"), "a flow knows no rule"), (("sleeping",), "opening"),
    (("--sort", "colour"), "packets, bytes or last"), (("--kill",), "add --from"),
])
def test_what_cannot_be_asked_is_said_with_what_can(flows, words, said):
    result = flows.xfw("flows", *words, check=False)
    assert result.returncode == 1 and said in result.stderr, result.stderr
    assert len(flows.json("flows", "--port", 8000)) == 2


# Either end of a connection: says what it is told to.
TALK = """
import socket, sys
if sys.argv[1] == "serve":
    c, _ = socket.create_server(("::", 8001), family=socket.AF_INET6).accept()
else:
    c = socket.create_connection((sys.argv[1], 8001))
for line in sys.stdin:
    c.sendall(line.encode())
"""


class Talker:
    def __init__(self, lab, where, *words):
        self.process = subprocess.Popen(lab.words(where, PYTHON, "-c", TALK, *words), text=True,
                                        stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def say(self):
        self.process.stdin.write("something\n")
        self.process.stdin.flush()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


def end_adoption(lab):
    """In the first minutes after the first up, connections in mid-stream are taken on: no more."""
    path = f"{lab.pins}/control"
    control = json.loads(lab.run("hv", "bpftool", "-j", "map", "dump", "pinned", path).stdout)
    octets = [int(octet, 16) for octet in control[0]["value"]]
    octets[12:16] = [0] * 4  # adopt_until
    lab.run("hv", "bpftool", "map", "update", "pinned", path, "key", 0, 0, 0, 0, "value", *octets)


def test_a_killed_flow_lets_nothing_in_any_more_and_only_a_syn_opens_it_anew(up):
    end_adoption(up)
    server = Talker(up, "internet", "serve")
    assert until(lambda: "8001" in up.run("internet", "ss", "-Htnl").stdout)
    client = Talker(up, "vm2", INTERNET)

    def tracked():
        return up.json("flows", "--port", "8001")

    assert until(lambda: [flow["state"] for flow in tracked()] == ["established"])
    client.say()
    assert up.json("flows", "--kill", "--from", "rangeB:8000::/77", "--port",
                   "8001") == {"killed": 1}
    before = up.dropped("not-allowed")
    server.say()
    assert until(lambda: up.dropped("not-allowed") > before) and not tracked()
    # What inside says in mid-stream is forwarded, but opens nothing: its answers stay out.
    before = up.dropped("not-allowed")
    client.say()
    assert until(lambda: up.dropped("not-allowed") > before + 1) and not tracked()
    assert up.xfw("flows", "--kill", "--port", 8001).stdout == "killed 0 flows\n"
    client.close()
    server.close()
    again = connect(up, VM2, INTERNET, 100, 40004)
    assert up.xfw("flows", "--kill", "--port", 40004).stdout == "killed 1 flow\n"
    again.kill()


# ---- rules, routes, stats, status ----

def test_long_rules_go_on_below_and_every_word_is_there(up):
    text = up.xfw("rules").stdout
    assert widest(text) <= 80
    words = " ".join(text.split())
    for rule in up.json("rules"):
        assert f"{rule['rule']}" in words


def test_rules_stand_in_their_order_or_by_what_they_met(up):
    up.run("internet", "ping", "-6", "-c", 20, "-i", "0.01", CONTAINER)
    ids = [rule["id"] for rule in up.json("rules")]
    assert ids == sorted(ids)
    by_packets = up.json("rules", "--sort", "packets")
    counts = [rule["packets"] for rule in by_packets]
    assert counts == sorted(counts, reverse=True) and counts[0] >= 20
    assert by_packets[0]["rule"].startswith("allow icmp6")
    last = up.json("rules", "--sort", "last")
    assert last[0]["rule"].startswith("allow icmp6") and last[-1]["last_hit_seconds"] is None
    shown = up.xfw("rules", "--sort", "packets").stdout.splitlines()[1]
    assert "allow icmp6 echo-request rangeB:8010::5" in shown and shown.split()[0] == f"#{last[0]['id']}"


def test_routes_with_the_longest_prefixes_fit(up):
    long = "2001:db8:1:2:8020:1234:5678:9ab0/124"
    up.xfw("route", long, "via", LONG_INSIDE, "dev", "vmbr0")
    text = up.xfw("routes").stdout
    assert widest(text) <= 80
    row = [" ".join(line.split()) for line in text.splitlines()]
    assert long in row and any(LONG_INSIDE in line for line in row)
    assert up.fetch(CONTAINER, 443)
    used = [r for r in up.json("routes", "--sort", "last")][0]
    assert used["prefix"] == "2001:db8:1:2:8010::/77" and used["last_hit_seconds"] < 60
    up.xfw("delete", "route", long, "via", LONG_INSIDE, "dev", "vmbr0")


def test_stats_and_status_fit_and_the_busiest_reason_comes_first(up):
    for _ in range(3):
        up.run("internet", "ping", "-6", "-c", 30, "-i", "0.01", "-W", 1, VM2, check=False)
    for command in ("stats", "status"):
        assert widest(up.xfw(command).stdout) <= 80
    drops = up.xfw("stats").stdout.split("\n\n")[1].splitlines()[1:]
    assert drops[0].split()[:2] == ["wan", "not-allowed"]


# ---- watching ----

class Watch:
    def __init__(self, lab, *words):
        self.process = subprocess.Popen(lab.xfw_words(*words, "--watch"), text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def line(self):
        return json.loads(self.process.stdout.readline())

    def stop(self, with_signal):
        self.process.send_signal(with_signal)
        output, said = self.process.communicate(timeout=10)
        assert self.process.returncode == 0, said
        return output


def test_watching_gives_a_document_a_line_each_second_with_rates(up):
    watch = Watch(up, "rules", "--json")
    first = watch.line()
    assert all(rule["packets_per_second"] is None for rule in first)
    ping = up.start("internet", "ping", "-6", "-q", "-i", "0.01", CONTAINER)
    watch.line()
    started = time.monotonic()
    lines = [watch.line() for _ in range(3)]
    assert 2 < time.monotonic() - started < 5
    ping.kill()
    watch.stop(signal.SIGINT)
    rule = [r for r in lines[-1] if r["rule"].startswith("allow icmp6")][0]
    assert 30 < rule["packets_per_second"] < 120
    # An echo request of 56 bytes: 118 with its headers.
    assert rule["bits_per_second"] == pytest.approx(rule["packets_per_second"] * 118 * 8)
    others = [r for r in lines[-1] if r["id"] != rule["id"]]
    assert others and all(r["packets_per_second"] == 0 for r in others)


@pytest.mark.parametrize("command", ["stats", "rules", "routes", "flows", "status"])
def test_everything_can_be_watched_within_80_columns(flows, command):
    ping = flows.start("internet", "ping", "-6", "-q", "-i", "0.01", CONTAINER)
    watch = Watch(flows, command)
    lines = []
    while len([line for line in lines if "\n" == line]) < 4 and watch.process.poll() is None:
        lines.append(watch.process.stdout.readline())
    watch.stop(signal.SIGTERM)
    ping.kill()
    assert max(len(line.rstrip("\n")) for line in lines) <= 80
    assert "/S" in "".join(lines) or "bit/s" in "".join(lines)


def test_a_watched_table_is_drawn_in_place(up):
    """On a screen of 80 columns and 24 lines, and no line is left of what stood there before."""
    name = f"{up.name}-watch"
    tmux = ["tmux", "-L", name, "-f", "/dev/null"]
    try:
        subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24",
                        *map(str, up.xfw_words("rules", "--watch"))], check=True)

        def screen():
            return subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True,
                                  text=True).stdout
        assert until(lambda: "PPS" in screen() and "allow icmp6" in screen())
        up.xfw("allow", "udp", 9999, CONTAINER)
        assert until(lambda: "allow udp 9999" in screen())
        up.xfw("delete", "allow", "udp", 9999, CONTAINER)
        assert until(lambda: "allow udp 9999" not in screen())
        assert screen().count("PPS") == 1 and screen().startswith(" ")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def test_watching_ends_when_xfw_goes_down(up):
    for words in (("stats",), ("stats", "--json")):
        watch = Watch(up, *words)
        assert watch.process.stdout.readline()
        up.xfw("down")
        output, said = watch.process.communicate(timeout=10)
        assert watch.process.returncode == 1 and "not up" in said
        if "--json" in words:
            assert "not up" in json.loads(output.splitlines()[-1])["error"]
        up.xfw("up")
