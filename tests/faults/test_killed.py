# SPDX-License-Identifier: GPL-2.0
"""Commands killed before each system call that changes something: the old state or the new one."""

import pytest

from conftest import BOTH, CONFIG, NEW_ONLY, OLD_ONLY

COMMON = CONFIG + f"allow udp {BOTH} vm1\nallow tcp 22 host\n"
OLD = COMMON + f"""
allow udp {OLD_ONLY} vm1 limit 100000/s
route rangeB:8020::/77 via rangeB:8000:1:0:1 dev vmbr0
masquerade 172.16.99.0/24
forward tcp 8443 to 172.16.99.11:443
"""
NEW = COMMON.replace("lan  vmbr0", "lan  vmbr0 hook tc") + f"""
allow udp {NEW_ONLY} vm1 limit 100000/s
deny any from 2001:db8:bad::/48
lan vmbr1 hook tc
route rangeB:8030::/77 dev vmbr1
route rangeB:8020::/77 via rangeB:8000:2:0:1 dev vmbr0
masquerade 172.16.0.0/16
forward tcp 8444 to 172.16.99.12:443
ndp proxy rangeB:8000::/65
"""


@pytest.fixture(scope="module")
def up(lab, packets):
    lab.run("hv", "ip", "link", "add", "vmbr1", "type", "bridge")
    lab.run("hv", "ip", "link", "set", "vmbr1", "up")
    lab.packets = packets
    lab.config.write_text(OLD)
    lab.xfw("up")
    packets.begin()
    lab.file_of, lab.state_of = {}, {}
    for name, text in (("new", NEW), ("old", OLD)):
        lab.file_of[name] = lab.config.with_suffix(f".{name}")
        lab.file_of[name].write_text(text)
        lab.xfw("apply", lab.file_of[name])
        lab.state_of[name] = lab.state()
    yield lab
    for path in lab.file_of.values():
        path.unlink()


def judged_by(lab):
    """Which configuration judges, by what is shown, and by what gets through."""
    shown = lab.xfw("show").stdout
    which = {lab.state_of[name]["show"]: name for name in lab.state_of}[shown]
    assert lab.packets.open_ports() == {OLD_ONLY if which == "old" else NEW_ONLY}
    return which


@pytest.mark.parametrize("start, end", [("old", "new"), ("new", "old")])
def test_apply_killed_anywhere(up, start, end):
    seen = []
    up.xfw("apply", up.file_of[start])
    calls = up.calls("change", "apply", up.file_of[end])
    assert calls > 30
    for at in range(1, calls + 1):
        up.xfw("apply", up.file_of[start])
        outcome = up.fault("change", at, "kill", "apply", up.file_of[end])
        assert outcome.status == 137, outcome
        seen.append(judged_by(up))
        # Whichever way one goes on, nothing of the other one stays behind.
        aim = (start, end)[at % 2]
        up.xfw("apply", up.file_of[aim])
        assert up.state() == up.state_of[aim], f"at {at} of {calls}, {outcome.at}"
    # One switch, and no way back from it.
    assert set(seen) == {start, end}
    assert seen == sorted(seen, key=[start, end].index)
    assert not up.packets.forbidden()
    assert up.packets.gap < 1
