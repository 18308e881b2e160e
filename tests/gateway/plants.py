"""Two plants with their gateways in a lab, a portal that says what the test wants, and a plain hub."""

from __future__ import annotations

import contextlib
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from furka.gateway.claim import claim as make_claim
from furka.gateway.home import Home
from furka.lab import Lab, LabProcess, claim, start_gateway
from furka.lab.topology import PORTAL_URL
from furka.wire.gateway import GatewayReport
from furka.wire.portal_link import PortalLink
from tests.gateway.fake_portal import FakePortal
from tests.gateway.plain_hub import PlainHub
from tests.lab.waiting import eventually

NUMBERS = {"a": 1, "b": 2}

_ASK_METER = """
import socket, sys
with socket.create_connection((sys.argv[1], 502), timeout=3) as line:
    line.sendall(bytes.fromhex(sys.argv[2]))
    sys.stdout.write(line.recv(300).hex())
"""


class Plant:
    """One plant: its gateway's process and what the portal says to it."""

    def __init__(self, lab: Lab, letter: str, portal: FakePortal, hub: PlainHub) -> None:
        self.lab = lab
        self.letter = letter
        self.number = NUMBERS[letter]
        self.host = f"gateway-{letter}"
        self.portal = portal
        self.hub = hub
        self.code = f"CODE-{letter}"
        self.gateway: LabProcess = start_gateway(lab, letter)
        self.site = f"School {letter}"
        portal.codes[self.code] = self.site

    @property
    def address(self) -> str:
        return f"100.65.0.{self.number}"

    def device(self, last: int) -> str:
        """The virtual address of one of its devices."""
        return f"10.128.{self.number}.{last}"

    @property
    def public_key(self) -> str:
        return self.portal.taken[self.code].public_key

    def claim(self) -> None:
        claim(self.lab, self.letter, self.code)

    def claim_from_here(self) -> None:
        """The same without a program on the gateway: faster."""
        link = PortalLink(self.portal.url)
        try:
            make_claim(Home(self.lab.home / self.host), self.code, PORTAL_URL, link)
        finally:
            link.close()

    def give(self, **more: object) -> str:
        """Give the gateway settings: its one network, unless something else is said; returns their etag."""
        usual = {
            "address": self.address,
            "hub": self.hub.to_reach,
            "networks": [{"real": "192.168.1.0/24", "virtual": f"10.128.{self.number}.0/24"}],
        }
        return self.portal.give(self.site, **(usual | more)).etag

    def last_report(self) -> GatewayReport | None:
        return next((report for site, report in reversed(self.portal.reports) if site == self.site), None)

    def report_on(self, etag: str) -> GatewayReport:
        """The report that says that the settings with that etag are in force."""

        def found() -> GatewayReport | None:
            report = self.last_report()
            return report if report is not None and report.applied_etag == etag else None

        report = eventually(found)
        assert report is not None
        return report

    def page(self, address: str | None = None, limit: float = 1) -> str:
        """What the hub finds at the heating controller, or at another address; empty if nobody answers in time."""
        url = f"http://{address or self.device(10)}/"
        return self.lab.run("hub", ["curl", "-sm", str(limit), url]).stdout

    def meter_says(self, first: int, count: int) -> list[int]:
        """Registers of the meter, read from the hub."""
        question = struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, first, count).hex()
        done = self.lab.run("hub", [sys.executable, "-c", _ASK_METER, self.device(11), question], check=True)
        return list(struct.unpack(f">{count}H", bytes.fromhex(done.stdout)[9:]))

    def log(self) -> str:
        return (self.lab.home / "logs" / f"{self.host}.log").read_text()

    def interface_is_there(self) -> bool:
        return self.lab.run(self.host, ["ip", "link", "show", f"furka-{self.letter}"]).returncode == 0

    def filter_is_there(self) -> bool:
        return "furka" in self.lab.run(self.host, ["nft", "list", "tables"]).stdout

    def kept(self) -> set[str]:
        """What lies in the gateway's home, locks aside, and the key that belongs to the plant's own page."""
        names = {path.name for path in (self.lab.home / self.host).iterdir() if path.suffix != ".lock"}
        return names - {"local-key.json"}


@contextlib.contextmanager
def one_plant(home: Path) -> Iterator[Plant]:
    """Plant a in a lab of its own, claimed, connected and seen at work."""
    with FakePortal() as portal, Lab.start(home, portal.port) as lab:
        hub = PlainHub(lab)
        plant = Plant(lab, "a", portal, hub)
        plant.claim_from_here()
        hub.start({plant.public_key: f"{plant.address}/32,10.128.1.0/24"})
        plant.give()
        eventually(plant.page)
        yield plant
