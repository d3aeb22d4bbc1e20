# SPDX-License-Identifier: GPL-2.0
"""The metrics: those of `stats` and `rules`, in a form promtool has nothing to say against."""

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


def test_promtool_finds_nothing_wrong(up):
    check = subprocess.run(["promtool", "check", "metrics"], input=scrape(up), text=True,
                           capture_output=True)
    assert check.returncode == 0 and not check.stderr, check.stderr + check.stdout


def test_flows_are_counted_by_state(up):
    up.run("vm2", "ping", "-6", "-c", 1, "-W", 2, "2001:db8:ffff::1")
    assert samples(scrape(up))['xfw_flows{state="echo"}'] >= 1


def test_what_is_not_there_is_404_and_only_get_is_understood(up):
    status = ["-o", "/dev/null", "-w", "%{http_code}"]
    assert scrape(up, "/nothing", options=status) == "404"
    assert scrape(up, "/", options=status) == "200"
    assert scrape(up, "/metrics", options=[*status, "-X", "DELETE"]) == "405"


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
    for listen in ("nowhere", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:9567"):
        result = up.xfw("exporter", "--listen", listen, check=False)
        assert result.returncode == 1 and listen.split(":")[0] in result.stderr


def test_down_is_told_and_the_end_is_clean(up):
    up.xfw("down")
    assert samples(scrape(up)) == {"xfw_up": 0}
    pid = int(up.run("hv", "pgrep", "-f", f"{up.pins}.*exporter").stdout.split()[-1])
    up.run("hv", "kill", f"-{signal.SIGTERM.value}", pid)
    assert up.exporter.wait(timeout=5) == 0
