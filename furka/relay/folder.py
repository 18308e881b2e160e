"""The folder that a hub and its relay share: what each says to the other. Nothing in it is secret but the own key.

The relay makes the folder and says what it offers; the hub, which is root, says whose tickets count. Neither follows
links that the other could have laid.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

Said = TypeVar("Said", bound=BaseModel)

_LARGEST = 64 * 1024


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Offer(_Said):
    """The relay runs: its own certificate, empty if one of a known authority is used; where it answers probes."""

    certificate: str = ""
    probe_port: int = 0


class Known(_Said):
    """What the portal told the hub: the hub's key there, and by whom tickets are signed."""

    hub: str
    ticket_keys: tuple[str, ...]


def offer_in(folder: Path) -> Offer | None:
    """What the relay offers; None while there is none."""
    return _read(folder / "offer.json", Offer)


def known_in(folder: Path) -> Known | None:
    """What the hub knows; None while it has said nothing."""
    return _read(folder / "known.json", Known)


def say_offer(folder: Path, offer: Offer) -> None:
    write(folder / "offer.json", offer.model_dump_json(), 0o644)


def say_known(folder: Path, known: Known) -> None:
    write(folder / "known.json", known.model_dump_json(), 0o644)


def write(place: Path, text: str, mode: int) -> None:
    """Replace a file as a whole."""
    new = place.with_name(f"{place.name}.new")
    new.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(place)


def _read(place: Path, kind: type[Said]) -> Said | None:
    try:
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)) as file:
            return kind.model_validate_json(file.read(_LARGEST))
    except (OSError, ValidationError):
        return None
