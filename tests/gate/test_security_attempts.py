"""Whoever guesses can not make room for more guesses."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from furka import clock
from furka.gate.attempts import WRONG_PROOFS, count_wrong, must_wait
from furka.worker.duties import tidy_up

pytestmark = pytest.mark.django_db


def test_counts_of_attempts_are_not_pushed_out_by_other_notes() -> None:
    cache.set("allauth:rl:account:login_failed:karl", [1.0], timeout=300)
    request = RequestFactory().get("/")
    for _ in range(WRONG_PROOFS):
        count_wrong(request)

    for number in range(700):  # such as forms that were sent
        cache.add(f"once-1-{number}", "", timeout=3600)

    assert (cache.get("allauth:rl:account:login_failed:karl"), must_wait(request)) == ([1.0], True)


def test_notes_that_are_over_are_tidied_up() -> None:
    cache.set("over", "1", timeout=-1)
    cache.set("still-counts", "1", timeout=3600)

    done = tidy_up(clock.now())

    assert (done, cache.get("still-counts")) == (1, "1")
