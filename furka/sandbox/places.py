"""Where the plants of a sample world are, and whom to call there: invented people in real towns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SamplePlace:
    """The address of a sample site, its place in degrees (WGS 84), its labels, and somebody to call."""

    street: str
    postcode: str
    town: str
    latitude: Decimal
    longitude: Decimal
    labels: tuple[str, ...] = ()
    contact: str = ""
    role: str = "Hauswart (Beispiel)"


def _at(
    street: str, postcode: str, town: str, latitude: str, longitude: str, *labels: str, contact: str = ""
) -> SamplePlace:
    return SamplePlace(street, postcode, town, Decimal(latitude), Decimal(longitude), labels, contact)


PLACES: dict[str, SamplePlace] = {
    "Schulhaus Dorf": _at(
        "Musterweg 1", "3600", "Thun", "46.7580", "7.6280", "Pikett", contact="Beat Beispiel"
    ),
    "Wärmeverbund Nord": _at("Musterweg 8", "3600", "Thun", "46.7720", "7.6210", "Pikett", "Fernwärme"),
    "Hallenbad Thun (Beispiel)": _at(
        "Beispielstrasse 3", "3604", "Thun", "46.7440", "7.6330", "Pikett", contact="Nora Muster"
    ),
    "Feuerwehrmagazin Steffisburg (Beispiel)": _at(
        "Musterplatz 2", "3612", "Steffisburg", "46.7770", "7.6350"
    ),
    "Haus A, Horw": _at(
        "Beispielhalde 1", "6048", "Horw", "47.0180", "8.3090", "Klinik", contact="Rolf Muster"
    ),
    "Haus B, Horw": _at("Beispielhalde 3", "6048", "Horw", "47.0190", "8.3110", "Klinik"),
    "Personalhaus, Kriens": _at("Musterstrasse 12", "6010", "Kriens", "47.0340", "8.2800", "Klinik"),
    "Überbauung Sonnenrain, Winterthur": _at(
        "Beispielrain 4", "8400", "Winterthur", "47.5000", "8.7240", "Wohnen"
    ),
    "Überbauung Lindenhof, Frauenfeld": _at(
        "Musterhof 9", "8500", "Frauenfeld", "47.5580", "8.8980", "Wohnen"
    ),
    "Neubau Rosenweg, Wil": _at("Beispielweg 20", "9500", "Wil", "47.4610", "9.0450", "Wohnen", "Neubau"),
    "Hotel, Andermatt": _at(
        "Passmuster 1", "6490", "Andermatt", "46.6350", "8.5940", contact="Gina Beispiel"
    ),
    "Personalhaus, Göschenen": _at("Bahnmuster 5", "6487", "Göschenen", "46.6670", "8.5870"),
    "Kläranlage, Langnau": _at("Musterau 7", "3550", "Langnau", "46.9390", "7.7870", "Pikett"),
    "Regenbecken, Trubschachen": _at("Beispielau 2", "3555", "Trubschachen", "46.9220", "7.8440", "Pikett"),
    "Werkhof": _at("Musterstrasse 40", "3007", "Bern", "46.9430", "7.4280", "Eigene"),
}
