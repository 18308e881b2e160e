"""Before an access ends: both sides are warned, whoever holds it may ask for more, whoever may give it answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from furka.access.rights import PEOPLE
from furka.errors import Conflict, Invalid, NotThere
from furka.people.models import Person
from furka.people.notices import ACCESS_ENDING, Notice, register, tell
from furka.tree.acting import Acting
from furka.tree.changing import Longer, extend
from furka.tree.extensions import EndWarning, ExtensionRequest, Outcome
from furka.tree.grant_rows import locked
from furka.tree.grants import Grant, State
from furka.tree.holdings import of_person
from furka.tree.models import Node
from furka.tree.notices import address, moment, owners_of
from furka.tree.operation import Work, operation, own_operation
from furka.tree.reasons import sentence
from furka.tree.texts import one_line

GIVEN_ENDING = register(
    Notice(
        "given-access-ending",
        gettext_lazy("An access that I gave ends soon"),
        gettext_lazy("Also for accesses at levels that you own, if whoever gave them is gone."),
    )
)
EXTENSION = register(
    Notice(
        "extension",
        gettext_lazy("Requests for an extension"),
        gettext_lazy("Somebody asks you for more time, or your own request is answered."),
    )
)

#: So long before the end both sides are told; not of an access that is shorter than that.
AHEAD = (timedelta(hours=1), timedelta(hours=24))

BATCH = 200
_REASON = "whose access ends is watched for everybody"


def warn_before_end(by: Acting) -> int:
    """Tell both sides of accesses that end soon, once for each span ahead; each in a transaction of its own."""
    done = 0
    for ahead in AHEAD:
        warned = EndWarning.objects.filter(
            grant_series=OuterRef("series"),
            valid_until=OuterRef("valid_until"),
            ahead_minutes__lte=_minutes(ahead),
        )
        due = Grant.objects.everything(_REASON).filter(
            ~Exists(warned),
            ended_at=None,
            state=State.ACTIVE,
            valid_until__gt=by.at,
            valid_until__lte=by.at + ahead,
            valid_from__lte=F("valid_until") - ahead,
            begun_at__lte=F("valid_until") - ahead,  # nor of one that somebody has just set to end then
            node__deleted_at=None,
            approved=False,  # whoever was let in on request knows for how long
        )
        series = list(due.order_by("valid_until").values_list("series", flat=True)[:BATCH])
        done += sum(_warn_one(by, each, ahead) for each in series)
    return done


@own_operation("time passes; nobody has to allow that")
def _warn_one(work: Work, series: str, ahead: timedelta) -> bool:
    grant = locked(series)
    if grant is None or grant.state != State.ACTIVE or grant.valid_until is None or grant.person is None:
        return False
    if not work.at < grant.valid_until <= work.at + ahead:
        return False  # it was extended meanwhile
    _claim, is_new = EndWarning.objects.get_or_create(
        grant_series=series,
        valid_until=grant.valid_until,
        ahead_minutes=_minutes(ahead),
        defaults={"warned_at": work.at},
    )
    if not is_new:
        return False  # another worker was quicker
    node, person, end = grant.node, grant.person, grant.valid_until

    def subject() -> str:
        return _("Access to “%(name)s” ends soon") % {"name": node.name}

    def to_holder() -> list[str]:
        return [
            _("Your access to “%(name)s” ends on %(moment)s.")
            % {"name": node.name, "moment": moment(end, node)},
            _("If you need more time, ask for it here:"),
            address(f"/access/granted/{series}/extension/"),
        ]

    def to_giver() -> list[str]:
        return [
            _("The access of %(person)s to “%(name)s” ends on %(moment)s.")
            % {"person": person, "name": node.name, "moment": moment(end, node)},
            _("You can extend it here:"),
            address(f"/levels/{node.key}/people/{series}/change/"),
        ]

    tell(person, ACCESS_ENDING, subject, to_holder)
    for giver in in_charge(grant, work.at):
        tell(giver, GIVEN_ENDING, subject, to_giver)
    return True


def in_charge(grant: Grant, at: datetime) -> list[Person]:
    """Whom an access is talked about with: whoever gave it, if they still administer people there, else the owners."""
    giver = grant.granted_by
    is_other = giver is not None and giver.pk != grant.person_id
    if giver is not None and is_other and of_person(giver, at, "program").may(PEOPLE, grant.node.place):
        return [giver]
    return [owner for owner in owners_of([grant.node], at) if owner.pk != grant.person_id]


@own_operation("everybody may ask for more of what they hold themselves")
def ask_extension(work: Work, grant_key: str, until: datetime | None, reason: str) -> ExtensionRequest:
    """Ask that one's own access goes on until a moment (None: until revoked); those in charge are told."""
    grant = locked(grant_key)
    if grant is None or grant.person_id != work.acting_person_id:
        raise NotThere("not-there", sentence("not-visible"))
    if grant.valid_until is None:
        raise Conflict("no-end", _("This access already has no end."))
    if grant.valid_until <= work.at:
        raise Conflict("ended", _("This access has ended. Please ask for a new invitation."))
    if grant.approved:
        raise Conflict("approved-as-it-is", _("You got this access on request. Please ask for access again."))
    if until is not None and until <= grant.valid_until:
        raise Invalid.at("valid_until", "not-longer", _("The new end must lie behind the present one."))
    reason = one_line(reason)[:500]
    if not reason:
        raise Invalid.at("reason", "reason-missing", _("Please say in a few words why."))
    if (
        ExtensionRequest.objects.everything(_REASON)
        .filter(grant_series=grant_key, outcome=Outcome.OPEN)
        .exists()
    ):
        raise Conflict("already-asked", _("You have asked already. The answer is still open."))
    request = ExtensionRequest.objects.create(
        node=grant.node,
        grant_series=grant_key,
        person_id=work.acting_person_id,
        wanted_until=until,
        reason=reason,
        asked_at=work.at,
    )
    work.record(
        grant.node,
        "grant.extension-asked",
        after={"grant": grant_key, "person": grant.email, "until": _iso(until), "reason": reason},
    )
    _tell_those_in_charge(work, grant, request)
    return request


@own_operation("everybody may take back what they asked for themselves")
def withdraw_extension(work: Work, key: str) -> None:
    """Take a request back that nobody has answered."""
    rows = ExtensionRequest.objects.everything(_REASON).select_for_update(of=("self",))
    request = rows.filter(person_id=work.acting_person_id, key=key).first()
    if request is None:
        raise NotThere("not-there", sentence("not-visible"))
    if request.outcome != Outcome.OPEN:
        raise Conflict("already-answered", _("This request has already been answered."))
    _close(work, request, Outcome.WITHDRAWN, "")
    work.record(request.node, "grant.extension-withdrawn", before={"grant": request.grant_series})


@operation(PEOPLE)
def grant_extension(
    work: Work, request: ExtensionRequest, until: datetime | None, answer: str = ""
) -> ExtensionRequest:
    """Let the access go on, as wished or shorter, within what the one who answers may give; whoever asked is told."""
    live = _open_request(request)
    row = locked(live.grant_series)
    if row is None:
        raise Conflict("ended", _("This access has ended meanwhile. You can invite the person again."))
    extend(work.by, row, Longer(until=until), answering=True)
    live.given_until = until
    _close(work, live, Outcome.GRANTED, answer)
    _tell_whoever_asked(work, live)
    return live


@operation(PEOPLE)
def decline_extension(work: Work, request: ExtensionRequest, answer: str = "") -> ExtensionRequest:
    """Leave the end where it is; whoever asked is told."""
    live = _open_request(request)
    _close(work, live, Outcome.DECLINED, answer)
    work.record(
        live.node,
        "grant.extension-declined",
        before={"grant": live.grant_series, "person": live.person.email},
        after={"reason": live.answer},
    )
    _tell_whoever_asked(work, live)
    return live


def _open_request(request: ExtensionRequest) -> ExtensionRequest:
    rows = ExtensionRequest.objects.everything(_REASON).select_for_update(of=("self",))
    live = rows.select_related("node", "person").get(pk=request.pk)
    if live.outcome != Outcome.OPEN:
        raise Conflict("already-answered", _("This request has already been answered."))
    return live


def _close(work: Work, request: ExtensionRequest, outcome: Outcome, answer: str) -> None:
    request.outcome, request.answer = outcome, one_line(answer)[:500]
    request.answered_at, request.answered_by_id = work.at, work.by.person_id
    request.save(update_fields=["outcome", "answer", "answered_at", "answered_by", "given_until"])
    work.tell(request.node, "grant.extension")
    work.tell_person(request.person_id, "access")


def _tell_those_in_charge(work: Work, grant: Grant, request: ExtensionRequest) -> None:
    name, node = work.by.name, grant.node

    def lines() -> list[str]:
        return [
            _("%(person)s asks for more time at “%(name)s”: %(until)s.")
            % {"person": name, "name": node.name, "until": _until(request.wanted_until, node)},
            _("Reason: %(reason)s") % {"reason": request.reason},
            _("Grant, shorten or decline here:"),
            address(f"/levels/{node.key}/people/extensions/{request.key}/"),
        ]

    for person in in_charge(grant, work.at):
        tell(person, EXTENSION, lambda: _("%(person)s asks for an extension") % {"person": name}, lines)


def _tell_whoever_asked(work: Work, request: ExtensionRequest) -> None:
    node, name = request.node, work.by.name
    granted = request.outcome == Outcome.GRANTED

    def subject() -> str:
        if granted:
            return _("Your access to “%(name)s” is extended") % {"name": node.name}
        return _("Your access to “%(name)s” is not extended") % {"name": node.name}

    def lines() -> list[str]:
        if granted:
            first = _("%(person)s has extended your access to “%(name)s”: %(until)s.") % {
                "person": name,
                "name": node.name,
                "until": _until(request.given_until, node),
            }
        else:
            first = _("%(person)s has not extended your access to “%(name)s”. It ends as planned.") % {
                "person": name,
                "name": node.name,
            }
        return [first, *([_("Answer: %(text)s") % {"text": request.answer}] if request.answer else [])]

    tell(request.person, EXTENSION, subject, lines)


def _until(end: datetime | None, node: Node) -> str:
    if end is None:
        return _("until it is revoked")
    return _("until %(moment)s") % {"moment": moment(end, node)}


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def _iso(end: datetime | None) -> str | None:
    return end.isoformat() if end else None
