# SPDX-License-Identifier: GPL-2.0
"""bench measures a packet of each class that the rules have, on a copy, and leaves no trace."""

import contextlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import CONFIG, until

VM1, VM2 = "2001:db8:1:2:8000:1:0:1", "2001:db8:1:2:8000:2:0:1"
RULES = CONFIG + """
allow tcp 443 rangeB:8010::5
deny any from 2001:db8:bad::/48
"""
ESTABLISHED, ESTABLISHED_MANY = "established, 1 flow", "established, 65,536 flows"
SERVICE, SERVICE_MANY = ("to an allowed service, 1 source",
                         "to an allowed service, 65,536 sources")
FIRST = "first packet to it, nothing cached"
CLOSED, CLOSED_MANY = "to a closed port, 1 source", "to a closed port, 65,536 sources"
DENIED, OUTBOUND = "denied by a rule", "from a guest, outwards"
ESSENTIAL = "neighbour discovery"
VERDICTS = {ESTABLISHED: "forwarded", ESTABLISHED_MANY: "forwarded", SERVICE: "forwarded",
            SERVICE_MANY: "forwarded", FIRST: "forwarded", CLOSED: "dropped",
            CLOSED_MANY: "dropped", DENIED: "dropped", OUTBOUND: "passed", ESSENTIAL: "passed"}


@pytest.fixture(scope="module")
def up(lab):
    lab.config.write_text(RULES)
    lab.xfw("up")
    hear(lab)
    return lab


@pytest.fixture
def configured(up):
    """Another configuration, for one test."""
    def apply(text):
        up.config.write_text(text)
        up.xfw("apply", "--force")
    yield apply
    apply(RULES)


def hear(lab):
    for guest in (VM1, VM2):
        lab.run("hv", "ping", "-c1", "-W2", guest)


def bench(lab):
    found = lab.json("bench")
    return found, {row["class"]: row for row in found["classes"]}


def all_programs():
    listed = subprocess.run(["bpftool", "-j", "prog", "list"], capture_output=True, text=True,
                            check=True)
    return {program["id"] for program in json.loads(listed.stdout)}


def programs_of(process):
    """Ids of the programs that a process holds; others on this machine have theirs."""
    found = set()
    for entry in Path(f"/proc/{process.pid}/fdinfo").glob("*"):
        with contextlib.suppress(OSError):
            found |= {int(number) for number in re.findall(r"^prog_id:\t(\d+)", entry.read_text(),
                                                           re.M)}
    return found


def test_each_class_meets_its_verdict(up):
    found, rows = bench(up)
    assert {name: row.get("verdict") for name, row in rows.items()} == VERDICTS
    assert found["rules"] == 2 and found["slices"] == 2 and found["kernel"] == os.uname().release
    rules = {rule["rule"]: rule["id"] for rule in up.json("rules")}
    assert rows[SERVICE]["rule"] == rows[FIRST]["rule"] == rules["allow tcp 443 rangeB:8010::5"]
    assert rows[DENIED]["rule"] == rules["deny any from 2001:db8:bad::/48"]
    assert rows[DENIED]["packet"].startswith("tcp 2001:db8:bad:: ")
    assert rows[SERVICE]["packet"].endswith(" 2001:db8:1:2:8010::5 443 flags A")
    assert rows[CLOSED]["rule"] is None and rows[CLOSED]["packet"].endswith(" flags S")
    # explain, asked about the same packets where it runs, says the same.
    for name in (SERVICE, FIRST, CLOSED, DENIED):
        said = up.json("explain", *rows[name]["packet"].split())
        assert said["verdict"] == {"forwarded": "forward", "dropped": "drop"}[VERDICTS[name]], name


def test_the_figures_hang_together(up):
    found, rows = bench(up)
    assert 0 < found["empty_ns"] < found["floor_ns"] < found["floor_many_ns"]
    for name, row in rows.items():
        many = "65,536" in name
        assert row["floor_ns"] == found["floor_many_ns" if many else "floor_ns"], name
        assert row["ns"] > row["empty_ns"] > 0, name
        assert row["mpps"] == pytest.approx(1000 / row["ns"])
        assert row["ratio"] == pytest.approx(row["ns"] / row["floor_ns"])
        assert row["net_ratio"] == pytest.approx(
            (row["ns"] - row["empty_ns"]) / (row["floor_ns"] - found["empty_ns"]))
    # What is remembered is what makes the difference.
    assert rows[FIRST]["ns"] > 1.5 * rows[SERVICE]["ns"]
    assert rows[ESTABLISHED]["ns"] < rows[SERVICE]["ns"]


def test_people_get_a_line_a_class(up):
    lines = up.xfw("bench").stdout.splitlines()
    assert "2 rules, 2 slices" in lines[0] and "empty program" in lines[1]
    assert [line[:37].rstrip() for line in lines[4:]] == list(VERDICTS)
    assert [line.split()[-1] for line in lines[4:]] == list(VERDICTS.values())
    assert all(len(line) <= 80 for line in lines)


def test_what_the_rules_do_not_have_is_said_to_be_absent(up, configured):
    configured(CONFIG + "allow tcp 443 vm1 limit 5/s\nallow icmp6 echo-request vm1\n")
    _, rows = bench(up)
    absent = {name for name, row in rows.items() if "absent" in row}
    assert absent == {SERVICE, SERVICE_MANY, FIRST, DENIED}
    assert "no allow" in rows[SERVICE]["absent"] and "no deny" in rows[DENIED]["absent"]
    assert f"{DENIED:<37} none: no deny" in up.xfw("bench").stdout


def test_a_rule_for_one_source_has_no_many(up, configured):
    configured(CONFIG + "allow tcp 443 vm1 from 2001:db8:beef::7\n")
    _, rows = bench(up)
    assert rows[SERVICE]["verdict"] == "forwarded"
    assert rows[SERVICE]["packet"].startswith("tcp 2001:db8:beef::7 ")
    assert "too few sources" in rows[SERVICE_MANY]["absent"]


def test_a_host_without_slices_has_what_the_host_has(up, configured):
    configured("wan eth0\nallow tcp 22 host\n")
    _, rows = bench(up)
    assert rows[SERVICE]["verdict"] == rows[ESTABLISHED]["verdict"] == "passed"
    assert rows[CLOSED]["verdict"] == "dropped" and "no lan" in rows[OUTBOUND]["absent"]


def test_ipv4_is_measured_where_it_is_what_the_rules_have(up, configured):
    configured("wan eth0\nlan vmbr0\nroute 172.16.99.0/24 dev vmbr0\n"
               "allow udp 53 172.16.99.11\ndeny tcp 25 172.16.99.0/24 from 198.51.0.0/16\n")
    up.run("hv", "ping", "-c1", "-W2", "172.16.99.11")
    _, rows = bench(up)
    assert rows[SERVICE]["packet"].endswith(" 172.16.99.11 53")
    assert rows[SERVICE]["packet"].startswith("udp ")
    for name in (SERVICE, SERVICE_MANY, FIRST):
        assert rows[name]["verdict"] == "forwarded", name
    assert rows[DENIED]["verdict"] == "dropped"


@pytest.mark.parametrize("line, verdict", [("option fast-path off", "passed"),
                                           ("option flows 1024", "forwarded")])
def test_options_that_matter_are_those_that_run(up, configured, line, verdict):
    configured(RULES + line + "\n")
    _, rows = bench(up)
    assert rows[SERVICE]["verdict"] == rows[ESTABLISHED]["verdict"] == verdict
    assert ("absent" in rows[ESTABLISHED_MANY]) == ("flows" in line)


def test_a_lan_that_is_judged_in_tc_is_measured_there(up, configured):
    configured(RULES.replace("lan  vmbr0", "lan  vmbr0 hook tc"))
    _, rows = bench(up)
    assert rows[OUTBOUND]["verdict"] == "passed" and rows[OUTBOUND]["ns"] > 0
    assert rows[OUTBOUND]["program"] == "xfw_in" and rows[ESTABLISHED]["program"] == "xfw_wan"


def test_what_runs_is_not_touched(up):
    def state():
        # How a gateway's neighbour entry ages is the kernel's business.
        routes = [{**route, "state": None} for route in up.json("routes")]
        return (up.xfw("show").stdout, up.json("rules"), routes,
                up.json("status")["interfaces"], up.json("stats")["drops"]["wan"]["not-allowed"],
                sorted(map(str, Path(up.pins).rglob("*"))),
                [flow for flow in up.json("flows") if flow["outside"].startswith("2a00:77:")])

    before = state()
    bench(up)
    assert state() == before


def test_a_bench_that_is_killed_leaves_nothing(up):
    others = all_programs()
    process = up.start("hv", *up.xfw_words("bench")[2:])
    assert until(lambda: len(programs_of(process) - others) > 7)  # the copy's and the floor's
    made = programs_of(process) - others
    assert made <= all_programs()
    process.kill()
    process.wait()
    assert until(lambda: not made & all_programs())


def test_what_is_not_up_or_not_understood_is_refused(up):
    assert up.xfw("bench", "everything", check=False).returncode == 2
    result = up.xfw("--pin-dir", "/sys/fs/bpf/none", "bench", check=False)
    assert result.returncode == 1 and "not up" in result.stderr
