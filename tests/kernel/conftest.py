"""Networks for tests that touch the kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.namespace import own_network


@pytest.fixture
def network() -> Iterator[None]:
    """An empty network for this test alone."""
    with own_network():
        yield
