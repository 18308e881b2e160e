"""The steps that everything about requests is made of: rows locked for whom they concern, and how they move on."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from furka.errors import Conflict, NotThere
from furka.people.models import Person
from furka.tree import intervals
from furka.tree.grant_rows import locked
from furka.tree.grants import Grant, Relation, State
from furka.tree.operation import AccessTouched, Work, own_operation
from furka.tree.reasons import sentence
from furka.tree.requests import AccessRequest, Stage

ROW = "the request is looked up for the one it concerns"


def locked_request(key: str) -> AccessRequest | None:
    """The row of that key, for whoever has decided about it."""
    rows = AccessRequest.objects.everything(ROW).select_for_update(of=("self",))
    return rows.select_related("node", "person", "answered_by").filter(key=key).first()


def own_row(work: Work, key: str) -> AccessRequest:
    """A request of the one who acts."""
    request = locked_request(key)
    if request is None or request.person_id != work.acting_person_id or request.node.deleted_at is not None:
        raise NotThere("not-there", sentence("not-visible"))
    return request


def answered_already() -> Conflict:
    """Nothing can be said to it any more."""
    return Conflict("already-answered", _("This request has already been answered, or its time is over."))


def let_in(work: Work, request: AccessRequest, granted_by_id: int) -> None:
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
    move_on(work, request, Stage.RUNNING)


def move_on(work: Work, request: AccessRequest, stage: Stage) -> None:
    """The request is at another stage from now on."""
    if Stage.APPROVED in (request.stage, stage):  # hubs listen for the first packet of whoever got a yes
        work.touch(AccessTouched(request.person_id, request.node_id))
    request.stage = stage
    request.save()
    work.tell(request.node, "grant.request")
    work.tell_person(request.person_id, "access")


@own_operation("time has passed; nobody has to allow that")
def note_one(work: Work, key: str) -> bool:
    """Note for one request that its time is over; whether it was news."""
    request = locked_request(key)
    stage = request.stage_at(work.at) if request is not None else None
    if request is None or stage is None or stage == request.stage:
        return False  # another worker was quicker, or something else happened meanwhile
    move_on(work, request, Stage(stage))
    if stage == Stage.LAPSED:
        work.record(request.node, "request.lapsed", before=told(request))
    return True


def told(request: AccessRequest) -> dict[str, object]:
    """What the journal says about a request."""
    return {
        "request": request.key,
        "person": request.person.email,
        "rights": request.rights,
        "minutes": request.given_minutes or request.wanted_minutes,
        "reason": request.reason,
    }
