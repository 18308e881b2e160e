"""Slips of the finger in e-mail addresses, to ask about before a mail goes to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

#: Where many people have their mail; what is nearly one of these is probably meant to be it.
COMMON = (
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "hotmail.ch",
    "icloud.com",
    "yahoo.com",
    "bluewin.ch",
    "sunrise.ch",
    "gmx.ch",
    "gmx.net",
    "gmx.de",
    "protonmail.com",
    "proton.me",
    "web.de",
    "t-online.de",
    "libero.it",
    "orange.fr",
)

#: Endings that do not exist, or nearly never are what was meant.
_ENDINGS: Mapping[str, str] = {
    "con": "com",
    "cmo": "com",
    "ocm": "com",
    "comm": "com",
    "cpm": "com",
    "chh": "ch",
}

#: Names that look like one of the common ones and are real.
_REAL = frozenset(
    {"mail.com", "gmx.com", "gmx.at", "live.com", "me.com", "yahoo.de", "yahoo.fr", "hotmail.de"}
)

_NEAR = 0.85


def likely_meant(email: str) -> str:
    """The address that was probably meant; "" if this one looks right or nothing better is known."""
    name, at, domain = email.strip().lower().rpartition("@")
    if not at or not name or domain in COMMON or domain in _REAL:
        return ""
    better = _better(domain)
    return f"{name}@{better}" if better and better != domain else ""


def _better(domain: str) -> str:
    if "." not in domain:
        return next((known for known in COMMON if known.partition(".")[0] == domain), "")
    first, _dot, ending = domain.rpartition(".")
    if ending in _ENDINGS:
        return f"{first}.{_ENDINGS[ending]}"
    return next(iter(get_close_matches(domain, COMMON, 1, _NEAR)), "")
