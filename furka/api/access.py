"""Who has access: everybody who may do something at a level, and why; now and at any past moment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Query
from ninja.params.models import Path as PathParam
from pydantic import Field

from furka.access.rights import PEOPLE, RIGHTS, Right, UnknownRight
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node
from furka.errors import Invalid, NotThere
from furka.people.models import Person
from furka.tree import accesses, records
from furka.tree.accesses import Access
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.reasons import sentence

routes = Routes("access")


class AccessPaging(Paging):
    """Which accesses."""

    at: schemas.Moment | None = Field(None, description="How it was at that moment; without it: now.")
    right: str = Field("", max_length=60, description="Only who may do this.")


class ReachPaging(Paging):
    """Which accesses of a person."""

    at: schemas.Moment | None = Field(None, description="How it was at that moment; without it: now.")


class Accessor(schemas.Answer):
    """Somebody with an account."""

    key: str
    name: str
    email: str


class AccessOfPerson(schemas.Answer):
    """What one grant lets somebody do at a level, and why."""

    person: Accessor
    grant: str
    relation: str
    role: str
    rights: list[str] = Field(description="What is allowed at this level at that moment through this grant.")
    level: schemas.LevelName = Field(description="On which the access was granted.")
    inherited: bool = Field(description="It was granted on a level above.")
    granted_by: str
    reason: str
    valid_from: datetime
    valid_until: datetime | None
    windows: list[schemas.Window]
    time_zone: str
    part: schemas.Part | None = Field(description="To which part of sites it leads; null: to all of them.")
    open_until: datetime | None = Field(description="The end of the hours that run at that moment.")


class NewRecord(schemas.Input):
    """Which answer to keep."""

    at: schemas.Moment | None = None
    right: str = Field("", max_length=60)
    person: schemas.PublicName | None = None


class Record(schemas.Answer):
    """An answer whose hash stands in the journal: SHA-256 over `content` as JSON with sorted keys, without blanks, in
    UTF-8."""

    hash: str
    content: dict[str, Any]
    kind: Literal["level", "person"]


class Taken(schemas.Answer):
    """When an answer was taken along, by whom, and about which moment."""

    at: datetime
    by: str
    moment: datetime


#: The checksum of a print, or its beginning.
Checksum = Annotated[str, PathParam(..., pattern="^[0-9a-fA-F]{16,64}$")]


@routes.get("/levels/{key}/access/records/{checksum}", at_node(PEOPLE))
def check_record(by: Acting, level: Node, checksum: Checksum) -> Taken:
    """Whether a print is genuine: the answer with this checksum, if it was taken at this level."""
    found = records.taken(by, level, checksum)
    if found is None:
        raise NotThere("record-unknown", _("The journal of this level knows no such checksum."))
    return Taken(at=found.at, by=found.by, moment=found.moment)


@routes.get("/levels/{key}/access", at_node(PEOPLE))
def list_access(by: Acting, level: Node, page: Query[AccessPaging]) -> Page[AccessOfPerson]:
    """Everybody who may do something at a level, and why; now or at a past moment."""
    found = accesses.who_may(by, level, accesses.moment_asked(by, page.at), _right(page.right))
    items, following = items_of(found, page, lambda each: each.order)
    return Page[AccessOfPerson](items=[_answer(each) for each in items], next=following)


@routes.get("/levels/{key}/access/people/{person}", at_node(PEOPLE))
def list_access_of_person(
    by: Acting, level: Node, person: Key, page: Query[ReachPaging]
) -> Page[AccessOfPerson]:
    """Everything that a person can reach at a level and below, as far as I administer people there."""
    moment = accesses.moment_asked(by, page.at)
    found = accesses.reach_of(by, level, _person(by, level, person), moment)
    items, following = items_of(found, page, lambda each: (each.level_name, each.grant_key))
    return Page[AccessOfPerson](items=[_answer(each) for each in items], next=following)


@routes.post("/levels/{key}/access/records", at_node(PEOPLE))
def take_record(by: Acting, level: Node, body: NewRecord) -> Record:
    """Take an answer along for an audit; its hash is kept in the journal."""
    moment = accesses.moment_asked(by, body.at)
    right = _right(body.right) if body.person is None else None
    person = _person(by, level, body.person) if body.person else None
    if person is None:
        found = accesses.who_may(by, level, moment, right)
    else:
        found = accesses.reach_of(by, level, person, moment)
    record = records.record_of(by, level, moment, found, person=person, right=right)
    records.take(by, level, record)
    kind: Literal["level", "person"] = "person" if person else "level"
    return Record(hash=record.hash, content=dict(record.content), kind=kind)


def _right(key: str) -> Right | None:
    try:
        return RIGHTS.get(key) if key else None
    except UnknownRight:
        raise Invalid.at("right", "right-unknown", _("This right does not exist.")) from None


def _person(by: Acting, level: Node, key: str) -> Person:
    found = accesses.known_person(by, level, key)
    if found is None:
        raise NotThere("person-unknown", sentence("not-visible"))
    return found


def _answer(access: Access) -> AccessOfPerson:
    level = schemas.LevelName(
        key=access.level.key,
        kind=access.level.kind,  # type: ignore[arg-type]  # a choice of the model
        name=access.level_name,
    )
    return AccessOfPerson(
        person=Accessor(key=access.person_key, name=access.name, email=access.email),
        grant=access.grant_key,
        relation=access.relation,
        role=access.role,
        rights=list(access.rights),
        level=level,
        inherited=access.is_inherited,
        granted_by=access.granted_by,
        reason=access.reason,
        valid_from=access.valid_from,
        valid_until=access.valid_until,
        windows=[schemas.Window.model_validate(each) for each in access.windows],
        time_zone=access.time_zone,
        part=schemas.part(access.narrowing),
        open_until=access.open_until,
    )
