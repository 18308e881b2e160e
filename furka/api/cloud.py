"""How the cloud is and was: its parts, incidents, and which sites are touched."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.conf import settings
from ninja import Query
from pydantic import Field, StringConstraints

from furka import clock
from furka.access.rights import CONFIGURE, LOOK
from furka.api import schemas
from furka.api.paging import Page, Paging, rows_of
from furka.api.routes import Key, Routes, at_node, own, public
from furka.errors import NotThere
from furka.status import incidents
from furka.status.models import Incident as Row
from furka.status.models import Update as UpdateRow
from furka.status.queries import (
    Cloud,
    PartView,
    Sought,
    incident_of_key,
    incidents_sought,
    with_past,
)
from furka.status.touched import Touched, hubs_of, touched_sites
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("cloud")

State = Literal["ok", "weak", "bad"]


class Finding(schemas.Answer):
    """What one look at a part found."""

    what: str
    level: State
    code: str = Field(description="Why, in one word; empty if all is well.")
    ms: int | None
    number: float | None


class CloudPart(schemas.Answer):
    """A part of the cloud."""

    key: str
    kind: str
    name: str
    state: State
    since: datetime | None
    measured_at: datetime | None
    ms: int | None
    uptime: float | None = Field(description="Percent of the looks of the last 90 days; null: nobody looked.")
    findings: list[Finding]


class SitesTouched(schemas.Answer):
    """Sites behind hubs that do not work; the first few by name."""

    number: int
    sites: list[schemas.LevelName]


class CloudState(schemas.Answer):
    """How the cloud is."""

    state: Literal["ok", "weak", "bad", "unknown"] = Field(
        description="`unknown`: nobody has looked lately; what the parts say is as it was then."
    )
    measured_at: datetime | None
    parts: list[CloudPart]
    incidents: list[str] = Field(description="Keys of those that go on.")


class CloudOfMine(CloudState):
    """The same, with the sites that are touched."""

    touched: SitesTouched


class IncidentPart(schemas.Answer):
    """That a part did not work, from when until when."""

    part: str
    name: str
    began_at: datetime
    ended_at: datetime | None
    findings: list[Finding]


class IncidentUpdate(schemas.Answer):
    """What the operator says, by language."""

    at: datetime
    stage: str
    texts: dict[str, str]


class Incident(schemas.Answer):
    """Something in the cloud that did not work."""

    key: str
    began_at: datetime
    noticed_at: datetime
    ended_at: datetime | None
    announced: bool
    parts: list[IncidentPart]
    updates: list[IncidentUpdate]
    post_mortem: dict[str, str]


class IncidentPaging(Paging):
    """Which incidents: all that is said must fit."""

    part: Annotated[str, StringConstraints(pattern="^[a-z0-9-]{0,30}$")] = Field(
        "", description="Key of a part of the cloud."
    )
    since: schemas.Moment | None = Field(None, description="Not over before this moment.")
    before: schemas.Moment | None = Field(None, description="Begun before this moment.")
    running: bool = Field(False, description="Only those that go on.")


class Texts(schemas.Input):
    """A text in at least one language."""

    de: Annotated[schemas.Text, StringConstraints(max_length=incidents.LONGEST_TEXT)] = ""
    en: Annotated[schemas.Text, StringConstraints(max_length=incidents.LONGEST_TEXT)] = ""
    fr: Annotated[schemas.Text, StringConstraints(max_length=incidents.LONGEST_TEXT)] = ""
    it: Annotated[schemas.Text, StringConstraints(max_length=incidents.LONGEST_TEXT)] = ""


class NewUpdate(schemas.Input):
    """How far the operator is, and what they say."""

    stage: Literal["investigating", "identified", "monitoring", "resolved"]
    texts: Texts


@routes.get("/cloud", own("how the cloud is, and my sites"))
def read_cloud(by: Acting) -> CloudOfMine:
    """How the cloud is, and which of the sites that I may see are touched."""
    return _of_mine(by, None)


@routes.get("/levels/{key}/cloud", at_node(LOOK))
def read_cloud_of_level(by: Acting, level: Node) -> CloudOfMine:
    """The same for the sites at a level and below."""
    return _of_mine(by, level)


@routes.get(
    "/status",
    public("an installation may show everybody how its cloud is; else it is not there"),
    in_document=False,
)
def read_public_status() -> CloudState:
    """How the cloud is, without anything of a tenant; where the installation wants it."""
    if not settings.PUBLIC_STATUS:
        raise NotThere("not-there", sentence("not-visible"))
    return _state(with_past(clock.now()))


@routes.get("/cloud/incidents", own("what happened to the cloud"))
def list_incidents(by: Acting, page: Query[IncidentPaging]) -> Page[Incident]:  # noqa: ARG001
    """What did not work, newest first."""
    sought = Sought(page.part, page.since, page.before, page.running)
    rows, following = rows_of(incidents_sought(sought), page, ("-began_at", "-id"))
    return Page[Incident](items=[_incident(row) for row in rows], next=following)


@routes.get("/cloud/incidents/{incident}", own("what happened to the cloud"))
def read_incident(by: Acting, incident: Key) -> Incident:  # noqa: ARG001
    """One incident."""
    return _incident(_of_key(incident))


@routes.post("/levels/{key}/cloud/incidents/{incident}/updates", at_node(CONFIGURE, Kind.OPERATOR))
def say_about_incident(by: Acting, level: Node, incident: Key, body: NewUpdate) -> IncidentUpdate:
    """The operator says how far they are."""
    return _update(incidents.say(by, level, _of_key(incident), body.stage, body.texts.model_dump()))


@routes.post(
    "/levels/{key}/cloud/incidents/{incident}/post-mortem", at_node(CONFIGURE, Kind.OPERATOR), status=204
)
def explain_incident(by: Acting, level: Node, incident: Key, body: Texts) -> None:
    """The operator explains afterwards what happened, and what is done about it."""
    incidents.explain(by, level, _of_key(incident), body.model_dump())


def _of_key(key: str) -> Row:
    row = incident_of_key(key)
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    return row


def _of_mine(by: Acting, level: Node | None) -> CloudOfMine:
    now = with_past(by.at)
    touched = _touched(touched_sites(by, level, hubs_of(now.failing)))
    return CloudOfMine(**_state(now).model_dump(), touched=touched)


def _state(now: Cloud) -> CloudState:
    return CloudState(
        state=now.state,  # type: ignore[arg-type]  # one of these words
        measured_at=now.measured_at,
        parts=[_part(part) for part in now.parts],
        incidents=[row.key for row in now.running],
    )


def _part(view: PartView) -> CloudPart:
    row = view.component
    return CloudPart(
        key=row.key,
        kind=row.kind,
        name=row.name,
        state=row.state,  # type: ignore[arg-type]  # one of these words
        since=row.since,
        measured_at=row.measured_at,
        ms=row.ms,
        uptime=view.uptime,
        findings=[Finding(**each) for each in row.findings],
    )


def _touched(touched: Touched) -> SitesTouched:
    return SitesTouched(number=touched.number, sites=[schemas.level_name(node) for node in touched.named])


def _incident(row: Row) -> Incident:
    return Incident(
        key=row.key,
        began_at=row.began_at,
        noticed_at=row.noticed_at,
        ended_at=row.ended_at,
        announced=row.quiet,
        parts=[
            IncidentPart(
                part=part.component.key,
                name=part.component.name,
                began_at=part.began_at,
                ended_at=part.ended_at,
                findings=[Finding(**each) for each in part.findings],
            )
            for part in row.parts.all()
        ],
        updates=[_update(each) for each in row.updates.all()],
        post_mortem=row.post_mortem,
    )


def _update(row: UpdateRow) -> IncidentUpdate:
    return IncidentUpdate(at=row.at, stage=row.stage, texts=row.texts)
