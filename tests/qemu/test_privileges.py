# SPDX-License-Identifier: GPL-2.0
"""docs/privileges.md on Debian's kernel: each command does with what the page says, and not with less."""

import re
from pathlib import Path

import pytest

VM1 = "2001:db8:1:2:8000:1:0:1"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "privileges.md"
NOBODY = "--reuid=nobody --regid=nogroup --clear-groups"
OFF = "option dispatcher off"


def rows():
    """The first table: command to (capabilities, the user's word if one is there)."""
    found = {}
    for line in PAGE.read_text().split("## The units")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            found[cells[0]] = (re.findall("CAP_[A-Z_]+", cells[1]), cells[1])
    return found


ROWS = rows()
LOOKING = "`rules`, `routes`, `flows`, `stats`, `status`, `show`, `diff`, `explain`, `monitor`, `doctor`, `audit`, `save`"
EDITING = "`apply`, `confirm`, `rollback`, `sync`, `allow` and all other lines, `delete`"
# What never ends by itself has done its work when this is in its output, or there to be fetched.
MONITOR = "monitor --drops"
EXPORTER = "exporter"
WORK = {MONITOR: f"""until grep -q not-allowed /tmp/said; do
                     in_ns internet curl -sS --max-time 0.2 http://[{VM1}]:444/ 2>/dev/null || :
                 done""",
        EXPORTER: """until in_ns hv curl -sS http://127.0.0.1:9567/metrics 2>/dev/null |
                         grep -q 'xfw_up 1'; do sleep 0.2; kill -0 $command; done"""}
# Row of the page to what is run for it.
COMMANDS = {
    "`check`, `plan`": ["check", "plan 2001:db8:1:2::/64"],
    # Before a monitor was there, whose place it takes.
    "`shadow`": ["shadow /etc/xfw/xfw.conf 1"],
    LOOKING: ["rules", "routes", "flows", "stats", "status", "show", "diff", "doctor", "audit",
              "flows --kill --proto sctp", "save",
              f"explain tcp 2001:db8:ffff::1 {VM1} 443", MONITOR],
    "`exporter`": [EXPORTER],
    "`ndp learn`": ["ndp learn"],
    "`bench`": ["bench"],
    EDITING: ["apply --confirm 60", "rollback", "apply --confirm 60", "confirm", "sync",
              f"allow tcp 7 {VM1}", f"delete allow tcp 7 {VM1}"],
}


def works(lab, words, capabilities, user=""):
    """In the hypervisor's namespace with these capabilities at most: did it, and what it said."""
    kept = "".join(f",+{name.removeprefix('CAP_').lower()}" for name in capabilities)
    call = f"in_ns hv setpriv --bounding-set=-all{kept} --no-new-privs {user} build/xfw {words}"
    if words in WORK:
        call = f"""
            {call} >/tmp/said 2>&1 &
            command=$!
            trap 'kill $command 2>/dev/null; wait; cat /tmp/said' EXIT
            {WORK[words]}"""
    done = lab.run(call, check=False)
    return done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def up(lab):
    lab.run("xfw up; chmod 0644 /etc/xfw/xfw.conf")
    assert lab.wan()["held"] == "dispatcher"
    yield lab
    lab.run("xfw down")


def test_the_page_has_a_row_for_each_of_these_and_no_other():
    ups = {f"`{word}` {where}" for word in ("up", "down")
           for where in ("with `option dispatcher off`", "in libxdp's dispatcher")}
    assert set(ROWS) == set(COMMANDS) | ups


def test_the_kernel_forbids_bpf_to_the_unprivileged(up):
    assert int(up.run("sysctl -n kernel.unprivileged_bpf_disabled").stdout) in (1, 2)


@pytest.mark.parametrize("row", COMMANDS)
def test_a_command_does_with_what_the_page_says(up, row):
    capabilities, cell = ROWS[row]
    user = NOBODY if "any user" in cell else ""
    for words in COMMANDS[row]:
        done, said = works(up, words, capabilities, user)
        assert done, f"{words}\n{said}"


@pytest.mark.parametrize("row", [row for row in COMMANDS if ROWS[row][0]])
def test_and_not_with_less(up, row):
    capabilities, _ = ROWS[row]
    words = COMMANDS[row][0]
    for left_out in capabilities:
        done, said = works(up, words, [name for name in capabilities if name != left_out])
        assert not done and "shadow listens" not in said, f"without {left_out}: {words}\n{said}"
    assert not up.run("xfw status").stdout.count("waits for confirmation for")


def test_who_is_not_root_is_shown_nothing(up):
    done, said = works(up, "rules", [], NOBODY)
    assert not done and "only root may look there" in said


def test_an_admins_own_file_is_saved_with_two_more(up):
    up.run("chown nobody /etc/xfw/xfw.conf; chmod 0646 /etc/xfw/xfw.conf")
    for kept in (["CAP_CHOWN"], ["CAP_FOWNER"]):
        done, said = works(up, "save", kept)
        assert not done and "nothing was saved" in said
    assert works(up, "save", ["CAP_CHOWN", "CAP_FOWNER"])[0]
    assert up.run("stat -c %U /etc/xfw/xfw.conf").stdout == "nobody\n"
    up.run("chown root /etc/xfw/xfw.conf; chmod 0644 /etc/xfw/xfw.conf")


# ---- up and down ----

def test_in_the_dispatcher_it_is_one_capability_or_none_at_all(up):
    needed, _ = ROWS["`up` in libxdp's dispatcher"]
    assert ROWS["`down` in libxdp's dispatcher"][0] == needed
    without, _ = ROWS["`up` with `option dispatcher off`"]
    # There already: what would be lost is refused, by name.
    before = up.wan()["program_id"]
    for words in ("up", "down"):
        done, said = works(up, words, without)
        assert not done and "CAP_SYS_ADMIN" in said, said
    assert up.wan()["held"] == "dispatcher" and up.wan()["program_id"] == before
    assert works(up, "down", needed)[0]
    # Not there yet: a link of our own, and it is said.
    done, said = works(up, "up", without)
    assert done and "CAP_SYS_ADMIN" in said and up.wan()["held"] == "own link"
    assert works(up, "down", without)[0]
    for left_out in needed:
        done, said = works(up, "up", [name for name in needed if name != left_out])
        assert not done, f"up did without {left_out}\n{said}"
        up.run("xfw down")
    done, said = works(up, "up", needed)
    assert done and not said and up.wan()["held"] == "dispatcher"


def test_with_a_link_of_its_own_it_needs_three(up):
    up.run(f"xfw down; cp /etc/xfw/xfw.conf /tmp/kept; echo {OFF} >>/etc/xfw/xfw.conf")
    needed, _ = ROWS["`up` with `option dispatcher off`"]
    for left_out in needed:
        done, said = works(up, "up", [name for name in needed if name != left_out])
        assert not done, f"up did without {left_out}\n{said}"
        up.run("xfw down")
    done, said = works(up, "up", needed)
    assert done and not said and up.wan()["held"] == "own link"
    assert works(up, "status", [])[0]
    assert not works(up, "down", [])[0]
    assert works(up, "down", ROWS["`down` with `option dispatcher off`"][0])[0]
    assert "xdp" not in up.run("in_ns hv ip link show eth0; cp /tmp/kept /etc/xfw/xfw.conf").stdout


def test_the_pin_of_a_link_is_enough_to_take_the_filter_off(up):
    """Why pins are not for a group."""
    up.run(f"cp /etc/xfw/xfw.conf /tmp/kept; echo {OFF} >>/etc/xfw/xfw.conf; xfw down; xfw up")
    link = "/sys/fs/bpf/xfw/links/eth0"
    detach = f"in_ns hv setpriv {NOBODY} --bounding-set=-all bpftool link detach pinned {link}"
    assert up.run(detach, check=False).returncode != 0 and up.wan()["program_id"]
    up.run(f"chmod 0711 /sys/fs/bpf/xfw /sys/fs/bpf/xfw/links; chmod 0666 {link}")
    up.run(detach)
    assert "xdp" not in up.run("in_ns hv ip link show eth0").stdout
    up.run("xfw down; cp /tmp/kept /etc/xfw/xfw.conf; xfw up")
