# SPDX-License-Identifier: GPL-2.0
"""The lab's tunnel again, by the WireGuard that is in the kernel: the same tests, in the guest."""

import re

from guest import TREE


def test_the_lab_holds_with_the_kernels_wireguard(guest):
    done = guest.run(f"cd {TREE}; XFW_WIREGUARD=kernel /usr/bin/python3 -m pytest -q --tb=short "
                     "-p no:cacheprovider tests/lab/test_tunnel.py", timeout=170)
    assert re.search(r"^6 passed in", done.stdout, re.MULTILINE), done.stdout
    guest.run("grep -q '^wireguard ' /proc/modules")
