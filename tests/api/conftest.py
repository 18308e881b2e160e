"""What the tests of the API may ask for."""

from __future__ import annotations

import pytest

from furka.clock import FakeClock


@pytest.fixture(autouse=True)
def _time_stands_still(fake_clock: FakeClock) -> None:
    """Requests happen at NOW, like everything that the world was built with."""
