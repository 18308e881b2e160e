"""What looking at something found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from furka.clock import monotonic


class Level(StrEnum):
    """How something was when it was looked at."""

    OK = "ok"
    WEAK = "weak"  # it works, and somebody should look after it
    BAD = "bad"  # it does not work

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        return ("ok", "weak", "bad").index(self)


def worst(levels: list[Level]) -> Level:
    """The worst of several; of none: all is well."""
    return max(levels, key=lambda level: level.rank, default=Level.OK)


@dataclass(frozen=True, slots=True)
class Found:
    """One look: what was looked at, how it was, why in one word, how long it took, and a number that belongs to it.

    The word is one of a few that the pages know; what an error says by itself is never passed on.
    """

    what: str
    level: Level
    code: str = ""
    ms: int | None = None
    number: float | None = None


def timed(what: str, look: Callable[[], Found | None]) -> Found:
    """Look, and count the milliseconds; faults of the network become words."""
    begin = monotonic()
    try:
        found = look()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong is what was found
        return Found(what, Level.BAD, code_of(error))
    ms = round((monotonic() - begin) * 1000)
    if found is None:
        return Found(what, Level.OK, "", ms)
    return Found(found.what, found.level, found.code, found.ms if found.ms is not None else ms, found.number)


def code_of(error: BaseException) -> str:
    """An error as one of a few words."""
    chain: BaseException | None = error
    while chain is not None:
        name = type(chain).__name__
        if "Certificate" in name or "SSL" in name:
            return "tls"
        if isinstance(chain, TimeoutError) or "Timeout" in name:
            return "silent"
        if isinstance(chain, ConnectionRefusedError):
            return "refused"
        if name == "gaierror":
            return "no-name"
        chain = chain.__cause__ or chain.__context__
    return "fault"
