"""How many examples the laws try: `quick` is the rule, the same ones every time; `long` is for nights, with others
each time (HYPOTHESIS_PROFILE=long).

What was tried is counted and told at the end; a run that tried fewer cases about access than FURKA_TEST_LAWS_AT_LEAST
fails.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "quick", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", settings.get_profile("quick"), max_examples=4000, derandomize=False)
# Only whether a law fails, not the smallest case in which it does: for trying the laws themselves.
settings.register_profile(
    "notice", settings.get_profile("quick"), phases=[Phase.generate], derandomize=False, database=None
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

#: The laws about who may do what, where and when.
OF_ACCESS = ("test_access", "test_access_windows", "test_scope", "test_who_has_access", "test_moves")

#: Cases tried by each law, of this process and of those beside it.
_tried: dict[str, int] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have every law count what it tries."""
    for item in items:
        law = getattr(getattr(item, "obj", None), "hypothesis", None)
        if law is not None and item.nodeid not in _tried:
            _tried[item.nodeid] = 0
            law.inner_test = _counting(law.inner_test, item.nodeid)


def _counting(test: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(test)
    def counted(*args: Any, **kwargs: Any) -> Any:
        _tried[name] += 1
        return test(*args, **kwargs)

    return counted


def pytest_testnodedown(node: Any) -> None:
    """Add what a process beside this one has tried."""
    for name, number in getattr(node, "workeroutput", {}).get("tried", {}).items():
        _tried[name] = _tried.get(name, 0) + number


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much was tried."""
    if laws := [count for count in _tried.values() if count]:
        terminalreporter.write_line(
            f"{sum(laws)} random cases were tried by {len(laws)} laws, {_about_access()} of them about access"
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run that was to try so many cases says so if it did not."""
    beside = getattr(session.config, "workeroutput", None)
    if beside is not None:
        beside["tried"] = _tried
    elif session.exitstatus == 0 and _about_access() < int(os.environ.get("FURKA_TEST_LAWS_AT_LEAST", "0")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _about_access() -> int:
    return sum(number for name, number in _tried.items() if Path(name.split("::")[0]).stem in OF_ACCESS)
