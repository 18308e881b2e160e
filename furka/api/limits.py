"""What an owner leaves to others at a level; asking to be let in for a while, answering, and emergencies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Query
from pydantic import Field

from furka.access.rights import LOOK, PEOPLE
from furka.access.windows import WeeklyWindow, windows_from_json
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node, own
from furka.catalogue.service import visit_rights
from furka.errors import Invalid, NotThere
from furka.tree import answering, ceilings, entering, queries, requesting, requests
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling, CeilingTerms
from furka.tree.models import Node
from furka.tree.own_limits import limits_on
from furka.tree.reasons import sentence
from furka.tree.requesting import Wish
from furka.tree.requests import AccessRequest

routes = Routes("limits")


class Limits(schemas.Answer):
    """What others may do at a level and below, at most."""

    rights: list[str] | None = Field(description="Null: whatever they were granted.")
    windows: list[schemas.Window]
    approval: list[str] = Field(description="Only with a yes to each time.")
    two_factor: bool
    emergency: bool
    confirm: bool = Field(description="Everybody confirms in the portal each time that they connect.")
    confirm_reason: bool
    confirm_factor: bool
    idle_minutes: int = Field(description="A confirmation ends when nothing passes for so long …")
    longest_minutes: int = Field(description="… and after so long in any case.")


class LimitsOfLevel(Limits):
    """The limits that the owner of a level sets to others there and below."""

    level: schemas.LevelName


class OwnAccess(schemas.Answer):
    """What I was granted, and the limits of owners that lie on it: at its level, above and below."""

    grant: schemas.Grant
    limits: list[LimitsOfLevel]


class NewLimits(schemas.Input):
    """What to leave to others; what is left out does not limit them."""

    rights: list[str] | None = None
    windows: list[schemas.Window] = Field([], max_length=50)
    approval: list[str] = []
    two_factor: bool = False
    emergency: bool = False
    confirm: bool = Field(False, description="Everybody confirms in the portal each time that they connect.")
    confirm_reason: bool = False
    confirm_factor: bool = False
    idle_minutes: int = Field(ceilings.USUAL_PAUSE, ge=1, le=ceilings.LONGEST_SESSION)
    longest_minutes: int = Field(ceilings.USUAL_SESSION, ge=1, le=ceilings.LONGEST_SESSION)

    def terms(self, windows: tuple[WeeklyWindow, ...]) -> CeilingTerms:
        """The same for the operation."""
        return CeilingTerms(
            self.rights,
            windows,
            self.approval,
            self.two_factor,
            self.emergency,
            [right.key for right in visit_rights()] if self.confirm else (),
            self.confirm_reason,
            self.confirm_factor,
            self.idle_minutes,
            self.longest_minutes,
        )


class NewRequest(schemas.Input):
    """What somebody asks for."""

    rights: list[str] = Field(min_length=1, max_length=20)
    minutes: int = Field(ge=1, le=requesting.LONGEST_MINUTES)
    reason: schemas.Text = Field(max_length=500)
    begins: schemas.Moment | None = None
    open_until: schemas.Moment | None = Field(
        None, description="Until when it can be answered; null: a day from when it shall begin."
    )


class Approval(schemas.Input):
    """A yes, as long as asked for or shorter."""

    minutes: int | None = None
    use_until: schemas.Moment | None = Field(
        None, description="By when it has to be begun; null: a day from when it may begin."
    )
    answer: schemas.Text = Field("", max_length=500)


class Refusal(schemas.Input):
    """A no."""

    answer: schemas.Text = Field("", max_length=500)


class Justification(schemas.Input):
    """What an emergency was."""

    justification: schemas.Text = Field(max_length=1000)


class RequestForAccess(schemas.Answer):
    """A request with its clocks."""

    key: str
    level: schemas.LevelName
    person: str
    rights: list[str]
    reason: str
    stage: str
    emergency: bool
    wanted_minutes: int
    given_minutes: int | None
    asked_at: datetime
    open_until: datetime
    use_until: datetime | None
    began_at: datetime | None
    ends_at: datetime | None
    answer: str
    justified_at: datetime | None


@routes.get("/levels/{key}/limits", at_node(LOOK))
def read_limits(by: Acting, level: Node) -> Limits:
    """What others may do at a level, as set at exactly this one."""
    row = ceilings.ceiling_of(by, level)
    if row is None:
        return Limits(
            rights=None,
            windows=[],
            approval=[],
            two_factor=False,
            emergency=False,
            confirm=False,
            confirm_reason=False,
            confirm_factor=False,
            idle_minutes=ceilings.USUAL_PAUSE,
            longest_minutes=ceilings.USUAL_SESSION,
        )
    return Limits(**_terms(row))


@routes.patch("/levels/{key}/limits", at_node(LOOK))
def set_limits(by: Acting, level: Node, body: NewLimits) -> Limits:
    """Say what others may do at a level and below, at most; for the owner's own people."""
    windows: list[dict[str, Any]] = [window.model_dump() for window in body.windows]
    try:
        read = windows_from_json(windows)
    except ValueError as error:
        raise Invalid.at("windows", "windows-wrong", str(error)) from None
    ceilings.set_ceiling(by, level, body.terms(read))
    return read_limits(by, level)


@routes.get("/levels/{key}/requests", at_node(PEOPLE))
def list_requests(by: Acting, level: Node, page: Query[Paging]) -> Page[RequestForAccess]:
    """Requests at a level and below."""
    rows = list(requests.requests_at(by, level, below=True)[:1000])
    items, following = items_of(rows, page, lambda row: (row.asked_at.isoformat(), row.key))
    return Page[RequestForAccess](items=[_request(by, row) for row in items], next=following)


@routes.post("/levels/{key}/requests", at_node(LOOK))
def ask_for_access(by: Acting, level: Node, body: NewRequest) -> RequestForAccess:
    """Ask to be let in for a while."""
    return _request(by, requesting.ask(by, level, _wish(body)))


@routes.post("/levels/{key}/emergency", at_node(LOOK))
def enter_in_emergency(by: Acting, level: Node, body: NewRequest) -> RequestForAccess:
    """Enter at once where the owner allows it; the owners are alarmed, and it must be justified."""
    return _request(by, requesting.enter_in_emergency(by, level, _wish(body)))


@routes.post("/levels/{key}/requests/{request_key}/approve", at_node(PEOPLE), status=200)
def approve_request(by: Acting, level: Node, request_key: Key, body: Approval) -> RequestForAccess:
    """Say yes, as long as asked for or shorter."""
    row = _at(by, level, request_key)
    return _request(by, answering.approve(by, row, body.minutes, body.use_until, body.answer))


@routes.post("/levels/{key}/requests/{request_key}/decline", at_node(PEOPLE), status=200)
def decline_request(by: Acting, level: Node, request_key: Key, body: Refusal) -> RequestForAccess:
    """Say no."""
    return _request(by, answering.decline(by, _at(by, level, request_key), body.answer))


@routes.get("/me/access", own("what I was granted"))
def list_own_access(by: Acting, page: Query[Paging]) -> Page[OwnAccess]:
    """What I was granted and still hold or will hold, each with the limits of owners that lie on it."""
    mine = [view for view in queries.grants_of(by) if by.limit is None or by.may(LOOK, view.node.place)]
    views, following = items_of(mine, page, lambda view: (view.node.name, view.key))
    limits = limits_on(by, views)
    return Page[OwnAccess](
        items=[
            OwnAccess(
                grant=schemas.grant(view),
                limits=[
                    LimitsOfLevel(level=schemas.level_name(row.node), **_terms(row))
                    for row in limits[view.key]
                ],
            )
            for view in views
        ],
        next=following,
    )


@routes.get("/requests", own("what I asked for"))
def list_own_requests(by: Acting, page: Query[Paging]) -> Page[RequestForAccess]:
    """What I asked for."""
    rows = [row for row in requests.own_requests(by) if by.limit is None or by.may(LOOK, row.node.place)]
    items, following = items_of(rows, page, lambda row: (row.asked_at.isoformat(), row.key))
    return Page[RequestForAccess](items=[_request(by, row) for row in items], next=following)


@routes.post("/requests/{request_key}/begin", own("what I asked for"), status=200)
def begin_access(by: Acting, request_key: Key) -> RequestForAccess:
    """Use a yes: from now on the time runs."""
    return _request(by, entering.begin(by, request_key))


@routes.post("/requests/{request_key}/withdraw", own("what I asked for"), status=204)
def withdraw_request(by: Acting, request_key: Key) -> None:
    """Take a request back, or a yes that is not needed any more."""
    requesting.withdraw(by, request_key)


@routes.post("/requests/{request_key}/end", own("what I asked for"), status=204)
def end_access(by: Acting, request_key: Key) -> None:
    """Give the access back before its time is over."""
    entering.end(by, request_key)


@routes.post("/requests/{request_key}/justification", own("what I asked for"), status=200)
def justify_emergency(by: Acting, request_key: Key, body: Justification) -> RequestForAccess:
    """Say afterwards what the emergency was."""
    return _request(by, entering.justify(by, request_key, body.justification))


def _terms(row: Ceiling) -> dict[str, Any]:
    return {
        "rights": row.rights,
        "windows": [schemas.Window.model_validate(each) for each in row.windows],
        "approval": row.approval,
        "two_factor": row.two_factor,
        "emergency": row.emergency,
        "confirm": bool(row.confirm),
        "confirm_reason": row.confirm_reason,
        "confirm_factor": row.confirm_factor,
        "idle_minutes": row.idle_minutes,
        "longest_minutes": row.longest_minutes,
    }


def _wish(body: NewRequest) -> Wish:
    return Wish(body.rights, body.minutes, body.reason, body.begins, body.open_until)


def _at(by: Acting, level: Node, key: str) -> AccessRequest:
    found = requests.request_of_key(by, level, key)
    if found is None:
        raise NotThere("request-unknown", sentence("not-visible"))
    return found


def _request(by: Acting, row: AccessRequest) -> RequestForAccess:
    return RequestForAccess(
        key=row.key,
        level=schemas.level_name(row.node),
        person=str(row.person),
        rights=list(row.rights),
        reason=row.reason,
        stage=row.stage_at(by.at),
        emergency=row.is_emergency,
        wanted_minutes=row.wanted_minutes,
        given_minutes=row.given_minutes,
        asked_at=row.asked_at,
        open_until=row.open_until,
        use_until=row.use_until,
        began_at=row.began_at,
        ends_at=row.ends_at,
        answer=row.answer,
        justified_at=row.justified_at,
    )
