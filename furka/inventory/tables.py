"""Sites and customers as a table: its columns, the same for what goes out and comes in, and cells that do no harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from furka.inventory.notes import DEGREES, TEXTS
from furka.particulars.queries import labels_of, noted_of
from furka.sites.queries import states_of
from furka.tree.acting import Acting
from furka.tree.models import Node

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key, its heading, and what else people write above it, in any language."""

    key: str
    title: Promise
    also: tuple[str, ...] = ()
    example: str = ""


#: What can be taken in.
COLUMNS = (
    Column(
        "customer",
        _("Customer"),
        ("Kunde", "Kundenname", "Eigentümer", "Auftraggeber", "Client", "Nom du client", "Propriétaire",
         "Cliente", "Nome cliente", "Proprietario", "Customer", "Customer name", "Owner"),
        "Gemeinde Beispielwil",
    ),
    Column(
        "customer_reference",
        _("Customer number"),
        ("Kundennummer", "Kunden-Nr.", "Kundennr", "Debitor", "Numéro de client", "No client", "N° client",
         "Numero cliente", "N. cliente", "Customer number", "Customer no", "Customer id"),
        "K-1001",
    ),
    Column(
        "site",
        _("Site"),
        ("Anlage", "Anlagenname", "Name", "Standort", "Objekt", "Bezeichnung", "Installation", "Nom",
         "Désignation", "Impianto", "Nome", "Denominazione", "Site", "Site name", "Plant"),
        "Schulhaus Dorf",
    ),
    Column(
        "reference",
        _("Site number"),
        ("Anlagennummer", "Anlagen-Nr.", "Anlagennr", "Nummer", "Nr", "Referenz", "Externe Referenz", "Objektnummer",
         "Numéro", "Numéro d’installation", "Référence", "Numero", "Numero impianto", "Riferimento",
         "Site number", "Number", "Reference", "External reference", "Id"),
        "A-20417",
    ),
    Column(
        "time_zone",
        _("Time zone"),
        ("Zeitzone", "Fuseau horaire", "Fuso orario", "Time zone", "Timezone"),
        "Europe/Zurich",
    ),
    Column(
        "street",
        _("Street and number"),
        ("Strasse und Nummer", "Strasse", "Adresse", "Rue et numéro", "Rue", "Via e numero", "Via", "Indirizzo",
         "Street and number", "Street", "Address"),
        "Musterweg 1",
    ),
    Column(
        "postcode",
        _("Postcode"),
        ("Postleitzahl", "PLZ", "Code postal", "NPA", "CAP", "NPA/CAP", "Postcode", "Postal code", "ZIP"),
        "3600",
    ),
    Column(
        "town",
        _("Town"),
        ("Ort", "Ortschaft", "Stadt", "Localité", "Lieu", "Ville", "Località", "Luogo", "Città", "Town", "City"),
        "Thun",
    ),
    Column(
        "country",
        _("Country"),
        ("Land", "Pays", "Paese", "Nazione", "Country"),
        "Schweiz",
    ),
    Column(
        "latitude",
        _("Latitude"),
        ("Geografische Breite", "Breite", "Breitengrad", "Latitude", "Latitudine", "Lat"),
        "46.75800",
    ),
    Column(
        "longitude",
        _("Longitude"),
        ("Geografische Länge", "Länge", "Längengrad", "Longitude", "Longitudine", "Lon", "Lng", "Long"),
        "7.62800",
    ),
    Column(
        "labels",
        _("Labels"),
        ("Labels", "Label", "Etiketten", "Schlagworte", "Étiquettes", "Libellés", "Etichette", "Tags"),
        "Pikett, Fernwärme",
    ),
)  # fmt: skip
KEYS = tuple(column.key for column in COLUMNS)

#: What goes out in addition.
STATE = _("State")


def harmless(value: str) -> str:
    """A text that a spreadsheet does not take for a formula; what is stored stays as it was typed."""
    return f"'{value}" if value[:1] in _FORMULA else value


def plain(value: str) -> str:
    """The text again that was made harmless."""
    return value[1:] if value[:1] == "'" and value[1:2] in _FORMULA and len(value) > 1 else value


def csv_line(values: Iterable[str]) -> str:
    """A line of a table (RFC 4180), harmless."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([harmless(value) for value in values])
    return line.getvalue()


def heading() -> list[str]:
    """The headings of what goes out, in the language of the page."""
    return [*(str(column.title) for column in COLUMNS), str(STATE)]


def lines_of(by: Acting, sites: Sequence[Node], words: dict[str, str]) -> Iterator[list[str]]:
    """What goes out of some sites; `words` says their states."""
    states, labels = states_of(by, list(sites)), labels_of(by, sites)
    noted = noted_of(by, sites)
    for site in sites:
        customer, row = site.customer, noted.get(site.pk)
        yield [
            customer.name if customer else "",
            customer.reference if customer else "",
            site.name,
            site.reference,
            site.time_zone,
            *(str(getattr(row, name) or "") if row else "" for name in TEXTS),
            *("" if row is None or (value := getattr(row, name)) is None else str(value) for name in DEGREES),
            ", ".join(labels.get(site.pk, ())),
            words[states[site.pk].word],
        ]


def with_owner(rows: QuerySet[Node]) -> QuerySet[Node]:
    """The same, with what a line needs."""
    return rows.select_related("customer", "reseller")
