"""Chance that is the same every time: keys, names, moments and spreads out of one seed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TypeVar

from furka.vault import ALPHABET

T = TypeVar("T")

_FIRST = [
    "Anna",
    "Beat",
    "Carla",
    "Daniel",
    "Elena",
    "Fabio",
    "Gerda",
    "Hans",
    "Irene",
    "Jonas",
    "Karin",
    "Luca",
    "Maria",
    "Nico",
    "Olga",
    "Peter",
    "Rosa",
    "Sandro",
    "Tanja",
    "Urs",
    "Vera",
    "Walter",
    "Yvonne",
    "Zoe",
]
_LAST = [
    "Ammann",
    "Bernasconi",
    "Caduff",
    "Dubois",
    "Egger",
    "Favre",
    "Gerber",
    "Huber",
    "Imhof",
    "Jenny",
    "Keller",
    "Lüthi",
    "Meier",
    "Nussbaum",
    "Odermatt",
    "Perret",
    "Rossi",
    "Schmid",
    "Tanner",
    "Ulrich",
    "Vogel",
    "Wyss",
    "Zbinden",
    "Zürcher",
]
_TRADES = ("Gebäudetechnik", "Automation", "Heizung und Lüftung", "Energie", "Steuerungen", "Haustechnik")
_CUSTOMERS = ("Gemeinde", "Klinik", "Genossenschaft", "Hotel", "Schulgemeinde", "Verwaltung", "Wärmeverbund")
_PLACES = [
    "Beispielwil",
    "Musterikon",
    "Probendorf",
    "Testlingen",
    "Modellbach",
    "Beispielberg",
    "Mustersee",
    "Probenau",
    "Testheim",
    "Modellwald",
]
_SITES = [
    "Schulhaus",
    "Werkhof",
    "Heizzentrale",
    "Pumpwerk",
    "Turnhalle",
    "Gemeindehaus",
    "Feuerwehr",
    "Kläranlage",
    "Reservoir",
    "Wohnhaus",
    "Bürohaus",
    "Alterszentrum",
    "Hallenbad",
    "Kindergarten",
    "Lagerhalle",
    "Tiefgarage",
]
_QUARTERS = ["Dorf", "Nord", "Süd", "Ost", "West", "Oberfeld", "Unterdorf", "Bahnhof", "Seeblick", "Mühle"]

#: Stands in the name of one site only: to measure the search for a word that is rare.
RARE_WORD = "Zeppelinhalle"


class Draw:
    """A source of chance."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  # sample data, no secret

    def key(self) -> str:
        """A public key of a row."""
        return "".join(self._random.choices(ALPHABET, k=12)).lower()

    def secret(self) -> str:
        """Something that stands where a token does; nobody is told it."""
        return base64.urlsafe_b64encode(self._random.randbytes(32)).decode().rstrip("=")

    def wireguard_key(self) -> str:
        """What looks like the public key of a tunnel's end."""
        return base64.b64encode(self._random.randbytes(32)).decode()

    def happens(self, chance: float) -> bool:
        """Yes in so many of a hundred cases, as a number from 0 to 1."""
        return self._random.random() < chance

    def number(self, least: int, most: int) -> int:
        """A number, both ends included."""
        return self._random.randint(least, most)

    def few(self, mean: float, most: int) -> int:
        """From 1 on: mostly few, sometimes many."""
        return min(most, 1 + int(self._random.expovariate(1 / mean)))

    def one_of(self, among: Sequence[T]) -> T:
        """Any of them."""
        return self._random.choice(among)

    def some_of(self, among: Sequence[T], most: int) -> list[T]:
        """A few of them, each once."""
        return self._random.sample(among, min(most, len(among)))

    def shares(self, total: int, among: int, skew: float) -> list[int]:
        """So many parts, the first the largest; with a skew of 0 all alike. Together they are the total."""
        return self._parts(total, [1 / (rank + 1) ** skew for rank in range(among)])

    def uneven(self, total: int, among: int) -> list[int]:
        """So many parts in no order: most of them small, a few large."""
        return self._parts(total, [min(200.0, self._random.paretovariate(1.1)) for _ in range(among)])

    def before(self, at: datetime, most: timedelta) -> datetime:
        """A moment not longer ago than that."""
        return at - timedelta(seconds=self._random.randint(60, int(most.total_seconds())))

    def after(self, at: datetime, most: timedelta) -> datetime:
        """A moment not further ahead than that."""
        return at + timedelta(seconds=self._random.randint(60, int(most.total_seconds())))

    def person(self) -> str:
        """The name of somebody who does not exist."""
        return f"{self.one_of(_FIRST)} {self.one_of(_LAST)}"

    def reseller(self, number: int) -> str:
        """The name of a reseller."""
        return f"Muster {self.one_of(_TRADES)} {number} AG"

    def customer(self, number: int) -> str:
        """The name of a customer."""
        return f"{self.one_of(_CUSTOMERS)} {self.one_of(_PLACES)} {number}"

    def site(self, number: int) -> str:
        """The name of a site."""
        return f"{self.one_of(_SITES)} {self.one_of(_QUARTERS)} {number}"

    def _parts(self, total: int, weights: list[float]) -> list[int]:
        whole = sum(weights)
        ends = [round(total * reached / whole) for reached in accumulate(weights)]
        return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
