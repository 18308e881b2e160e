"""How one hub was started."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from furka.hub.conversation import Portal
from furka.hub.watch import Timing


@dataclass(frozen=True, slots=True)
class Relay:
    """The relay beside the hub: where it is reached from outside, and the folder that both share."""

    endpoint: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Setting:
    """How one hub was started."""

    portal: Portal
    endpoint: str
    interface: str
    relay: Relay | None = None
    timing: Timing = field(default_factory=Timing)
    pages: str = ""  # where pages of devices open; "": nowhere
    page_socket: Path | None = None  # where the program that opens them hears of them
    names: bool = False  # whether it answers for the names of what can be reached
    canary_port: int = 0  # where its tunnels end on this machine, to try the own way; 0: it does not
