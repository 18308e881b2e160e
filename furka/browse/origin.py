"""The two faces of one page: how the browser knows it, and how the device knows itself. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from furka.plan.entries import Page, Way

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_ADDRESS_PATTERN = r"(?:(https?|wss?):)?(\\?/\\?/)({hosts})(?::([0-9]{{1,5}}))?(?![\w:-]|\.[\w])"


@dataclass(frozen=True)
class Origin:
    """`outside` is what the browser shows, such as `https://k3…x.pages.example.org`, without a slash at its end.

    The device is spoken to as if the browser had asked it directly, under the address that it knows itself by.
    """

    outside: str
    known_as: IPv4Address
    device: IPv4Address
    ways: tuple[Way, ...]
    way: Way

    @classmethod
    def of(cls, page: Page, outside: str, way: Way | None = None) -> Origin:
        """The faces of a page; `way` is how it is asked at the moment."""
        return cls(outside, page.known_as, page.device, page.ways, way or page.ways[0])

    @property
    def is_secure(self) -> bool:
        """Whether the browser comes over TLS."""
        return self.outside.startswith("https:")

    @property
    def outside_socket(self) -> str:
        """The same origin for WebSockets."""
        return "ws" + self.outside.removeprefix("http")

    @property
    def host(self) -> str:
        """What the device reads in `Host`."""
        return f"{self.known_as}{_port_text(self.way)}"

    @property
    def inside(self) -> str:
        """The origin as the device sees it."""
        return f"{self.way.scheme}://{self.host}"

    @property
    def target(self) -> str:
        """Where it is really asked: never anything that a request says."""
        return f"{self.way.scheme}://{self.device}:{self.way.port}"

    @cached_property
    def addresses(self) -> re.Pattern[str]:
        """Finds addresses of the device in text."""
        return re.compile(self._pattern(), re.IGNORECASE)

    @cached_property
    def addresses_in_bytes(self) -> re.Pattern[bytes]:
        """The same in bytes."""
        return re.compile(self._pattern().encode(), re.IGNORECASE)

    def _pattern(self) -> str:
        hosts = "|".join(re.escape(str(each)) for each in {self.known_as, self.device})
        return _ADDRESS_PATTERN.format(hosts=hosts)

    def way_to(self, scheme: str, port: str | None) -> Way | None:
        """The way that an address of the device means; None if it is not open."""
        scheme = scheme.lower() or self.way.scheme
        number = int(port) if port else _PORTS.get(scheme, 0)
        plain = {"ws": "http", "wss": "https"}.get(scheme, scheme)
        return next((each for each in self.ways if each.scheme == plain and each.port == number), None)

    def outside_of(self, scheme: str, slashes: str, port: str | None) -> str | None:
        """What stands in place of an address of the device, with slashes written as they were."""
        if self.way_to(scheme, port) is None:
            return None
        there = self.outside_socket if scheme.lower() in ("ws", "wss") else self.outside
        own_scheme, _, host = there.partition("://")
        return f"{own_scheme}:{slashes}{host}" if scheme else f"{slashes}{host}"

    def in_text(self, text: str) -> str:
        """A header's text with the device's addresses replaced."""
        return self.addresses.sub(
            lambda found: self.outside_of(found[1] or "", found[2], found[4]) or found[0], text
        )

    def in_bytes(self, found: re.Match[bytes]) -> bytes:
        """What stands in place of one address that was found in bytes."""
        scheme, slashes, port = (found[each] for each in (1, 2, 4))
        told = self.outside_of(
            (scheme or b"").decode(), slashes.decode(), port.decode() if port is not None else None
        )
        return found[0] if told is None else told.encode()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A redirect that leads out of what is open."""

    address: str


@dataclass(frozen=True, slots=True)
class Onward:
    """A redirect that the browser may follow; `way` is how the page is asked from then on."""

    location: str
    way: Way


def redirected(origin: Origin, location: str) -> Onward | Elsewhere:
    """Where a redirect of the device leads. Absolute addresses are turned into ones under the page's own origin."""
    # Browsers leave out what can't be seen and read a backslash as a slash.
    text = "".join(each for each in location.strip() if each.isprintable()).replace("\\", "/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return Elsewhere(text)
    if not parts.scheme and not parts.netloc:
        return Elsewhere(text) if text.startswith("//") else Onward(text, origin.way)
    if parts.scheme and parts.scheme not in ("http", "https"):
        return Elsewhere(text)
    if not parts.netloc:
        # "http:path" and the like: browsers do not agree on what that means.
        return Elsewhere(text)
    if parts.hostname not in {str(origin.known_as), str(origin.device)} or "@" in parts.netloc:
        return Elsewhere(text)
    way = origin.way_to(parts.scheme, str(port) if port is not None else None)
    if way is None:
        return Elsewhere(text)
    rest = parts._replace(scheme="", netloc="").geturl()
    path = "/" + rest.lstrip("/") if rest.startswith("/") or not rest else "/" + rest
    return Onward(origin.outside + path, way)


def _port_text(way: Way) -> str:
    return "" if _PORTS[way.scheme] == way.port else f":{way.port}"
