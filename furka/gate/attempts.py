"""Counts wrong proofs per address, so that whoever guesses has to wait; every portal copy sees the same count."""

from __future__ import annotations

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

#: So many wrong proofs from one address within so many seconds; then it has to wait.
WRONG_PROOFS, WITHIN = 20, 300


def must_wait(request: HttpRequest) -> bool:
    """Whether too many proofs from this address were wrong lately."""
    return bool(cache.get(_count_of(request), 0) >= WRONG_PROOFS)


def count_wrong(request: HttpRequest) -> None:
    """Note one more wrong proof."""
    key = _count_of(request)
    cache.add(key, 0, timeout=WITHIN)
    try:
        cache.incr(key)
    except ValueError:  # it ran out between the two calls
        cache.set(key, 1, timeout=WITHIN)


def is_worn_out(what: str, most: int) -> bool:
    """Whether what is named so was guessed at wrongly too often lately, from wherever."""
    return bool(cache.get(_key(what), 0) >= most)


def count_wrong_at(what: str, within: int) -> None:
    """Note one more wrong guess at what is named so; after so many seconds without one all is forgotten."""
    key = _key(what)
    cache.set(key, cache.get(key, 0) + 1, timeout=within)


def _count_of(request: HttpRequest) -> str:
    return _key(str(request.META.get("REMOTE_ADDR", "")))


def _key(what: str) -> str:
    return f"wrong-proofs-{hashlib.sha256(what.encode()).hexdigest()[:24]}"
