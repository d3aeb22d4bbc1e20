# SPDX-License-Identifier: GPL-2.0
"""Booting with a file that cannot be used: neither open nor out of reach."""

import json
from pathlib import Path

import pytest

from conftest import CONFIG

HOST, STRANGER = "2001:db8:1:2::1", "2001:db8:ffff::1"
GOOD = CONFIG + "allow tcp 443 host\n"


@pytest.fixture
def down(lab):
    lab.last_good = Path(f"{lab.config}.last-good")
    lab.last_good.unlink(missing_ok=True)
    lab.config.write_text(GOOD)
    yield lab
    lab.xfw("down")
    lab.last_good.unlink(missing_ok=True)


def verdict(lab, port):
    return json.loads(lab.xfw("explain", "tcp", STRANGER, HOST, port, "--json").stdout)["verdict"]


def test_a_good_file_comes_up_and_is_kept(down):
    assert down.xfw("up", "--boot").stderr == ""
    assert down.last_good.read_text() == GOOD
    assert down.last_good.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("broken", ["allow tpc 443 host\n", "wan eth0\nwan\n", "\0\1\2", ""])
def test_a_broken_file_makes_the_last_good_one_come_up_loudly(down, broken):
    down.xfw("up", "--boot")
    down.xfw("down")
    down.config.write_text(broken)
    result = down.xfw("up", "--boot")
    assert "CANNOT BE USED" in result.stderr and "last-good" in result.stderr
    assert verdict(down, 443) == "pass" and verdict(down, 444) == "drop"
    assert down.last_good.read_text() == GOOD


def test_without_a_good_one_ssh_is_all_that_is_open(down):
    down.config.write_text(GOOD + "wan eth9\nallow tpc 80 host\n")
    assert "RESCUE" in down.xfw("up", "--boot").stderr
    assert verdict(down, 22) == "pass"
    assert verdict(down, 443) == verdict(down, 80) == "drop"
    assert not down.last_good.exists()


@pytest.mark.parametrize("option, opened, closed", [
    ("option rescue tcp 2222\n", [2222], [22]),
    ("option rescue tcp 22,2222 from friends\n", [22, 2222], [80]),
    ("option rescue tcp 22 from 2001:db8:bad::/48\n", [], [22]),
    ("option rescue tpc 2222\n", [22], [2222]),  # cannot be read: the default
    ("option rescue tcp 2222 from nobody\n", [22], [2222]),
])
def test_what_is_let_in_then_is_an_option(down, option, opened, closed):
    down.config.write_text(f"define friends {STRANGER}\n" + GOOD + option + "allow tpc 80 host\n")
    assert "RESCUE" in down.xfw("up", "--boot").stderr
    assert [verdict(down, port) for port in opened] == ["pass"] * len(opened)
    assert [verdict(down, port) for port in closed + [443]] == ["drop"] * (len(closed) + 1)


def test_the_option_changes_nothing_but_a_rescue(down):
    down.config.write_text(GOOD + "option rescue tcp 2222\n")
    down.xfw("up", "--boot")
    assert verdict(down, 443) == "pass" and verdict(down, 2222) == "drop"
    assert "option rescue tcp 2222" in down.xfw("show").stdout


def test_without_a_wan_line_it_says_that_nothing_is_filtered(down):
    down.config.write_text("nonsense\n")
    result = down.xfw("up", "--boot", check=False)
    assert result.returncode == 1 and "no network card: nothing is filtered" in \
        result.stderr


def test_a_person_gets_no_other_file_than_the_one_named(down):
    down.xfw("up", "--boot")
    down.xfw("down")
    down.config.write_text("allow tpc 443 host\n")
    assert down.xfw("up", check=False).returncode == 1
    assert "xdp" not in down.run("hv", "ip", "link", "show", "eth0").stdout


def test_the_last_good_one_holds_what_other_files_said(down):
    included = Path(f"{down.config}.d")
    included.write_text("allow tcp 443 host\n")
    down.config.write_text(CONFIG + f"include {included}\n")
    down.xfw("up", "--boot")
    down.xfw("down")
    included.write_text("allow tpc 443 host\n")
    assert "CANNOT BE USED" in down.xfw("up", "--boot").stderr
    included.unlink()
    assert verdict(down, 443) == "pass"
