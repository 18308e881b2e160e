"""Access on request: asking, answering, beginning, ending; and entering in an emergency, which alarms the owners."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from furka.access.delegation import Exceeds, Offer, is_of_owners, may_grant
from furka.access.policy import as_if_confirmed, decide
from furka.access.rights import LOOK, PEOPLE, RIGHTS, Right, UnknownRight, normalised
from furka.errors import Conflict, Invalid, NotThere, Refused
from furka.people.models import Person
from furka.tree import intervals
from furka.tree.acting import Acting
from furka.tree.grant_rows import end_for_good, locked
from furka.tree.granting import allowed_by
from furka.tree.grants import Grant, Relation, State
from furka.tree.holdings import of_person
from furka.tree.models import Node
from furka.tree.operation import Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.tree.request_letters import raise_alarm, tell_owners_why, tell_those_who_answer, tell_whoever_asked
from furka.tree.requests import AccessRequest, Asking, Stage, may_ask
from furka.tree.texts import one_line

#: How long a request can be answered, and a yes be used, if nobody says otherwise.
STAYS_OPEN = timedelta(hours=24)
USED_WITHIN = timedelta(hours=24)
LONGEST_OPEN = timedelta(days=14)
LONGEST_MINUTES = 7 * 24 * 60
LONGEST_EMERGENCY = 4 * 60
MOST_A_DAY = 50
BATCH = 200

_ROW = "the request is looked up for the one it concerns"


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
    work.record(node, "request.asked", after=_told(request))
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
    _let_in(work, request, granted_by_id=work.acting_person_id)
    work.record(node, "request.emergency", after=_told(request))
    raise_alarm(work, request)
    return request


@own_operation("everybody may take back what they asked for themselves")
def withdraw(work: Work, key: str) -> None:
    """Take a request back, or a yes that is not needed any more."""
    request = _own(work, key)
    if request.stage_at(work.at) not in (Stage.OPEN, Stage.APPROVED):
        raise _answered_already()
    _move_on(work, request, Stage.WITHDRAWN)
    work.record(request.node, "request.withdrawn", before=_told(request))


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
    live = _open(work, request)
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
    work.record(live.node, "request.approved", after={**_told(live), "minutes": given})
    tell_whoever_asked(work, live)
    return live


@operation(PEOPLE)
def decline(work: Work, request: AccessRequest, answer: str = "") -> AccessRequest:
    """Say no; whoever asked is told."""
    live = _open(work, request)
    _refuse_strangers_to_the_owner(work, live)
    _close(work, live, Stage.DECLINED, answer)
    work.record(live.node, "request.declined", before=_told(live), after={"reason": live.answer})
    tell_whoever_asked(work, live)
    return live


@own_operation("whoever got a yes may use it; it is looked at again")
def begin(work: Work, key: str) -> AccessRequest:
    """Use a yes: from this moment on the access lasts as long as it was given."""
    request = _own(work, key)
    if request.stage_at(work.at) != Stage.APPROVED:
        raise Conflict("not-approved", _("There is no approval that you could use now."))
    if request.wanted_from is not None and work.at < request.wanted_from:
        raise Conflict("too-early", _("The approval counts from the moment that you asked for."))
    answered_by = request.answered_by
    if answered_by is None or not of_person(answered_by, work.at, "request").may(PEOPLE, request.node.place):
        raise Conflict(
            "approval-fell", _("Whoever said yes may not let anybody in any more. Please ask again.")
        )
    _let_in(work, request, granted_by_id=answered_by.pk)
    work.record(request.node, "request.begun", after=_told(request))
    return request


@own_operation("everybody may give back what they got")
def end(work: Work, key: str) -> None:
    """Give the access back before its time is over."""
    request = _own(work, key)
    if request.stage_at(work.at) != Stage.RUNNING:
        raise Conflict("not-running", _("This access has already ended."))
    live = locked(request.grant_series)
    if live is not None:
        end_for_good(work, live)
    request.ends_at = work.at
    _move_on(work, request, Stage.OVER)


@own_operation("whoever entered in an emergency says what it was")
def justify(work: Work, key: str, text: str) -> AccessRequest:
    """Say afterwards why one had to enter in an emergency."""
    request = _own(work, key)
    text = one_line(text)[:1000]
    if not text:
        raise Invalid.at("justification", "justification-missing", _("Please say what the emergency was."))
    if not request.waits_for_justification:
        raise Conflict("justified", _("This access needs no justification any more."))
    request.justification, request.justified_at = text, work.at
    request.save(update_fields=["justification", "justified_at"])
    work.record(request.node, "request.justified", after={**_told(request), "justification": text})
    tell_owners_why(work, request)
    return request


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
    rows = AccessRequest.objects.everything(_ROW).filter(person_id=asker.person_id, node=node)
    for before in rows.filter(stage__in=[Stage.OPEN, Stage.APPROVED, Stage.RUNNING]):
        if before.stage_at(work.at) != before.stage:
            _note_one(work.by, before.key)
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
    _let_in(work, request, granted_by_id=preparer.person_id)
    work.record(node, "request.released", after=_told(request))
    return request


def note_time(by: Acting) -> int:
    """Note that requests have lapsed and accesses are over; the access itself ends without anybody's doing."""
    rows = AccessRequest.objects.everything("time passes for everybody")
    due = [
        rows.filter(stage=Stage.OPEN, open_until__lte=by.at),
        rows.filter(stage=Stage.APPROVED, use_until__lte=by.at),
        rows.filter(stage=Stage.RUNNING, ends_at__lte=by.at),
    ]
    keys = [key for found in due for key in found.order_by("pk").values_list("key", flat=True)[:BATCH]]
    return sum(_note_one(by, key) for key in keys)


@own_operation("time has passed; nobody has to allow that")
def _note_one(work: Work, key: str) -> bool:
    request = _locked(key)
    stage = request.stage_at(work.at) if request is not None else None
    if request is None or stage is None or stage == request.stage:
        return False  # another worker was quicker, or something else happened meanwhile
    _move_on(work, request, Stage(stage))
    if stage == Stage.LAPSED:
        work.record(request.node, "request.lapsed", before=_told(request))
    return True


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
    own = AccessRequest.objects.everything(_ROW).filter(person_id=work.acting_person_id)
    if own.filter(is_emergency=True, justified_at=None, ends_at__lte=work.at).exists():
        raise Conflict("justify-first", _("Please justify your last emergency access first."))
    if own.filter(asked_at__gt=work.at - timedelta(days=1)).count() >= MOST_A_DAY:
        raise Conflict("too-many-requests", _("You have asked very often today. Please go on tomorrow."))
    for before in own.filter(node=node, stage__in=[Stage.OPEN, Stage.APPROVED, Stage.RUNNING]):
        if before.stage_at(work.at) == before.stage:
            raise Conflict("already-asked", _("You have a request here already."))
        _note_one(work.by, before.key)
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


def _let_in(work: Work, request: AccessRequest, granted_by_id: int) -> None:
    """Make the grant that comes of a yes; it falls with the one under which it was asked."""
    if locked(request.source_series) is None:
        raise Conflict("ended", _("The access under which you asked has ended."))
    assert request.given_minutes is not None
    end_at = work.at + timedelta(minutes=request.given_minutes)
    grant = Grant.objects.create(
        node=request.node,
        state=State.ACTIVE,
        relation=Relation.SUPPORTER,
        person_id=request.person_id,
        email=Person.objects.get(pk=request.person_id).email,
        rights=request.rights,
        depth=0,
        approved=True,
        valid_from=work.at,
        valid_until=end_at,
        time_zone=request.node.time_zone,
        reason=request.reason,
        granted_by_id=granted_by_id,
        source_series=request.source_series,
        begun_at=work.at,
    )
    intervals.rewrite(work, grant)
    request.grant_series, request.began_at, request.ends_at = grant.series, work.at, end_at
    _move_on(work, request, Stage.RUNNING)


def _refuse_strangers_to_the_owner(work: Work, request: AccessRequest) -> None:
    rights = [RIGHTS.get(key) for key in request.rights]
    refuse_who_may_not_answer(work.by, request.node, rights, request.person_id)


def _locked(key: str) -> AccessRequest | None:
    rows = AccessRequest.objects.everything(_ROW).select_for_update(of=("self",))
    return rows.select_related("node", "person", "answered_by").filter(key=key).first()


def _own(work: Work, key: str) -> AccessRequest:
    request = _locked(key)
    if request is None or request.person_id != work.acting_person_id or request.node.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    return request


def _open(work: Work, request: AccessRequest) -> AccessRequest:
    live = _locked(request.key)
    if live is None or live.stage_at(work.at) != Stage.OPEN:
        raise _answered_already()
    return live


def _answered_already() -> Conflict:
    return Conflict("already-answered", _("This request has already been answered, or its time is over."))


def _close(work: Work, request: AccessRequest, stage: Stage, answer: str) -> None:
    request.answer = one_line(answer)[:500]
    request.answered_at, request.answered_by_id = work.at, work.by.person_id
    _move_on(work, request, stage)


def _move_on(work: Work, request: AccessRequest, stage: Stage) -> None:
    request.stage = stage
    request.save()
    work.tell(request.node, "grant.request")
    work.tell_person(request.person_id, "access")


def _told(request: AccessRequest) -> dict[str, object]:
    return {
        "request": request.key,
        "person": request.person.email,
        "rights": request.rights,
        "minutes": request.given_minutes or request.wanted_minutes,
        "reason": request.reason,
    }
