"""What was measured of the cloud before the pictures: ninety days, one incident that is over and one that goes on.

Django has to be set up before this module is imported.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from furka.cli.logins import PASSWORD
from furka.people.operations import make_person
from furka.probes.found import Found, Level
from furka.status import incidents
from furka.status.kinds import EVERY, Kind
from furka.status.measuring import Look, take
from furka.status.models import Component, Incident, Span
from furka.status.spans import day_of, hour_of
from furka.tree import holdings
from furka.tree.operation import program
from furka.tree.queries import operator
from furka.tree.staff import open_operator_session
from furka.tunnel.models import Hub

_PARTS = (Kind.PORTAL, Kind.DATABASE, Kind.WORKER, Kind.MAIL, Kind.DISK)


def blow(hub: Hub, at: datetime) -> str:
    """Measure; returns the key of the incident that goes on."""
    _measure(hub, at - timedelta(hours=3), Level.OK, 3)
    _measure(hub, at - timedelta(hours=3) + 3 * EVERY, Level.BAD, 8)
    _measure(hub, at - timedelta(hours=3) + 11 * EVERY, Level.OK, 5)
    Incident.objects.filter(parts__component__kind=Kind.WORKER).delete()
    _measure(hub, at - 12 * EVERY, Level.BAD, 12)
    Incident.objects.filter(parts__component__kind=Kind.WORKER).delete()
    _past(at)
    running = Incident.objects.get(ended_at=None)
    olga = make_person("olga@example.org", "Olga Beispiel", PASSWORD)
    open_operator_session(program("command line", at), olga, "pictures")
    by = holdings.of_person(olga, at, "page")
    text = {
        "de": "Der Mailserver nimmt nichts an. Wir sind mit dem Anbieter in Kontakt.",
        "en": "The mail server.",
    }
    incidents.say(by, operator(), running, "identified", text)
    return running.key


def _measure(hub: Hub, at: datetime, mail: Level, times: int) -> None:
    for number in range(times):
        looks = [Look(kind, [Found("answer", Level.OK, "", 12)]) for kind in _PARTS if kind is not Kind.MAIL]
        looks.append(Look(Kind.MAIL, [Found("greeting", mail, "" if mail is Level.OK else "silent", 40)]))
        looks.append(Look(Kind.HUB, [Found("program", Level.OK), Found("canary", Level.OK, "", 9)], hub.pk))
        take(program("worker", at + number * EVERY), looks)


def _past(at: datetime) -> None:
    dice = random.Random(7)  # noqa: S311  # for pictures
    for component in Component.objects.all():
        begins = [(True, day_of(at) - timedelta(days=each), 5760) for each in range(1, 90)]
        begins += [(False, hour_of(at) - timedelta(hours=each), 240) for each in range(4, 48)]
        for is_day, begin, looks in begins:
            if is_day and (at - begin).days > 80:
                continue
            bad = dice.choice([40, 300]) if is_day and dice.random() < 0.03 else 0
            ms = dice.randint(8, 24)
            Span.objects.get_or_create(
                component=component,
                is_day=is_day,
                begins_at=begin,
                defaults={"looks": looks, "bad": bad, "timed": looks, "ms": ms * looks, "ms_most": ms * 3},
            )
