# SPDX-License-Identifier: GPL-2.0
"""One guest for all the files, each of which leaves it as it was; in it, the lab's network."""

import json

import pytest

from guest import TREE, Guest

VM1 = "2001:db8:1:2:8000:1:0:1"
CONFIG = f"""
wan  eth0
lan  vmbr0
route 2001:db8:1:2:8000::/77 dev vmbr0
allow icmp6 echo-request {VM1}
allow tcp 443 {VM1}
"""


@pytest.fixture(scope="session")
def guest():
    made = Guest()
    yield made
    made.close()


class Lab:
    """tests/lab/topology.sh in the guest: `in_ns NAMESPACE WORDS` and `xfw WORDS` in scripts."""

    WORDS = f"cd {TREE}; . tests/lab/topology.sh; xfw() {{ in_ns hv build/xfw \"$@\"; }}\n"

    def __init__(self, guest):
        self.guest = guest
        self.run(f"""
            lab_up
            mkdir /etc/xfw
            cat >/etc/xfw/xfw.conf <<'END'\n{CONFIG}\nEND
            in_ns vm1 /usr/bin/python3 -m http.server --bind :: 443 &""")

    def run(self, script, check=True, timeout=60):
        return self.guest.run(self.WORDS + script, check, timeout)

    def json(self, words):
        return json.loads(self.run(f"xfw {words} --json").stdout)

    def wan(self):
        return self.json("status")["interfaces"][0]

    def dropped(self, reason):
        return self.json("stats")["drops"]["wan"][reason]["packets"]


@pytest.fixture(scope="session")
def lab(guest):
    return Lab(guest)
