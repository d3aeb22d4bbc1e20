# SPDX-License-Identifier: GPL-2.0
"""Two configurations that differ in everything a change can touch, and which of them judges."""

from conftest import BOTH, CONFIG, NEW_ONLY, OLD_ONLY, until

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



def prepare(lab, packets):
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


def tidy(lab):
    for path in lab.file_of.values():
        path.unlink()


def judged_by(lab):
    """Which configuration judges, by what is shown, and by what gets through."""
    shown = lab.xfw("show").stdout
    which = {lab.state_of[name]["show"]: name for name in lab.state_of}[shown]
    expected = {OLD_ONLY if which == "old" else NEW_ONLY}
    seen = lab.packets.open_ports()
    assert seen <= expected, f"{which}: open are {seen}"
    # One that is missing may have been on its way still.
    assert seen == expected or until(lambda: lab.packets.open_ports() == expected, 3), which
    return which
