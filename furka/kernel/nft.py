"""The packet filter of this machine: run nftables scripts, each all or nothing, and read sets back."""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
from collections.abc import Callable
from math import inf
from typing import Any

from nftables import Nftables

_LIBRARY = "libnftables.so.1"
_LIMIT = 30.0  # seconds for one script

#: How nftables writes a span of time: 1d2h3m4s5ms.
_EXPIRES = re.compile(r"\bexpires ((?:[0-9]+(?:ms|[dhms]))+)")
_SPAN = re.compile(r"([0-9]+)(ms|[dhms])")
_UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class NftError(Exception):
    """The kernel or the parser refused a script; nothing of it is in force."""


class NotFound(NftError):
    """The table, set or element that was asked for is not there."""


class Nft:
    """Runs scripts through libnftables in this process (about 1 ms), or through the `nft` program without it.

    Use one instance from one thread. It works in the network namespace in which it was made.
    """

    def __init__(self, *, library: bool = True) -> None:
        self._run: _Run = (_with_library() if library else None) or _with_program

    def run(self, script: str) -> str:
        """Run a script of any length as one transaction; returns what it prints."""
        return self._call(script)

    def elements(self, family: str, table: str, name: str) -> list[Any]:
        """The elements of a set or map, as nftables' JSON has them; NotFound if there is no such set."""
        listed = json.loads(self._call(f"list set {family} {table} {name}", "json"))["nftables"]
        found: list[Any] = next((one["set"].get("elem", []) for one in listed if "set" in one), [])
        return found

    def seconds_left(self, family: str, table: str, name: str, element: str) -> float | None:
        """How long one element of a set stays in it, looked up in the kernel; infinite without an end, None if it is
        not in it. nftables tells one element as text only."""
        try:
            told = self._call(f"get element {family} {table} {name} {{ {element} }}")
        except NotFound:
            return None
        ends = _EXPIRES.search(told)
        if ends is None:
            return inf
        return sum(int(count) * _UNITS[unit] for count, unit in _SPAN.findall(ends[1]))

    def entries(self, family: str, table: str, name: str) -> list[Any]:
        """The elements of a map, as nftables' JSON has them; NotFound if there is no such map."""
        listed = json.loads(self._call(f"list map {family} {table} {name}", "json"))["nftables"]
        found: list[Any] = next((one["map"].get("elem", []) for one in listed if "map" in one), [])
        return found

    def skeleton(self, family: str, table: str) -> str | None:
        """A table's rules and declarations without elements and counters; None if there is no such table.

        The text is nftables' own; it is good for noticing that somebody changed the rules.
        """
        try:
            return self._call(f"list table {family} {table}", "bare")
        except NotFound:
            return None

    def _call(self, script: str, output: str = "") -> str:
        code, printed, complaint = self._run(script, output)
        if code != 0:
            first = complaint.strip().split("\n")[0]
            kind = NotFound if "No such file or directory" in first else NftError
            raise kind(complaint.strip() or f"nftables failed with code {code}")
        return printed


_Run = Callable[[str, str], tuple[int, str, str]]


def _with_library() -> _Run | None:
    try:
        ctypes.CDLL(_LIBRARY)  # asked first: Nftables() stumbles over its own feet when it is missing
    except OSError:
        return None
    filters = Nftables(_LIBRARY)

    def run(script: str, output: str) -> tuple[int, str, str]:
        filters.set_json_output(output == "json")
        filters.set_stateless_output(output == "bare")
        filters.set_terse_output(output == "bare")
        code, printed, complaint = filters.cmd(script)
        return code, printed or "", complaint or ""

    return run


def _with_program(script: str, output: str) -> tuple[int, str, str]:
    # A listing goes as an argument: with -f, nft -j would take its input for JSON.
    how = {"json": ["-j", script], "bare": ["-s", "-t", script]}.get(output, ["-f", "-"])
    try:
        done = subprocess.run(
            ["nft", *how],
            input=script,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NftError(f"the program nft can't be run: {error}") from error
    return done.returncode, done.stdout, done.stderr
