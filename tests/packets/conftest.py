# SPDX-License-Identifier: GPL-2.0
import pytest

import harness


@pytest.fixture(scope="session")
def one_machine():
    machine = harness.Machine()
    yield machine
    machine.close()


@pytest.fixture
def machine(one_machine):
    """The machine with no flow in it, and both guests heard of just now."""
    one_machine.forget_flows()
    one_machine.heard(one_machine.port1, harness.VM1_MAC)
    one_machine.heard(one_machine.port2, harness.VM2_MAC)
    return one_machine
