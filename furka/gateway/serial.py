"""The serial number of the box, as its maker wrote it into it, or as whoever prepared it said.

It is told to the portal, which compares it with the one that was entered for a prepared gateway. It proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

LONGEST = 60

#: On small computers, and on PCs, where root has to let us read it (`deploy/gateway/tmpfiles.conf`).
PLACES = (
    Path("/sys/firmware/devicetree/base/serial-number"),
    Path("/sys/devices/virtual/dmi/id/product_serial"),
)

#: What makers leave there who have none to tell; letters and digits alone, small.
_NONE = frozenset(
    (
        "none",
        "unknown",
        "notspecified",
        "notapplicable",
        "na",
        "tobefilledbyoem",
        "defaultstring",
        "systemserialnumber",
        "serialnumber",
        "invalid",
        "0123456789",
        "123456789",
        "1234567890",
    )
)


def serial_number(said: str = "", places: Iterable[Path] = PLACES) -> str:
    """The one that was said, or else the first that the box has; empty if there is none."""
    return _proper(said) or next(filter(None, map(_read, places)), "")


def _read(place: Path) -> str:
    try:
        return _proper(place.read_bytes()[:200].decode("utf-8", "replace"))
    except OSError:
        return ""


def _proper(text: str) -> str:
    shown = "".join(sign if sign.isprintable() else " " for sign in text.replace("\0", ""))
    found = " ".join(shown.split())[:LONGEST]
    plain = "".join(sign for sign in found.lower() if sign.isalnum())
    return "" if plain in _NONE or len(set(plain)) < 2 else found
