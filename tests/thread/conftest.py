"""A stage, shared by the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.thread.stage import Stage, a_stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with a_stage(tmp_path_factory.mktemp("thread")) as ready:
        yield ready


@pytest.fixture
def closed(stage: Stage) -> Stage:
    """A stage on which nobody is let in yet."""
    stage.end_all()
    return stage
