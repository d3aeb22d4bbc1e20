# SPDX-License-Identifier: GPL-2.0
"""A guest of its own for each test file: a few seconds without KVM."""

import pytest

from guest import Guest


@pytest.fixture(scope="module")
def guest():
    made = Guest()
    yield made
    made.close()
