# SPDX-License-Identifier: GPL-2.0
"""The metrics: those of `stats` and `rules`, in a form promtool has nothing to say against."""

import ctypes
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import CONFIG, until

CONTAINER = "2001:db8:1:2:8010::5"
URL = "http://127.0.0.1:9567"
PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="module")
def up(lab):
    lab.start("ct1", PYTHON, "-m", "http.server", "--bind", "::", 443)
    lab.xfw("up")
    lab.xfw("allow", "tcp", 443, "rangeB:8010::5", "comment", 'a web server')
    assert until(lambda: lab.fetch(CONTAINER, 443))
    assert not lab.fetch(CONTAINER, 444)
    lab.exporter = subprocess.Popen(lab.xfw_words("exporter"))
    lab.started.append(lab.exporter)
    assert until(lambda: scrape(lab, check=False))
    return lab


def scrape(lab, path="/metrics", check=True, options=()):
    return lab.run("hv", "curl", "-sS", "--max-time", 5, *options, URL + path, check=check).stdout


def samples(text):
    return {name: float(value) for name, value in
            re.findall(r"^([a-z_]+(?:\{.*\})?) ([-0-9.e+]+)$", text, re.M)}


def test_the_numbers_are_those_of_stats(up):
    metrics = samples(scrape(up))
    stats = up.json("stats")
    assert metrics["xfw_up"] == 1
    for verdict in ("passed", "forwarded", "dropped"):
        name = f'xfw_interface_packets_total{{interface="eth0",role="wan",verdict="{verdict}"}}'
        assert metrics[name] == stats["interfaces"][0][verdict]["packets"]
    name = 'xfw_drop_packets_total{role="wan",reason="not-allowed"}'
    assert metrics[name] == stats["drops"]["wan"]["not-allowed"]["packets"] > 0
    rule = [r for r in up.json("rules") if r["rule"].startswith("allow tcp 443")][0]
    [name] = [n for n in metrics if n.startswith("xfw_rule_packets_total") and "tcp 443" in n]
    assert metrics[name] == rule["packets"] > 0
    assert metrics['xfw_interface_info{interface="eth0",role="wan",mode="native",'
                   'program="xfw_wan"}'] == 1


def promtool(text):
    """What promtool has to say against it."""
    check = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                           capture_output=True)
    return check.stderr + check.stdout + (f"exit {check.returncode}" if check.returncode else "")


def test_promtool_finds_nothing_wrong(up):
    assert not promtool(scrape(up))


def test_flows_are_counted_by_state(up):
    up.run("vm2", "ping", "-6", "-c", 1, "-W", 2, "2001:db8:ffff::1")
    assert samples(scrape(up))['xfw_flows{state="echo"}'] >= 1


def test_what_is_not_there_is_404_and_only_get_is_understood(up):
    status = ["-o", "/dev/null", "-w", "%{http_code}"]
    assert scrape(up, "/nothing", options=status) == "404"
    assert scrape(up, "/", options=status) == "200"
    assert scrape(up, "/metrics", options=[*status, "-X", "DELETE"]) == "405"
    assert "Allow: GET, HEAD" in scrape(up, options=["-i", "-X", "POST"])
    assert "Content-Type: text/plain; version=0.0.4" in scrape(up, options=["--head"])


def test_tables_are_as_full_as_status_says(up):
    metrics = samples(scrape(up))
    tables = {table["name"]: table for table in up.json("status")["maps"]}
    for name in ("flows", "flows_opening", "fragments", "ports"):
        assert metrics[f'xfw_map_entries{{map="{name}"}}'] == tables[name]["used"]
        assert metrics[f'xfw_map_capacity_entries{{map="{name}"}}'] == tables[name]["capacity"]
    assert metrics['xfw_map_entries{map="flows"}'] > 0


def fill_flows(lab, count):
    """Entries as a scan would leave them, put there in one system call."""
    bpf = ctypes.CDLL("libbpf.so.1")
    bpf.bpf_obj_get.restype = ctypes.c_int
    table = bpf.bpf_obj_get(f"{lab.pins}/flows".encode())
    assert table >= 0
    keys = b"".join(i.to_bytes(40, "little") for i in range(1, count + 1))
    number = ctypes.c_uint32(count)
    assert bpf.bpf_map_update_batch(table, keys, bytes(64 * count), ctypes.byref(number), None) == 0
    os.close(table)


def test_a_full_flow_table_is_scraped_within_a_second(up):
    fill_flows(up, 250000)
    start = time.monotonic()
    metrics = samples(scrape(up))
    assert time.monotonic() - start < 1
    # The kernel pushes entries out of an LRU before it is quite full.
    assert 150000 < metrics['xfw_map_entries{map="flows"}'] <= 262144
    start = time.monotonic()
    up.json("status")
    assert time.monotonic() - start < 1


def test_quotes_and_backslashes_stay_within_their_label(up):
    rule = up.json("rules")[0]["rule"]
    escaped = rule.replace("\\", "\\\\").replace('"', '\\"')
    assert '"' in rule and f'rule="{escaped}"' in scrape(up)
    up.run("hv", "ip", "link", "set", "vmbr0", "down")
    up.run("hv", "ip", "link", "set", "vmbr0", "name", 'v"br')
    text = scrape(up)
    up.run("hv", "ip", "link", "set", 'v"br', "name", "vmbr0")
    up.run("hv", "ip", "link", "set", "vmbr0", "up")
    assert 'interface="v\\"br"' in text
    assert not promtool(text)


def test_interfaces_that_went_are_left_out_not_told_twice(up):
    for name in ("lan1", "lan2"):
        up.run("hv", "ip", "link", "add", name, "type", "bridge")
        up.run("hv", "ip", "link", "set", name, "up")
        up.xfw("lan", name)
    for name in ("lan1", "lan2"):
        assert f'interface="{name}"' in scrape(up)
        up.run("hv", "ip", "link", "del", name)
    text = scrape(up)
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if line[0] != "#"]
    assert len(series) == len(set(series)) and not promtool(text)
    assert "lan1" not in text and "?" not in text
    up.xfw("apply")


def test_ipv6_listens_in_brackets(up):
    exporter = up.start("hv", *up.xfw_words("exporter", "--listen", "[::1]:9568")[2:])
    assert until(lambda: "xfw_up 1" in up.run("hv", "curl", "-sS", "http://[::1]:9568/metrics",
                                              check=False).stdout)
    exporter.terminate()
    assert exporter.wait(timeout=5) == 0


def process(pid):
    """User, capabilities (all that it has or could get) and whether it may gain any."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in status)
    able = [int(lines[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")]
    return lines["Uid"].split(), lines["Groups"].split(), able, lines["NoNewPrivs"]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as listed:
        return [int(child) for child in listed.read().split()]


def test_what_the_network_talks_to_is_nobody_and_neither_has_a_capability(up):
    [server] = children(up.exporter.pid)
    assert process(server) == (["65534"] * 4, [], [0] * 4, "1")
    assert process(up.exporter.pid) == (["0"] * 4, [], [0] * 4, "1")
    listening = up.run("hv", "ss", "-Hltnp", "sport = :9567").stdout
    assert re.findall(r"pid=(\d+)", listening) == [str(server)], listening


def test_it_listens_at_one_of_the_first_ports_and_neither_outlives_the_other(up):
    for sides in (lambda pid: (pid, *children(pid)), lambda pid: (*children(pid), pid)):
        exporter = up.start("hv", *up.xfw_words("exporter", "--listen", "127.0.0.1:80")[2:])
        assert until(lambda: "xfw_up 1" in up.run("hv", "curl", "-sS", "http://127.0.0.1/metrics",
                                                  check=False).stdout)
        killed, other = sides(exporter.pid)
        os.kill(killed, signal.SIGKILL)
        exporter.wait(timeout=5)
        assert until(lambda: not os.path.exists(f"/proc/{other}"))


def test_root_that_cannot_become_nobody_serves_nothing(up):
    words = up.xfw_words("exporter", "--listen", "127.0.0.1:9569")
    result = subprocess.run([*words[:2], "setpriv", "--bounding-set=-setuid", *words[2:]],
                            capture_output=True, text=True, timeout=10)
    assert result.returncode == 1 and "CAP_SETUID" in result.stderr


def test_ten_thousand_rules_are_scraped_within_a_second(up):
    rules = "".join(f"allow tcp {1 + i} 2001:db8:1:2:8000::{i:x}\n" for i in range(10000))
    up.config.write_text(CONFIG + rules)
    up.xfw("apply")
    start = time.monotonic()
    text = scrape(up)
    assert text.count("xfw_rule_packets_total{") == 10000
    assert time.monotonic() - start < 1
    up.config.write_text(CONFIG)


def test_an_address_that_is_none_or_taken_is_refused(up):
    for listen in ("nowhere", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:9567", "::1:9567",
                   "[::1]", "[]:9567"):
        result = up.xfw("exporter", "--listen", listen, check=False)
        assert result.returncode == 1 and listen in result.stderr


def test_down_is_told_and_the_end_is_clean(up):
    up.xfw("down")
    assert samples(scrape(up)) == {"xfw_up": 0}
    pid = int(up.run("hv", "pgrep", "-f", f"{up.pins}.*exporter").stdout.split()[-1])
    up.run("hv", "kill", f"-{signal.SIGTERM.value}", pid)
    assert up.exporter.wait(timeout=5) == 0
