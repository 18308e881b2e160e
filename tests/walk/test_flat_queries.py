"""No page and no operation of the API takes more queries because there is more to show.

Every address that somebody of the cast may read, from the configuration of the addresses and from the links on the
pages themselves, is asked for in a small world and in one with many times as much. What it costs is in a golden file;
whoever adds a page finds it there, and whoever makes one dearer sees it.

Two of the cast ask every time, the two whose rights differ most; the others in the long run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from furka import clock
from furka.clock import FakeClock
from furka.gate.declare import Entrance
from furka.people.models import Person
from furka.tree.operation import program
from furka.tree.staff import open_operator_session
from tests.growth import grow
from tests.undoing import undone
from tests.walk.test_strangers import Row, api_rows, page_rows, quiet
from tests.world import NOW, World, person, samples

GOLDEN = Path(__file__).parent.parent / "golden" / "queries.txt"

#: So many times as much of everything: little, so that every list has several rows; then much.
FEW, MANY = 3, 30

#: Who asks every time: the operator and a supporter; in the long run staff of the reseller and the customer's owner.
EVERY_TIME, IN_THE_LONG_RUN = ("operator", "sonja"), ("rita", "karl")

#: What is asked for beside what the addresses and the links say, by the end of the address.
MORE: tuple[tuple[str, str], ...] = (
    ("search/", "q=Schulhaus"),
    ("search/", "q=Heizung"),
    ("sites/", "q=Schulhaus"),
    ("customers/", "q=Gemeinde"),
)

#: What was asked for once already in this process.
_WARM: set[str] = set()

#: Parameters that say where in a list a page begins, or which of many rows is meant: a matter of the rows.
_PLACES = {"cursor", "page", "after", "before"}

#: What is drawn anew each time.
#: Parameters whose value is the key of something.
_KEYS = frozenset({"person", "site", "customer", "view"})
_KEY = re.compile(r"[0-9a-z]{12}")


@dataclass(frozen=True)
class Question:
    """One way of asking at one address."""

    name: str
    address: str

    @property
    def kind(self) -> tuple[str, ...]:
        """The same for links that differ in the values of their parameters only, or in the kind of level."""
        plain, _, query = self.name.partition(" ?")
        return (plain.split()[0], *sorted(name for name, _ in parse_qsl(query)))


def questions(world: World, values: dict[str, str]) -> Iterator[Question]:
    for row in (*page_rows(world, values), *api_rows(world, values)):
        if row.method == "GET" and not row.library and row.declaration.entrance is not Entrance.MACHINE:
            yield Question(_name(row), row.address)
            for end, query in MORE:
                if row.address.endswith(end):
                    yield Question(f"{_name(row)} ?{query}", f"{row.address}?{query}")


def _name(row: Row) -> str:
    return " ".join(filter(None, (f"/{row.route}", row.level)))


def linked(question: Question, page: str) -> Iterator[Question]:
    """The links on a page that lead to the same page with other parameters: filters, orders, parts."""
    path = urlsplit(question.address).path
    for found in re.findall(r'(?:href|hx-get)="([^"]*\?[^"]*)"', page):
        parts = urlsplit(unescape(found))
        given = parse_qsl(parts.query)
        here = parts.path in ("", path) and not parts.netloc
        if given and here and not {name for name, _ in given} & _PLACES:
            told = "&".join(
                f"{name}={_KEY.sub('<key>', value) if name in _KEYS else value}" for name, value in given
            )
            yield Question(f"{question.name.split(' ?')[0]} ?{told}", f"{path}?{parts.query}")


#: Queries by name of the question and who asked.
Numbers = dict[tuple[str, str], int]


@dataclass
class Costs:
    """What every question costs, and what is asked."""

    numbers: Numbers
    asked: dict[tuple[str, str], Question]


def costs(
    world: World, first: list[Question], operator: Person, people: tuple[str, ...], *, follow: bool
) -> Costs:
    """What everything costs those who may have it; the first of them follows links."""
    found, known = Costs({}, {}), set[tuple[str, ...]]()
    for who in people:
        client = Client(raise_request_exception=False)
        client.force_login(operator if who == "operator" else getattr(world, who))
        client.get(first[0].address)  # now the session is known to be in use
        cookies = client.cookies.output(header="", sep=";")
        waiting = list(first)
        while waiting:
            question = waiting.pop(0)
            if (question.name, who) in found.asked:
                continue
            if question.address not in _WARM:
                _WARM.add(question.address)
                with quiet(), undone():
                    client.get(question.address)  # fills what is kept per process
                    client.cookies = SimpleCookie(cookies)
            with quiet(), undone(), CaptureQueriesContext(connection) as captured:
                answer: Any = client.get(question.address)
                client.cookies = SimpleCookie(cookies)
            if answer.status_code != 200 or answer.streaming:
                continue
            found.asked[question.name, who] = question
            found.numbers[question.name, who] = len(captured)
            plain = " ?" not in question.name  # one choice at a time: of all together there are too many
            if (
                follow
                and plain
                and who == people[0]
                and answer.headers.get("Content-Type", "").startswith("text/html")
            ):
                for each in linked(question, answer.content.decode()):
                    if each.kind not in known:
                        known.add(each.kind)
                        waiting.append(each)
    return found


@pytest.fixture(
    scope="module",
    params=[EVERY_TIME, pytest.param(IN_THE_LONG_RUN, marks=pytest.mark.long)],
    ids=" and ".join,
)
def asking(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Who asks."""
    people: tuple[str, ...] = request.param
    return people


@pytest.fixture(scope="module")
def measured(
    _built: World, asking: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Costs, Costs]:
    """In the small world and in the large one."""
    storages: dict[str, Any] = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    static = str(tmp_path_factory.mktemp("static"))
    with (
        undone(),
        clock.using(FakeClock(NOW)),
        override_settings(STORAGES=storages, STATIC_ROOT=static),
    ):
        operator = person("Olga")
        open_operator_session(program("test", NOW), operator, "Messung")
        first = list(questions(_built, samples(_built)))
        grow(_built, FEW, seed=1)
        few = costs(_built, first, operator, asking, follow=True)
        grow(_built, MANY, seed=2)
        again = list(dict.fromkeys(few.asked.values()))
        return few, costs(_built, again, operator, asking, follow=False)


def as_text(numbers: Numbers) -> str:
    """One line per question, one column per person; "-" where the page is not for them."""
    people = EVERY_TIME + IN_THE_LONG_RUN
    names = sorted({name for name, _ in numbers})
    width = max(map(len, names))
    lines = [" " * width + "".join(who.rjust(9) for who in people)]
    for name in names:
        cells = "".join(str(numbers.get((name, who), "-")).rjust(9) for who in people)
        lines.append(f"{name.ljust(width)}{cells}")
    return "\n".join(lines) + "\n"


def reviewed() -> Numbers:
    """What the golden file says."""
    first, *lines = GOLDEN.read_text(encoding="utf-8").splitlines()
    people = first.split()
    found: Numbers = {}
    for line in lines:
        name, *cells = line.rsplit(maxsplit=len(people))
        found |= {(name, who): int(cell) for who, cell in zip(people, cells, strict=True) if cell != "-"}
    return found


def test_more_rows_do_not_cost_more_queries(measured: tuple[Costs, Costs], asking: tuple[str, ...]) -> None:
    """One test, so that those who run tests side by side measure once. Renewed with FURKA_TEST_RENEW_GOLDEN=1, for all
    who ask with `-m "long or not long"`."""
    few, many = measured[0].numbers, measured[1].numbers

    assert {who for _, who in few} == set(asking)
    assert few.keys() - many.keys() == set(), "the large world answers whatever the small one does"
    dearer = {
        f"{name} as {who}: {number} → {many[name, who]}"
        for (name, who), number in few.items()
        if many[name, who] > number
    }
    assert not dearer, "\n".join(sorted(dearer))
    if connection.vendor == "sqlite":  # the other database counts its savepoints otherwise
        _compare(few, asking)


def _compare(numbers: Numbers, asking: tuple[str, ...]) -> None:
    """With what was reviewed."""
    if os.environ.get("FURKA_TEST_RENEW_GOLDEN"):
        others = {key: number for key, number in reviewed().items() if key[1] not in asking}
        GOLDEN.write_text(as_text(numbers | others), encoding="utf-8")

    expected = {key: number for key, number in reviewed().items() if key[1] in asking}
    assert as_text(numbers).splitlines() == as_text(expected).splitlines()
