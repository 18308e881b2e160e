"""Access on request: saying yes or no, and letting somebody in at the site."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from furka.access.delegation import Exceeds, Offer, is_of_owners, may_grant
from furka.access.rights import LOOK, PEOPLE, RIGHTS, Right, normalised
from furka.errors import Conflict, Invalid, Refused
from furka.tree.acting import Acting
from furka.tree.granting import allowed_by
from furka.tree.models import Node
from furka.tree.operation import Work, operation
from furka.tree.request_letters import tell_whoever_asked
from furka.tree.request_steps import ROW, answered_already, let_in, locked_request, move_on, note_one, told
from furka.tree.requesting import LONGEST_OPEN
from furka.tree.requests import AccessRequest, Stage, may_ask
from furka.tree.texts import one_line

#: How long a yes can be used, if nobody says otherwise.
USED_WITHIN = timedelta(hours=24)


@operation(PEOPLE)
def approve(
    work: Work,
    request: AccessRequest,
    minutes: int | None = None,
    use_until: datetime | None = None,
    answer: str = "",
) -> AccessRequest:
    """Say yes, for as long as wished or shorter; it must be begun by `use_until` (None: within a day).

    Where an owner wants to be asked, only the owner's own people may say yes.
    """
    live = open_row(work, request)
    _refuse_strangers_to_the_owner(work, live)
    given = minutes if minutes is not None else live.wanted_minutes
    if not 1 <= given <= live.wanted_minutes:
        raise Invalid.at("minutes", "longer-than-asked", _("At most as long as was asked for."))
    begin = max(work.at, live.wanted_from or work.at)
    latest = use_until or begin + USED_WITHIN
    if not begin < latest <= work.at + 2 * LONGEST_OPEN:
        raise Invalid.at("use_until", "use-until-wrong", _("The access must be begun within four weeks."))
    rights = frozenset(live.rights)
    allowed_by(work, Offer(rights, live.node.place, work.at, begin + timedelta(minutes=given)))
    live.given_minutes, live.use_until = given, latest
    _close(work, live, Stage.APPROVED, answer)
    work.record(live.node, "request.approved", after={**told(live), "minutes": given})
    tell_whoever_asked(work, live)
    return live


@operation(PEOPLE)
def decline(work: Work, request: AccessRequest, answer: str = "") -> AccessRequest:
    """Say no; whoever asked is told."""
    live = open_row(work, request)
    _refuse_strangers_to_the_owner(work, live)
    _close(work, live, Stage.DECLINED, answer)
    work.record(live.node, "request.declined", before=told(live), after={"reason": live.answer})
    tell_whoever_asked(work, live)
    return live


def rights_to_release(asker: Acting, node: Node) -> list[Right]:
    """What a yes would open for somebody at a level, out of the one grant of theirs that leads furthest."""
    by_source: dict[str, list[Right]] = {}
    for right in RIGHTS.all():
        asking = None if right == LOOK else may_ask(asker, node, [right])
        if asking is not None:
            by_source.setdefault(asking.source.grant_key, []).append(right)
    return max(by_source.values(), key=len, default=[])


def refuse_who_may_not_answer(by: Acting, node: Node, rights: Collection[Right], asker_id: int) -> None:
    """Where an owner wants to be asked, only the owner's own people say yes; nobody says it to themselves."""
    keys = {right.key for right in rights}
    asking = tuple(each for each in by.ceilings_over(node.place) if each.approval & keys)
    if not is_of_owners(by.held, PEOPLE, node.place, by.at, by.limit, asking):
        raise Refused("ceiling-owner", _("Only the owner's own people may answer this."))
    if asker_id == by.person_id:
        raise Refused("own-request", _("Somebody else has to answer your request."))


def let_in_at_the_site(
    work: Work, asker: Acting, preparer: Acting, node: Node, minutes: int
) -> AccessRequest:
    """Somebody at the site lets in whom somebody who may say yes (`preparer`) has prepared; looked at anew each time.

    A request of theirs that waits here is thereby answered. Raises Refused or Conflict if it opens nothing.
    """
    if asker.person_id is None:
        raise Refused(
            "nothing-to-release", _("There is nothing here that could be released for this person.")
        )
    rows = AccessRequest.objects.everything(ROW).filter(person_id=asker.person_id, node=node)
    for before in rows.filter(stage__in=[Stage.OPEN, Stage.APPROVED, Stage.RUNNING]):
        if before.stage_at(work.at) != before.stage:
            note_one(work.by, before.key)
    waiting = rows.filter(stage__in=[Stage.OPEN, Stage.APPROVED, Stage.RUNNING]).first()
    if waiting is not None and waiting.stage == Stage.RUNNING:
        raise Conflict("in-already", _("This person is let in already."))
    rights = rights_to_release(asker, node)
    asking = may_ask(asker, node, rights) if rights else None
    if asking is None:
        raise Refused(
            "nothing-to-release", _("There is nothing here that could be released for this person.")
        )
    refuse_who_may_not_answer(preparer, node, rights, asker.person_id)
    keys = normalised(rights)
    try:
        offer = Offer(keys, node.place, work.at, work.at + timedelta(minutes=minutes))
        may_grant(preparer.held, offer, work.at, preparer.limit, preparer.ceilings_over(node.place))
    except Exceeds:
        raise Refused(
            "approval-fell", _("Whoever prepared this person may not let anybody in any more.")
        ) from None
    request = waiting or AccessRequest(
        node=node,
        person_id=asker.person_id,
        reason=str(_("Let in by somebody at the site")),
        wanted_minutes=minutes,
        asked_at=work.at,
        open_until=work.at,
    )
    request.source_series, request.rights = asking.source.grant_key, sorted(keys)
    request.given_minutes, request.answered_at, request.answered_by_id = minutes, work.at, preparer.person_id
    assert preparer.person_id is not None
    let_in(work, request, granted_by_id=preparer.person_id)
    work.record(node, "request.released", after=told(request))
    return request


def _refuse_strangers_to_the_owner(work: Work, request: AccessRequest) -> None:
    rights = [RIGHTS.get(key) for key in request.rights]
    refuse_who_may_not_answer(work.by, request.node, rights, request.person_id)


def open_row(work: Work, request: AccessRequest) -> AccessRequest:
    live = locked_request(request.key)
    if live is None or live.stage_at(work.at) != Stage.OPEN:
        raise answered_already()
    return live


def _close(work: Work, request: AccessRequest, stage: Stage, answer: str) -> None:
    request.answer = one_line(answer)[:500]
    request.answered_at, request.answered_by_id = work.at, work.by.person_id
    move_on(work, request, stage)
