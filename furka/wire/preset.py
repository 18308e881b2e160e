"""What makes a box the gateway of a site without anybody at a keyboard: one line, in a file or on a label.

    https://portal.example.org/plug/7K3M9Q2D/#ABCD-EFGH-JKMN-PQRS-TVWX

Before the `#` stands where a person who scans it goes: the portal's page of the box with that number. What is behind it
is the box's code; no browser sends that anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a box claims its site, and with which code."""

    portal: str
    code: str = field(repr=False)


def preset(portal: str, number: str, code: str) -> str:
    """The line."""
    return f"{portal.rstrip('/')}/plug/{number}/#{code}"


def read_preset(text: str) -> Preset:
    """What a line says; empty lines and those that begin with # are comments. Raises ValueError."""
    lines = [line.strip() for line in text.splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    if len(wanted) != 1:
        raise ValueError("a preset has one line, such as https://portal.example.org/plug/NUMBER/#CODE")
    parts = urlsplit(wanted[0])
    before, plug, _number = parts.path.rpartition("/plug/")
    if parts.scheme not in ("http", "https") or not parts.netloc or not plug or not parts.fragment:
        raise ValueError("a preset is a line such as https://portal.example.org/plug/NUMBER/#CODE")
    return Preset(f"{parts.scheme}://{parts.netloc}{before}", parts.fragment)
