# SPDX-License-Identifier: GPL-2.0
"""`up --running`, what an upgrade calls: other programs, the same rules, whatever the file says."""

import pytest

from conftest import lab_named


@pytest.fixture(scope="module")
def lab():
    made = lab_named("run")
    yield made
    made.close()


@pytest.fixture
def up(lab):
    lab.config.write_text(lab.text)
    lab.xfw("up")
    yield lab
    lab.xfw("down")


def program(lab):
    return lab.json("status")["interfaces"][0]["program_id"]


def test_it_replaces_the_programs_and_reads_no_file(up):
    up.xfw("allow", "tcp", 443, "vm1")
    rules, before = up.json("rules"), program(up)
    up.config.write_text("nonsense\n")
    up.xfw("up", "--running")
    assert program(up) != before
    assert [(rule["id"], rule["rule"]) for rule in up.json("rules")] == \
        [(rule["id"], rule["rule"]) for rule in rules]


def test_during_a_trial_it_changes_nothing(up):
    before = program(up)
    up.config.write_text(up.text + "allow tcp 80 vm1\n")
    up.xfw("apply", "--confirm", 60)
    result = up.xfw("up", "--running", check=False)
    assert result.returncode == 1 and "waits for confirmation" in result.stderr
    assert program(up) == before
    up.xfw("rollback")
    up.xfw("up", "--running")
    assert program(up) != before and not up.json("rules")


def test_with_nothing_up_it_says_so_and_attaches_nothing(lab):
    result = lab.xfw("up", "--running", check=False)
    assert result.returncode == 1 and "xfw is not up" in result.stderr
    assert "not up" in lab.xfw("status", check=False).stderr


def test_it_is_one_way_to_come_up_or_the_other(lab):
    assert lab.xfw("up", "--running", "--boot", check=False).returncode == 2
