"""Named reads for the question "why may they, or why not?": the grants of one person that lead to a level, and what the
policy makes of each at this moment.

Nothing is compared here: for each grant the policy is asked as if it were the only one, and for each limit of an owner
what it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from furka.access.facts import Held
from furka.access.narrowing import Spot
from furka.access.policy import Decision, Reason, closed_by, decide_at, open_intervals
from furka.access.rights import PEOPLE, Right
from furka.access.windows import Interval
from furka.people.models import Person
from furka.tree.acting import Acting
from furka.tree.grants import Grant, State
from furka.tree.holdings import held_from, of_person
from furka.tree.models import Node
from furka.tree.queries import GrantView, ancestors, on_line, seen
from furka.tree.requests import AccessRequest, Stage

_WHY = "why somebody may enter is told to whoever administers people there, and to themselves"
#: What ended a shorter while ago may be what somebody wonders about.
_ENDED_WITHIN = timedelta(days=30)
_LAST = datetime.max.replace(tzinfo=UTC)
#: So many grants of one person towards one level are told.
MOST_LEADS = 20

#: What owners want beside a grant, what is soonest mended first.
BY_OWNERS = (
    Reason.UNCONFIRMED,
    Reason.APPROVAL,
    Reason.TWO_FACTOR,
    Reason.CEILING_HOURS,
    Reason.KEPT_OUT,
    Reason.CEILING,
)


@dataclass(frozen=True, slots=True)
class Closing:
    """A limit that the owner of a level set, and why it closes this."""

    level: Node
    reason: Reason


@dataclass(frozen=True, slots=True)
class Lead:
    """A grant that leads to a level. `code` says what it comes to now: `leads`, a state such as `paused`, a reason of
    the policy, `on-request`, or `not-in-force`."""

    grant: GrantView
    code: str
    opens_at: datetime | None = None  # when it leads there by itself, if it does not now
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """What the policy says about one person, one right and one spot of a level, and everything that explains it."""

    decision: Decision
    until: datetime | None  # of what is allowed; None: until revoked
    opens_at: datetime | None  # of what is not allowed now: when it is by itself
    closings: tuple[Closing, ...]
    leads: tuple[Lead, ...]
    request: (
        AccessRequest | None
    )  # what the person asked for and nobody has answered, or what they have not begun


def may_ask_about(by: Acting, node: Node, person: Person) -> bool:
    """Whether somebody is told why another one may enter: everybody about themselves, else who administers people."""
    return (by.person_id == person.pk and not by.looks_only) or by.may(PEOPLE, node.place)


def why(by: Acting, node: Node, person: Person, right: Right, spot: Spot) -> Why:
    """Why a person may do this with that device or port of a level now, or why not. Whoever asks `may_ask_about` it."""
    who = of_person(person, by.at, "report")
    decision = who.decide_at(right, node.place, spot)
    ahead = held_from(person.pk, by.at) if who.person_id is not None else ()

    def times(some: Sequence[Held]) -> tuple[Interval, ...]:
        there = [each for each in some if each.narrowing.opens(spot)]
        return open_intervals(there, right, node.place, _LAST, None, who.ceilings_over(node.place))

    running = times(ahead)
    return Why(
        decision=decision,
        until=next((each.ends_at for each in running if decision.allowed and each.covers(by.at)), None),
        opens_at=_next(running, by.at) if not decision.allowed else None,
        closings=_closings(who, node, right) if decision.reason in BY_OWNERS else (),
        leads=_leads(by, node, person, who, right, spot, ahead, times),
        request=_request(by, node, person),
    )


def _closings(who: Acting, node: Node, right: Right) -> tuple[Closing, ...]:
    levels = {level.pk: level for level in (*ancestors(node), node)}
    found: dict[tuple[int, Reason], Closing] = {}
    for ceiling in who.ceilings_over(node.place):
        for held in who.held:
            reason = closed_by((ceiling,), held, right.key, who.at) if right.key in held.rights else None
            if reason is not None and ceiling.place.id in levels:
                closing = Closing(levels[ceiling.place.id], reason)
                found[ceiling.place.id, reason] = closing
    return tuple(found.values())


def _leads(
    by: Acting,
    node: Node,
    person: Person,
    who: Acting,
    right: Right,
    spot: Spot,
    ahead: tuple[Held, ...],
    times: Callable[[Sequence[Held]], tuple[Interval, ...]],
) -> tuple[Lead, ...]:
    levels = [id_ for id_ in (node.pk, node.customer_id, node.reseller_id) if id_]
    theirs = Q(person=person) | Q(person=None, state=State.INVITED, email=person.email)
    rows = (
        Grant.objects.everything(_WHY)
        .filter(theirs, on_line(levels))
        .filter(Q(ended_at=None) | Q(ended_at__gt=by.at - _ENDED_WITHIN))
        .exclude(ended_because="changed")
    )
    rows = rows.select_related("person", "granted_by", "node").order_by("ended_at", "id")
    found = []
    for row in rows[: 2 * MOST_LEADS]:
        view = seen(row, by.at)
        own = tuple(each for each in ahead if each.grant_key == view.key)
        now = [each for each in own if each.interval.covers(by.at)]
        alone = decide_at(now, right, node.place, spot, by.at, None, who.ceilings_over(node.place))
        opens_at = None if alone.allowed else _next(times(own), by.at)
        code = _code(view, alone, right, spot, opens_at)
        found.append(Lead(view, code, opens_at, row.ended_at))
    # What runs comes before what ended, and what leads there before everything else.
    found.sort(key=lambda each: (each.code != "leads", each.ended_at is not None))
    return tuple(found[:MOST_LEADS])


def _code(view: GrantView, alone: Decision, right: Right, spot: Spot, opens_at: datetime | None) -> str:
    if alone.allowed:
        return "leads"
    if view.state not in ("active", "upcoming"):
        return view.state
    if view.on_request:
        return "on-request"
    if right.key not in view.rights:
        return Reason.RIGHT_MISSING
    if not view.narrowing.opens(spot):
        return Reason.NARROWED
    if view.state == "upcoming":
        return view.state
    if alone.reason in (*BY_OWNERS, Reason.ARCHIVED, Reason.NARROWED):
        return alone.reason
    return Reason.NOT_NOW if opens_at is not None else "not-in-force"


def _next(times: Sequence[Interval], at: datetime) -> datetime | None:
    return next((each.begins_at for each in times if each.begins_at > at), None)


def _request(by: Acting, node: Node, person: Person) -> AccessRequest | None:
    rows = AccessRequest.objects.everything(_WHY).filter(node=node, person=person)
    waiting = Q(stage=Stage.OPEN, open_until__gt=by.at) | Q(stage=Stage.APPROVED, use_until__gt=by.at)
    return rows.filter(waiting).order_by("-asked_at", "-id").first()
