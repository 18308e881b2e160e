"""What is in a sample world: customers, sites, devices, as plain data; plainly invented names in real places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

#: The site that the first plant of a lab may belong to, and the one for its second plant.
FIRST_SITE, SECOND_SITE = "Schulhaus Dorf", "Wärmeverbund Nord"


@dataclass(frozen=True, slots=True)
class SampleDevice:
    """A device: name, last number of its address, kind."""

    name: str
    host: int
    kind: str = "controller"


@dataclass(frozen=True, slots=True)
class SampleSite:
    """A site and how it is: `online`, `offline` or `empty` (no gateway yet), for how long, and since when it exists."""

    name: str
    subnet: str
    devices: tuple[SampleDevice, ...]
    state: str = "online"
    state_since: timedelta = timedelta(days=12)
    age: timedelta = timedelta(days=200)
    missing: tuple[str, ...] = ()  # networks that the gateway does not find
    second_subnet: str = ""


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """A customer and its sites."""

    name: str
    sites: tuple[SampleSite, ...]


#: What devices of a kind usually offer: number, tcp or udp, name.
PORTS: dict[str, tuple[tuple[int, str, str], ...]] = {
    "controller": ((80, "tcp", "Web"), (502, "tcp", "Modbus")),
    "meter": ((502, "tcp", "Modbus"),),
    "panel": ((443, "tcp", "Web"), (5900, "tcp", "VNC")),
    "camera": ((80, "tcp", "Web"), (554, "tcp", "RTSP")),
    "computer": ((3389, "tcp", "Remote Desktop"),),
}
#: Where the page of a device of a kind begins.
LINKS = {"controller": "/login", "panel": "/visu", "camera": "/live"}

RESELLER = "Muster Gebäudetechnik AG"

_D = SampleDevice


def _days(days: float) -> timedelta:
    return timedelta(days=days)


CUSTOMERS: tuple[SampleCustomer, ...] = (
    SampleCustomer(
        "Gemeinde Beispielwil",
        (
            SampleSite(
                FIRST_SITE,
                "192.168.1.0/24",
                (_D("Heizungsregler", 10), _D("Stromzähler", 11, "meter"), _D("Lüftung Aula", 12)),
                state_since=_days(5),
                age=_days(390),
            ),
            SampleSite(
                SECOND_SITE,
                "192.168.1.0/24",
                (_D("Kesselregler", 10), _D("Wärmezähler Hauptleitung", 20, "meter"), _D("Netzpumpen", 21)),
                age=_days(380),
                state_since=_days(41),
            ),
            SampleSite(
                "Hallenbad Thun (Beispiel)",
                "192.168.20.0/24",
                (
                    _D("Badewassertechnik", 10),
                    _D("Lüftung Halle", 11),
                    _D("Bedienpanel Technikraum", 15, "panel"),
                    _D("Kamera Technikraum", 30, "camera"),
                ),
                age=_days(300),
                state="offline",
                state_since=timedelta(hours=3, minutes=20),
            ),
            SampleSite(
                "Feuerwehrmagazin Steffisburg (Beispiel)",
                "192.168.5.0/24",
                (_D("Torsteuerung", 10), _D("Heizungsregler", 11)),
                state_since=_days(23),
                age=_days(210),
            ),
        ),
    ),
    SampleCustomer(
        "Klinik Seeblick (Beispiel)",
        (
            SampleSite(
                "Haus A, Horw",
                "192.168.10.0/24",
                (
                    _D("Lüftungsregler", 20),
                    _D("Bedienpanel", 21, "panel"),
                    _D("Kältemaschine", 22),
                    _D("Leitstation", 5, "computer"),
                ),
                age=_days(350),
                state_since=_days(88),
                second_subnet="10.20.30.0/24",
            ),
            SampleSite(
                "Haus B, Horw",
                "192.168.11.0/24",
                (_D("Lüftungsregler", 20), _D("Dampferzeuger", 24)),
                state_since=_days(3.4),
                age=_days(340),
                missing=("192.168.12.0/24",),
                second_subnet="192.168.12.0/24",
            ),
            SampleSite(
                "Personalhaus, Kriens",
                "192.168.10.0/24",
                (_D("Wärmepumpe", 30), _D("Stromzähler", 31, "meter")),
                state_since=_days(61),
                age=_days(120),
            ),
        ),
    ),
    SampleCustomer(
        "Wohnbaugenossenschaft Musterhof",
        (
            SampleSite(
                "Überbauung Sonnenrain, Winterthur",
                "192.168.178.0/24",
                (
                    _D("Wärmepumpe Haus 1", 30),
                    _D("Wärmepumpe Haus 2", 31),
                    _D("Solaranlage", 40, "meter"),
                    _D("Ladestationen Einstellhalle", 50, "other"),
                ),
                state_since=_days(17),
                age=_days(260),
            ),
            SampleSite(
                "Überbauung Lindenhof, Frauenfeld",
                "192.168.178.0/24",
                (_D("Fernwärmestation", 30), _D("Wärmezähler", 32, "meter")),
                age=_days(150),
                state="offline",
                state_since=_days(2),
            ),
            SampleSite(
                "Neubau Rosenweg, Wil",
                "192.168.40.0/24",
                (_D("Wärmepumpe", 30),),
                state="empty",
                age=_days(6),
            ),
        ),
    ),
    SampleCustomer(
        "Hotel Passhöhe (Beispiel)",
        (
            SampleSite(
                "Hotel, Andermatt",
                "192.168.2.0/24",
                (
                    _D("Holzschnitzelheizung", 10),
                    _D("Wellness Lüftung", 11),
                    _D("Küchenkälte", 12),
                    _D("Kamera Silo", 40, "camera"),
                ),
                age=_days(190),
                state_since=timedelta(minutes=42),
            ),
            SampleSite(
                "Personalhaus, Göschenen",
                "192.168.3.0/24",
                (_D("Heizungsregler", 10),),
                state_since=_days(1.2),
                age=_days(90),
            ),
        ),
    ),
    SampleCustomer(
        "Kläranlage Musterthal (Beispiel)",
        (
            SampleSite(
                "Kläranlage, Langnau",
                "172.16.4.0/24",
                (
                    _D("Belüftung Becken 1", 10),
                    _D("Belüftung Becken 2", 11),
                    _D("Blockheizkraftwerk", 20),
                    _D("Leitrechner", 5, "computer"),
                ),
                state_since=_days(8),
                age=_days(330),
            ),
            SampleSite(
                "Regenbecken, Trubschachen",
                "172.16.5.0/24",
                (_D("Pumpensteuerung", 10), _D("Pegelmessung", 11, "meter")),
                age=_days(310),
                state="offline",
                state_since=_days(9),
            ),
        ),
    ),
)

#: Directly on the reseller.
OWN_SITES: tuple[SampleSite, ...] = (
    SampleSite(
        "Werkhof",
        "192.168.178.0/24",
        (_D("Wärmepumpe", 30), _D("Solaranlage", 40, "meter")),
        state_since=_days(34),
        age=_days(395),
    ),
    SampleSite(
        "Testaufbau Werkstatt",
        "192.168.99.0/24",
        (_D("Regler Prüfplatz", 10), _D("Bedienpanel Prüfplatz", 11, "panel")),
        state="empty",
        age=_days(30),
    ),
)
