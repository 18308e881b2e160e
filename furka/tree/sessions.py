"""Connecting with a confirmation: where an owner asks for it, doors open only while somebody has said in the portal
that they connect to a site, perhaps why, perhaps with a fresh second factor.

A session ends by itself after the longest time that the owners on the way down to the site leave, when nothing passed
for a while, and at once when the person or somebody who administers people there ends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from furka.access.policy import Reason
from furka.access.rights import LOOK, PEOPLE, Right
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling
from furka.tree.confirmations import Session, end, live, locked, touch
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.tree.texts import one_line

_OWN = "a person's own sessions"
_WHOM = "whom a ceiling limits may read it"
_TIME = "time passes for everybody"
BATCH = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What owners ask of whoever connects to a site, all of them together."""

    reason: bool
    factor: bool
    idle: timedelta
    longest: timedelta


def asked_at(by: Acting, site: Node) -> Asked | None:
    """What is asked of whoever connects there; None: nothing, or they may not look."""
    if not by.may(LOOK, site.place) or not any(each.confirm for each in by.ceilings_over(site.place)):
        return None
    ids = [id_ for id_ in (site.pk, site.customer_id, site.reseller_id) if id_]
    rows = Ceiling.objects.everything(_WHOM).filter(node_id__in=ids, ended_at=None)
    asking = [row for row in rows if row.confirm]
    if not asking:
        return None
    return Asked(
        any(row.confirm_reason for row in asking),
        any(row.confirm_factor for row in asking),
        timedelta(minutes=min(row.idle_minutes for row in asking)),
        timedelta(minutes=min(row.longest_minutes for row in asking)),
    )


def own_sessions(by: Acting) -> list[Session]:
    """Where the one who acts is connected with a confirmation now."""
    if by.person_id is None or by.looks_only:
        return []
    rows = live(Session.objects.everything(_OWN).filter(person_id=by.person_id), by.at)
    return list(rows.select_related("node", "node__customer", "node__reseller").order_by("ends_at", "id"))


def own_session_at(by: Acting, site: Node) -> Session | None:
    """The same at one site."""
    return next((each for each in own_sessions(by) if each.node_id == site.pk), None)


def sessions_at(by: Acting, site: Node) -> list[Session]:
    """Who is connected there with a confirmation now and why, for whoever administers people there."""
    rows = live(Session.objects.visible_to(by, PEOPLE).filter(node=site), by.at)
    return list(rows.select_related("person", "node").order_by("begun_at", "id"))


def live_sessions(at: datetime) -> QuerySet[Session]:
    """All that run, for the loop that ends those that are idle."""
    return live(Session.objects.everything(_TIME), at)


@operation(LOOK)
def connect(
    work: Work, site: Node, rights: Iterable[Right], reason: str = "", *, proven: bool = False
) -> Session:
    """Confirm that one connects. `proven`: with a second factor, a moment ago."""
    person_id = work.acting_person_id
    asked = asked_at(work.by, site)
    running = own_session_at(work.by, site)
    if running is not None:
        return running
    decisions = [work.by.decide(right, site.place) for right in rights]
    if asked is None or any(decision.allowed for decision in decisions):
        raise Conflict("nothing-to-confirm", _("Here nothing has to be confirmed."))
    waiting = next((each for each in decisions if each.reason is Reason.UNCONFIRMED), None)
    if waiting is None:
        raise Refused(decisions[0].reason, sentence(decisions[0].reason))
    reason = one_line(reason)[:300]
    if asked.reason and not reason:
        raise Invalid.at("reason", "reason-missing", _("Please say in a few words why."))
    if asked.factor and not proven:
        raise Refused("factor-needed", _("The owner asks for your second factor each time. Show it first."))
    row = Session.objects.create(
        node=site,
        person_id=person_id,
        reason=reason,
        with_factor=proven,
        idle_minutes=int(asked.idle.total_seconds() // 60),
        begun_at=work.at,
        ends_at=work.at + asked.longest,
    )
    touch(work, row)
    work.record(site, "session.begun", after={"reason": reason, "until": row.ends_at.isoformat()})
    return row


@own_operation("everybody may end their own session")
def disconnect(work: Work, key: str) -> None:
    """End one's own session; once more is no fault."""
    rows = Session.objects.everything(_OWN).select_for_update(of=("self",)).select_related("node")
    row = rows.filter(person_id=work.acting_person_id, key=key).first()
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    end(work, row, "by-person")


def note_ends(by: Acting) -> int:
    """Put into the record that sessions came to their longest end; the kernel has closed the doors by itself."""
    rows = Session.objects.everything(_TIME).filter(ended_at=None, ends_at__lte=by.at)
    return sum(_end_one(by, key, "time") for key in rows.order_by("pk").values_list("key", flat=True)[:BATCH])


def end_idle(by: Acting, key: str) -> bool:
    """Nothing passed for as long as the owner leaves: the session is over."""
    return _end_one(by, key, "idle")


@own_operation("time has passed; nobody has to allow that")
def _end_one(work: Work, key: str, because: str) -> bool:
    row = locked().filter(key=key, ended_at=None).first()
    if row is None:
        return False
    end(work, row, because)
    return True
