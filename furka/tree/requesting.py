"""Access on request: asking, taking it back, and entering in an emergency, which alarms the owners."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from furka.access.policy import as_if_confirmed, decide
from furka.access.rights import LOOK, RIGHTS, Right, UnknownRight, normalised
from furka.errors import Conflict, Invalid, Refused
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.tree.request_letters import raise_alarm, tell_those_who_answer
from furka.tree.request_steps import ROW, answered_already, let_in, move_on, note_one, own_row, told
from furka.tree.requests import AccessRequest, Asking, Stage, may_ask
from furka.tree.texts import one_line

#: How long a request can be answered, if nobody says otherwise.
STAYS_OPEN = timedelta(hours=24)
LONGEST_OPEN = timedelta(days=14)
LONGEST_MINUTES = 7 * 24 * 60
LONGEST_EMERGENCY = 4 * 60
MOST_A_DAY = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for: which rights, for how long, why, from when (None: as soon as there is a yes), and until
    when the request may be answered (None: a day)."""

    rights: Collection[str]
    minutes: int
    reason: str
    begins: datetime | None = None
    open_until: datetime | None = None


@operation(LOOK)
def ask(work: Work, node: Node, wish: Wish) -> AccessRequest:
    """Ask to be let in for a while; those who may say yes are told."""
    asking, rights = _checked(work, node, wish, LONGEST_MINUTES)
    open_until = wish.open_until or max(work.at, wish.begins or work.at) + STAYS_OPEN
    if wish.begins is not None and wish.begins < work.at:
        raise Invalid.at("begins", "begins-in-the-past", _("The begin lies in the past."))
    if not work.at < open_until <= work.at + LONGEST_OPEN + STAYS_OPEN:
        raise Invalid.at("open_until", "open-too-long", _("A request stays open for at most two weeks."))
    request = _made(work, node, wish, asking, rights, open_until)
    work.record(node, "request.asked", after=told(request))
    tell_those_who_answer(work, request)
    return request


@operation(LOOK)
def enter_in_emergency(work: Work, node: Node, wish: Wish) -> AccessRequest:
    """Enter at once, where the owner allows it in an emergency. The owners are alarmed, and it must be justified."""
    asking, rights = _checked(work, node, wish, LONGEST_EMERGENCY)
    if not asking.in_emergency:
        raise Refused("no-emergency", _("The owner does not allow emergency access here."))
    request = _made(work, node, wish, asking, rights, work.at, is_emergency=True)
    request.given_minutes = wish.minutes
    let_in(work, request, granted_by_id=work.acting_person_id)
    work.record(node, "request.emergency", after=told(request))
    raise_alarm(work, request)
    return request


@own_operation("everybody may take back what they asked for themselves")
def withdraw(work: Work, key: str) -> None:
    """Take a request back, or a yes that is not needed any more."""
    request = own_row(work, key)
    if request.stage_at(work.at) not in (Stage.OPEN, Stage.APPROVED):
        raise answered_already()
    move_on(work, request, Stage.WITHDRAWN)
    work.record(request.node, "request.withdrawn", before=told(request))


def _checked(work: Work, node: Node, wish: Wish, longest: int) -> tuple[Asking, frozenset[str]]:
    try:
        wanted = [RIGHTS.get(key) for key in wish.rights]
    except UnknownRight:
        raise Invalid.at("rights", "right-unknown", _("This right does not exist.")) from None
    if not wanted:
        raise Invalid.at("rights", "no-rights", sentence("no-rights"))
    if not one_line(wish.reason):
        raise Invalid.at("reason", "reason-missing", _("Please say in a few words why."))
    if not 1 <= wish.minutes <= longest:
        hours = longest // 60
        text = ngettext("At most %(hours)d hour.", "At most %(hours)d hours.", hours) % {"hours": hours}
        raise Invalid.at("minutes", "duration-out-of-range", text)
    asking = _asking(work, node, wanted)
    own = AccessRequest.objects.everything(ROW).filter(person_id=work.acting_person_id)
    if own.filter(is_emergency=True, justified_at=None, ends_at__lte=work.at).exists():
        raise Conflict("justify-first", _("Please justify your last emergency access first."))
    if own.filter(asked_at__gt=work.at - timedelta(days=1)).count() >= MOST_A_DAY:
        raise Conflict("too-many-requests", _("You have asked very often today. Please go on tomorrow."))
    for before in own.filter(node=node, stage__in=[Stage.OPEN, Stage.APPROVED, Stage.RUNNING]):
        if before.stage_at(work.at) == before.stage:
            raise Conflict("already-asked", _("You have a request here already."))
        note_one(work.by, before.key)
    return asking, normalised(wanted)


def _asking(work: Work, node: Node, wanted: list[Right]) -> Asking:
    ceilings = as_if_confirmed(work.by.ceilings_over(node.place))
    if all(
        decide(work.by.held, right, node.place, work.at, work.by.limit, ceilings).allowed for right in wanted
    ):
        raise Conflict("may-already", _("You may do this already, without asking."))
    asking = may_ask(work.by, node, wanted)
    if asking is None:
        denied = next(right for right in wanted if not work.by.may(right, node.place))
        decision = work.by.decide(denied, node.place)
        raise Refused(decision.reason, sentence(decision.reason, denied))
    return asking


def _made(
    work: Work,
    node: Node,
    wish: Wish,
    asking: Asking,
    rights: frozenset[str],
    open_until: datetime,
    *,
    is_emergency: bool = False,
) -> AccessRequest:
    return AccessRequest.objects.create(
        node=node,
        person_id=work.acting_person_id,
        source_series=asking.source.grant_key,
        rights=sorted(rights),
        reason=one_line(wish.reason)[:500],
        is_emergency=is_emergency,
        wanted_minutes=wish.minutes,
        wanted_from=wish.begins,
        asked_at=work.at,
        open_until=open_until,
    )
