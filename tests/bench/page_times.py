"""One process of `tests.bench.pages`: makes a world if there is none, asks for every page, and writes what it took.

python -m tests.bench.page_times SIZE ROUNDS FILE
"""

from __future__ import annotations

import json
import logging
import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from furka.cli.django import prepare, start

start()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from furka import clock  # noqa: E402
from furka.access.rights import LOOK  # noqa: E402
from furka.api.assembly import api  # noqa: E402
from furka.api.checks import operations  # noqa: E402
from furka.clock import FakeClock  # noqa: E402
from furka.gate.checks import routes  # noqa: E402
from furka.gate.declare import Declaration, Entrance, declared  # noqa: E402
from furka.people.models import Person  # noqa: E402
from furka.tree.acting import Acting  # noqa: E402
from furka.tree.holdings import of_person  # noqa: E402
from furka.tree.models import Kind, Node  # noqa: E402
from furka.tunnel.models import Hub  # noqa: E402
from furka.world.make import make_world  # noqa: E402
from furka.world.persons import addresses  # noqa: E402
from furka.world.size import size_of  # noqa: E402
from tests.sessions import sign_cookies_of_test_clients  # noqa: E402
from tests.undoing import undone  # noqa: E402
from tests.world import PASSWORD  # noqa: E402

SEED = 1
WHO = ("operator", "large", "small", "supporter")
API_ROOT = "api/v1/"

#: What is asked for beside the plain address, by its end.
MORE = {
    "sites/": (
        "q=Schulhaus",
        "q=Zeppelin",
        "state=offline",
        "sort=state",
        "sort=new",
        "sort=state&state=online",
    ),
    "customers/": ("q=Gemeinde", "q=Musterikon 7"),
    "search/": ("q=Schulhaus", "q=Zeppelin", "q=He", "q=Anna", "q=Heizung Dorf", "q=gibtesnicht"),
    "events/": ("what=access",),
    "/search": ("q=Schulhaus", "q=Zeppelin"),
}

#: Who takes longer than this is asked less often.
SLOW = 1.0  # seconds


@dataclass(frozen=True)
class Asked:
    """One address, as one person."""

    name: str
    who: str
    address: str


def main() -> None:
    """Make, ask, write."""
    size, rounds, answers = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    sign_cookies_of_test_clients()
    prepare()
    if not Person.objects.filter(email=addresses(SEED)[0]).exists():
        make_world(size_of(size), SEED, clock.now(), PASSWORD, lambda text: print(text, flush=True))
    logging.disable(logging.CRITICAL)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    at = Hub.objects.order_by("-seen_at")[0].seen_at
    assert at is not None  # the made-up hub was heard of when the world was made
    here = override_settings(
        STORAGES={**settings.STORAGES, "staticfiles": plain}, ALLOWED_HOSTS=["testserver"]
    )
    with clock.using(FakeClock(at)), here:
        found: dict[str, dict[str, float]] = {}
        for email, who in zip(addresses(SEED), WHO, strict=True):
            person = Person.objects.get(email=email)
            found |= times_of(person, who, of_person(person, at, "bench"), rounds)
    answers.write_text(json.dumps(found), encoding="utf-8")


def times_of(person: Person, who: str, by: Acting, rounds: int) -> dict[str, dict[str, float]]:
    """What every page takes as one person."""
    found = {}
    with undone():
        client = Client(raise_request_exception=False)
        client.force_login(person)
        for asked in everything(by, who):
            if times := time_of(client, asked.address, rounds):
                found[f"{asked.name} as {who}"] = times
    return found


def time_of(client: Client, address: str, rounds: int) -> dict[str, float]:
    """The time of one page; empty if it is none for this person."""
    with undone(), CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    queries = len(captured)
    if answer.status_code != 200 or answer.streaming:
        return {}
    taken, worked = list[float](), list[float]()
    while len(taken) < rounds and sum(taken) < SLOW * 5:
        begun, begun_to_work = perf_counter(), process_time()
        with undone():
            client.get(address)
        taken.append(perf_counter() - begun)
        worked.append(1000 * (process_time() - begun_to_work))
    ordered = sorted(1000 * each for each in taken)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return {
        "p50": statistics.median(ordered),
        "p95": p95,
        "cpu": statistics.median(worked),
        "queries": queries,
    }


def everything(by: Acting, who: str) -> Iterator[Asked]:
    """Every address that can be read, at the levels that stand for this person."""
    nodes = levels_of(by)
    for route, view in _routes():
        declaration = declared(view)
        words = re.findall(r"<(?:\w+:)?(\w+)>", route)
        if declaration is None or "^" in route or set(words) - {"key"}:
            continue
        for level, address in _addresses(route, declaration, nodes):
            name = f"/{route} {level}".strip()
            yield Asked(name, who, address)
            for end, queries in MORE.items():
                if route.endswith(end):
                    yield from (Asked(f"{name} ?{query}", who, f"{address}?{query}") for query in queries)


def _routes() -> Iterator[tuple[str, object]]:
    yield from ((route, pattern.callback) for route, pattern in routes())
    for operation in operations(api):
        if "GET" in operation.methods:
            path = operation.path.lstrip("/").replace("{", "<").replace("}", ">")
            yield API_ROOT + path, operation.view_func


def _addresses(route: str, declaration: Declaration, nodes: dict[Kind, Node]) -> Iterator[tuple[str, str]]:
    if declaration.entrance is Entrance.NODE:
        for kind, node in nodes.items():
            if not declaration.kinds or kind in declaration.kinds:
                yield kind, "/" + re.sub(r"<[^>]*>", node.key, route)
    elif declaration.entrance is Entrance.OWN and "<" not in route:
        yield "", f"/{route}"


def levels_of(by: Acting) -> dict[Kind, Node]:
    """Of each kind the level below which this person sees the most."""
    found = {}
    rows = Node.objects.visible_to(by, LOOK)
    for kind in Kind:
        below = Count("children", distinct=True)
        largest = rows.filter(kind=kind).annotate(below=below).order_by("-below", "pk").first()
        if largest is not None:
            found[kind] = largest
    return found


if __name__ == "__main__":
    main()
