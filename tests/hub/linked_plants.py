"""Four plants with their gateways, a hub, and a portal that says to all of them what a test wants about links."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from furka.gateway.claim import claim as make_claim
from furka.gateway.home import Home
from furka.lab import Lab, LabProcess, start_gateway, start_hub
from furka.lab.topology import HUB, HUB_PORT, PORTAL_URL
from furka.plan.entries import Entry, Peer, Prefix, TunnelEnd
from furka.wire import PREFIX
from furka.wire.gateway import LegToJoin
from furka.wire.hub import HubHello, HubReport, LinkSeen
from furka.wire.portal_link import PortalLink
from tests.gateway import fake_portal as for_gateways
from tests.hub import fake_portal as for_hubs
from tests.lab.waiting import eventually
from tests.laws.hub_worlds import LAYOUT

NETWORK = IPv4Network("192.168.1.0/24")
NUMBERS = {"a": 1, "b": 2, "c": 3, "d": 4}
GATEWAY = "192.168.1.2"


def prefix_of(letter: str) -> IPv4Network:
    """Under which that plant's network is known to the others."""
    return IPv4Network(f"10.128.{NUMBERS[letter]}.0/24")


def device(letter: str, last: int) -> IPv4Address:
    """One of its devices, as the others know it."""
    return prefix_of(letter)[last]


def end_of(letter: str) -> IPv4Address:
    """Its gateway's end of the tunnel."""
    return IPv4Address(f"100.65.0.{NUMBERS[letter]}")


class Portal(for_gateways.FakePortal):
    """Answers a hub, too."""

    def __init__(self) -> None:
        super().__init__()
        self.RequestHandlerClass = _Call
        self.of_hub = for_hubs.FakePortal()


class _Call(for_gateways._Call):
    server: Portal

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if not where.path.startswith(f"{PREFIX}/hub/"):
            super().do_GET()
            return
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        answer = self.server.of_hub.plan(int(query["since"]), float(query.get("wait", 0)))
        if answer is not None:
            self._say(answer)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        if not self.path.startswith(f"{PREFIX}/hub/"):
            super().do_POST()
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/hello"):
            self._say(self.server.of_hub.welcome(HubHello.model_validate_json(body)))  # type: ignore[arg-type]
        else:
            self._say(self.server.of_hub.take(HubReport.model_validate_json(body)))  # type: ignore[arg-type]


class LinkedPlants:
    """The lab at work: nothing is linked yet."""

    def __init__(self, lab: Lab, portal: Portal, letters: str) -> None:
        self.lab = lab
        self.portal = portal
        self.letters = letters
        token = lab.home / "token"
        token.write_text(for_hubs.TOKEN)
        self._token = token
        self.hub: LabProcess = start_hub(lab, token)
        self.gateways = {letter: start_gateway(lab, letter) for letter in letters}
        self._keys: dict[str, str] = {}
        for letter in letters:
            code = f"CODE-{letter}"
            portal.codes[code] = f"School {letter}"
            link = PortalLink(portal.url)
            make_claim(Home(lab.home / f"gateway-{letter}"), code, PORTAL_URL, link)
            link.close()
            self._keys[letter] = portal.taken[code].public_key
        eventually(lambda: portal.of_hub.hellos, 30)
        self._said: dict[str, Entry] = {}
        self.say()
        for letter in letters:
            self.give(letter)
        for letter in letters:
            eventually(partial(self._is_online, letter), 40)

    def start_hub(self) -> None:
        self.hub = start_hub(self.lab, self._token)

    def start_gateway(self, letter: str) -> None:
        self.gateways[letter] = start_gateway(self.lab, letter)

    def _is_online(self, letter: str) -> bool:
        seen = self.portal.of_hub.peer(self._keys[letter])
        return seen is not None and seen.online

    def say(self, *links: Entry) -> None:
        """Have exactly these links in the plan; returns once they are in force."""
        ends: list[Entry] = []
        for letter in self.letters:
            number, own = NUMBERS[letter], prefix_of(letter)
            peer = {"name": letter, "end": TunnelEnd.GATEWAY, "address": end_of(letter), "prefixes": (own,)}
            ends += [
                Peer.model_validate({**peer, "public_key": self._keys[letter]}),
                Prefix(network=own, site=number),
            ]
        wanted = {entry.key: entry for entry in (*ends, *links)}
        gone = tuple(key for key in self._said if key not in wanted)
        self._said = wanted
        revision = self.portal.of_hub.say(*wanted.values(), gone=gone)
        eventually(
            lambda: (
                self.portal.of_hub.reports[-1:]
                and self.portal.of_hub.reports[-1].applied_revision == revision
            )
        )

    def give(
        self,
        letter: str,
        legs: tuple[LegToJoin, ...] = (),
        peers: tuple[IPv4Network, ...] = (),
        callers: tuple[IPv4Network, ...] = (),
    ) -> None:
        """Settings for a gateway; returns once they are in force."""
        site = f"School {letter}"
        hub = {
            "public_key": self.portal.of_hub.hellos[-1].public_key,
            "endpoint": f"{HUB}:{HUB_PORT}",
            "allowed": ["100.64.0.0/16", "100.72.0.0/13"],
            "keepalive_seconds": 5,
        }
        given = self.portal.give(
            site,
            address=end_of(letter),
            hub=hub,
            networks=[{"real": NETWORK, "virtual": prefix_of(letter)}],
            legs=legs,
            link_peers=peers,
            link_callers=callers,
        )
        eventually(
            lambda: any(
                who == site and report.applied_etag == given.etag for who, report in self.portal.reports
            ),
            20,
        )

    def seen(self, link: str, member: str) -> LinkSeen | None:
        """What the hub said last about a member of a link."""
        every = (one for report in list(self.portal.of_hub.reports) for one in report.links)
        return next((one for one in reversed(list(every)) if (one.link, one.member) == (link, member)), None)

    def python(self, host: str, code: str, *words: str, limit: float = 30) -> str:
        """What a small program says on a host."""
        return self.lab.run(host, [sys.executable, "-c", code, *words], check=True, timeout=limit).stdout

    def start_python(self, host: str, code: str, *words: str, log: str) -> tuple[LabProcess, Path]:
        """The same, while it goes on."""
        place = self.lab.home / "logs" / log
        return self.lab.spawn(host, [sys.executable, "-uc", code, *words], log=place), place

    def do(self, host: str, *command: str) -> str:
        return self.lab.run(host, command, check=True).stdout

    def pings(self, host: str, address: str, *options: str) -> bool:
        """Whether a host answers another one."""
        return self.lab.run(host, ["ping", "-nqc1", "-W1", address, *options]).returncode == 0


def leg(letter: str, segment: int) -> LegToJoin:
    """The network of a plant as a leg."""
    return LegToJoin(segment=segment, hub=LAYOUT.address, network=NETWORK)


@contextlib.contextmanager
def linked_plants(home: Path, letters: str = "abcd") -> Iterator[LinkedPlants]:
    """All of it, for a while."""
    with Portal() as portal, Lab.start(home, portal.port) as lab:
        yield LinkedPlants(lab, portal, letters)
