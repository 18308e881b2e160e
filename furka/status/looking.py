"""Looks at every part of the cloud: from the machine of the worker, with its own eyes; nothing is typed in.

What a hub alone can see (its tunnels, its filter) it tries itself, and reports; here it is looked at how old that is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError

from furka.outbox.queries import not_taken
from furka.probes import looks
from furka.probes.found import Found, Level, timed
from furka.sites.queries import HUB_SILENT_AFTER
from furka.status.kinds import Kind
from furka.status.measuring import Look
from furka.status.models import HubCanary, Round
from furka.tunnel.models import Hub

#: A canary of a hub that is older says nothing any more.
CANARY_OLD = timedelta(minutes=4)
#: So late may a look be, and so long a mail may wait that was tried, before somebody should look after it.
LATE, MAIL_WAITS = 30.0, timedelta(minutes=10)
#: Shares of the disk that are free, below which it is weak, and bad.
DISK_WEAK, DISK_BAD = 0.10, 0.03
#: A plan that is not in force after so long is late.
PLAN_LATE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class SeenHub:
    """What the database says of a hub at the moment of a look."""

    id: int
    relay: str
    relay_certificate: str
    found: tuple[Found, ...]


class Eyes:
    """Remembers between two looks what only a comparison can tell."""

    def __init__(self) -> None:
        self._hubs: list[SeenHub] = []
        self._behind: dict[int, tuple[int, datetime]] = {}

    def look(self, at: datetime, late: float) -> list[Look]:
        """At everything. Without database the rest is looked at all the same, with the hubs that were known last."""
        database, mails = self._database(at)
        found: list[Look] = [
            Look(Kind.DATABASE, [database]),
            Look(Kind.WORKER, [_lateness(late)]),
            Look(Kind.DISK, [disk(Path(settings.HOME))]),
        ]
        if database.level is not Level.BAD:
            found += [Look(Kind.HUB, hub.found, hub.id) for hub in self._hubs]
        found += _from_outside(self._hubs, mails)
        return found

    def _database(self, at: datetime) -> tuple[Found, list[Found]]:
        mails: list[Found] = []

        def look() -> None:
            Round.objects.filter(id=1).first()

        found = timed("query", look)
        if found.level is not Level.BAD:
            try:
                self._hubs = [self._seen(hub, at) for hub in Hub.objects.order_by("pk") if hub.is_ready]
                mails = waiting_mails(at)
            except DatabaseError:
                return Found("query", Level.BAD, "fault"), []
        return found, mails

    def _seen(self, hub: Hub, at: datetime) -> SeenHub:
        found = [program_of(hub, at)]
        if found[0].level is Level.OK:
            found += [self._plan(hub, at), *canary_of(hub, at)]
            if hub.trouble:
                found.append(Found("machine", Level.BAD, "trouble"))
        return SeenHub(hub.pk, hub.relay_endpoint, hub.relay_certificate, tuple(found))

    def _plan(self, hub: Hub, at: datetime) -> Found:
        """Whether what the plan said a while ago is in force."""
        if hub.applied_revision >= hub.revision:
            self._behind.pop(hub.pk, None)
            return Found("plan", Level.OK, number=0)
        wanted, since = self._behind.setdefault(hub.pk, (hub.revision, at))
        if hub.applied_revision >= wanted:
            self._behind[hub.pk] = (hub.revision, at)
            return Found("plan", Level.OK, number=hub.revision - hub.applied_revision)
        behind = (at - since).total_seconds()
        late = at - since > PLAN_LATE
        return Found("plan", Level.BAD if late else Level.OK, "behind" if late else "", number=behind)


def program_of(hub: Hub, at: datetime) -> Found:
    """Whether a hub's program has been heard of lately."""
    if hub.seen_at is None:
        return Found("program", Level.BAD, "never")
    age = (at - hub.seen_at).total_seconds()
    silent = at - hub.seen_at > HUB_SILENT_AFTER
    return Found("program", Level.BAD if silent else Level.OK, "silent" if silent else "", number=round(age))


def canary_of(hub: Hub, at: datetime) -> Iterable[Found]:
    """What the hub's own trial of the way found; a hub that never tried says nothing."""
    canary = HubCanary.objects.filter(hub=hub).first()
    if canary is None:
        return
    if at - canary.at > CANARY_OLD:
        yield Found("canary", Level.BAD, "old")
    elif canary.code:
        yield Found("canary", Level.BAD, canary.code)
    else:
        lost = canary.lost / canary.sent if canary.sent else 0.0
        level = Level.WEAK if lost >= 0.2 else Level.OK
        yield Found("canary", level, "losses" if lost >= 0.2 else "", canary.reach_ms, round(lost, 3))


def waiting_mails(at: datetime) -> list[Found]:
    """Whether mails wait that the server did not take."""
    number = not_taken(at - MAIL_WAITS)[:1000].count()
    return [Found("queue", Level.WEAK if number else Level.OK, "waiting" if number else "", number=number)]


def disk(folder: Path) -> Found:
    """How much room there is where everything is kept."""

    def look() -> Found:
        usage = shutil.disk_usage(folder)
        return room(usage.free, usage.total)

    found = timed("free", look)
    return Found(found.what, found.level, found.code, None, found.number)


def room(free: int, total: int) -> Found:
    """How a disk is with so much free."""
    share = free / total if total else 0.0
    level = Level.BAD if share < DISK_BAD else Level.WEAK if share < DISK_WEAK else Level.OK
    return Found("free", level, "" if level is Level.OK else "full", number=round(share, 3))


def _lateness(late: float) -> Found:
    level = Level.WEAK if late > LATE else Level.OK
    return Found("looks", level, "late" if late > LATE else "", round(late * 1000), late)


def _from_outside(hubs: Sequence[SeenHub], mails: list[Found]) -> list[Look]:
    """What answers over the network, all at once, so that one that is silent holds up none."""
    asked: list[tuple[Kind, int | None, Callable[[], Found]]] = [(Kind.PORTAL, None, _portal)]
    if settings.MAIL_URL:
        asked.append((Kind.MAIL, None, lambda: looks.mail_server(settings.MAIL_URL)))
    if settings.TIME_SERVER:
        asked.append((Kind.TIME, None, lambda: looks.clock_offset(settings.TIME_SERVER)))
    place = urlsplit(settings.PORTAL_URL)
    if place.scheme == "https":
        asked.append(
            (Kind.CERTIFICATE, None, lambda: looks.certificate_of(place.hostname or "", place.port or 443))
        )
    for hub in hubs:
        if hub.relay:
            asked.append((Kind.RELAY, hub.id, _relay_of(hub)))
    with ThreadPoolExecutor(max_workers=min(8, len(asked))) as pool:
        answers = list(pool.map(lambda each: each[2](), asked))
    found = []
    for (kind, hub_id, _ask), answer in zip(asked, answers, strict=True):
        more = mails if kind is Kind.MAIL else []
        found.append(Look(kind, [answer, *more], hub_id))
    return found


def _portal() -> Found:
    return looks.page(f"{settings.PORTAL_URL}/health/ready")


def _relay_of(hub: SeenHub) -> Callable[[], Found]:
    host, _, port = hub.relay.rpartition(":")
    return lambda: looks.certificate_of(host.strip("[]"), int(port), hub.relay_certificate)
