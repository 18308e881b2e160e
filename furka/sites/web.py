"""Which page a device has of its own, and how it is asked for: from its ports and its link."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

from furka.plan.entries import Way
from furka.sites.equipment import ports_of
from furka.sites.models import Device

#: Ports on which devices have pages, and how they are asked there.
_USUAL: Final[dict[int, Literal["http", "https"]]] = {
    80: "http",
    443: "https",
    8000: "http",
    8008: "http",
    8080: "http",
    8081: "http",
    8443: "https",
}


def ways_of(device: Device) -> tuple[Way, ...]:
    """How the page of a device can be asked for, the one where it begins first; none if it has no page."""
    found: list[Way] = []
    if (linked := _linked(device)) is not None:
        found.append(linked)
    tcp = [port for port in ports_of(device) if port.protocol == "tcp"]
    named = [
        Way(scheme=scheme, port=port.number)
        for port in tcp
        if (scheme := _scheme_of(port.number, port.name)) is not None
    ]
    if device.web or (device.link.startswith("/") and not named):
        found.append(Way(scheme="http", port=80))
    found += named
    if any(way.scheme == "http" and way.port == 80 for way in found):
        found.append(
            Way(scheme="https", port=443)
        )  # where most pages on port 80 send to, if they send at all
    return tuple(dict.fromkeys(found))


def has_page(device: Device) -> bool:
    """Whether it has a page of its own, as far as is known."""
    return bool(ways_of(device))


def start_of(device: Device) -> str:
    """The path at which the page begins."""
    if device.link.startswith("/"):
        return device.link
    if _linked(device) is not None:
        parts = urlsplit(device.link)
        return parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
    return "/"


def _linked(device: Device) -> Way | None:
    """What the link of a device says, if it leads to the device itself."""
    parts = urlsplit(device.link)
    if parts.hostname != device.address:
        return None
    if parts.scheme == "https":
        return Way(scheme="https", port=parts.port or 443)
    return Way(scheme="http", port=parts.port or 80) if parts.scheme == "http" else None


def _scheme_of(number: int, name: str) -> Literal["http", "https"] | None:
    """How a port is asked for a page; None if it has none as far as is known."""
    words = name.lower().split()
    if "https" in words:
        return "https"
    if "http" in words or ("web" in words and number not in _USUAL):
        return "http"
    return _USUAL.get(number)
