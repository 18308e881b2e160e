"""Why somebody reaches a device or not, tests of connections, and who reaches what at a site, for programs."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import LOOK, PEOPLE
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node, own
from furka.errors import NotThere
from furka.people.models import Person
from furka.services.connect import why_words
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.services.connect.trying import try_out
from furka.services.connect.why import Answer, Question, answer, asked, port_in
from furka.services.connect.zones import Cell, Row, zones
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.trials.models import Trial as TrialRow
from furka.trials.queries import own_trial

routes = Routes("connect")

PortText = Annotated[str, StringConstraints(pattern=r"^((tcp|udp)/[1-9][0-9]{0,4})?$")]


class WhyQuery(schemas.Input):
    """Whom and what a question is about."""

    person: str = Field("", max_length=12, description="Key of a person; without it: me.")
    device: str = Field("", max_length=12, description="Key of a device.")
    address: str = Field("", max_length=15, description="Instead of a device: an address in its networks.")
    port: PortText = Field("", description="Such as tcp/80; without it: any port.")


class NewTrial(schemas.Input):
    """What is to be tried, and whose doors are looked up."""

    person: str = Field("", max_length=12, description="Key of a person; without it: me.")
    device: str = Field("", max_length=12, description="Key of a device.")
    address: str = Field("", max_length=15, description="Instead of a device: an address in its networks.")
    port: PortText = Field(description="Such as tcp/80.")


class Somebody(schemas.Answer):
    """Somebody with an account."""

    key: str
    name: str
    email: str


class OnTheWay(schemas.Answer):
    """One thing on the way, and how it stands."""

    what: Literal["access", "service", "gateway", "switch", "network", "end"]
    state: Literal["yes", "no", "unknown", "note"]
    code: str
    since: datetime | None
    sentence: str


class LeadingGrant(schemas.Answer):
    """A grant of the person towards the site, and what it comes to now."""

    grant: str
    code: str = Field(description="`leads`, or why it does not lead there now.")
    level: schemas.LevelName
    role: str
    granted_by: str
    reason: str
    valid_from: datetime
    valid_until: datetime | None
    windows: list[schemas.Window]
    opens_at: datetime | None = Field(description="When it leads there by itself, if not now.")
    ended_at: datetime | None


class OwnersLimit(schemas.Answer):
    """A level whose owner limits this."""

    level: schemas.LevelName
    reason: str


class WhyAnswer(schemas.Answer):
    """Whether a person reaches a device on a port now, and because of what."""

    person: Somebody
    device: str | None
    address: schemas.Address
    virtual_address: schemas.Address | None
    port: str | None
    word: Literal["yes", "no", "unknown"]
    allowed: bool = Field(description="What the policy says, whatever stands in the way besides.")
    reason: str
    sentence: str
    until: datetime | None = Field(description="Of what is allowed; null: until revoked.")
    opens_at: datetime | None = Field(description="Of what is not allowed now: when it is by itself.")
    ports: list[str] | None = Field(description="That are open there now; null: all of them.")
    checks: list[OnTheWay]
    grants: list[LeadingGrant]
    limits: list[OwnersLimit]
    request: str | None = Field(description="Key of a request for access that waits for something.")


class Trial(schemas.Answer):
    """A test of a connection. What is null is not known."""

    key: str
    state: Literal["waiting", "done", "lapsed"]
    person: str
    address: schemas.Address
    port: str
    asked_at: datetime
    done_at: datetime | None
    ends: int = Field(description="So many devices of the person were looked up.")
    door_open: bool | None = Field(description="Whether the kernel lets one of them through now.")
    door_until: datetime | None = Field(description="Of an open door; null: without end.")
    tunnel_up: bool | None
    handshake_seconds: int | None
    reply: Literal["answers", "refuses", "silent", "no-way", "not-tried"] | None
    milliseconds: int | None


class Reached(schemas.Answer):
    """A device, and the ports of it that are open to a row."""

    device: str
    ports: list[str] | None = Field(description="None in the list: closed; null: all of them.")


class ZoneRow(schemas.Answer):
    """Somebody who reaches something at the site now. What is not listed is closed."""

    person: Somebody
    through: Literal["grant", "page"]
    grant: str | None
    role: str
    level: schemas.LevelName | None
    until: datetime | None
    network: list[str] | None = Field(
        description="Ports of every address of the site; none in the list: closed; null: all of them."
    )
    devices: list[Reached]


@routes.get("/sites/{key}/connect/why", at_node(LOOK, Kind.SITE))
def explain_access(by: Acting, site: Node, question: Query[WhyQuery]) -> WhyAnswer:
    """Whether a person reaches a device on a port now, and why."""
    return _why(answer(by, _question(by, site, question)))


@routes.post("/sites/{key}/connect/trials", at_node(USE_REMOTE_ACCESS, Kind.SITE))
def try_connection(by: Acting, site: Node, body: NewTrial) -> Trial:
    """Have the hub look up a person's doors to a device, and try it; the answer comes within seconds."""
    return _trial(by, try_out(by, site, _question(by, site, body)))


@routes.get("/trials/{trial}", own("a test that I made"))
def read_trial(by: Acting, trial: Key) -> Trial:
    """What a test of mine has found."""
    row = own_trial(by, trial)
    if row is None:
        raise NotThere("not-there", _("This test does not exist."))
    return _trial(by, row)


@routes.get("/sites/{key}/connect/zones", at_node(PEOPLE, Kind.SITE))
def list_zones(by: Acting, site: Node, page: Query[Paging]) -> Page[ZoneRow]:
    """Who reaches which device of a site now, on which ports. Whoever is not listed reaches nothing."""
    items, following = items_of(zones(by, site).rows, page, _order)
    return Page[ZoneRow](items=[_row(each) for each in items], next=following)


def _question(by: Acting, site: Node, given: WhyQuery | NewTrial) -> Question:
    return asked(by, site, given.person, given.device, given.address, port_in(given.port))


def _somebody(person: Person) -> Somebody:
    return Somebody(key=person.key, name=str(person), email=person.email)


def _why(found: Answer) -> WhyAnswer:
    question, why = found.question, found.why
    return WhyAnswer(
        person=_somebody(question.person),
        device=question.device.key if question.device else None,
        address=question.address,
        virtual_address=question.reached_at,
        port=str(question.port) if question.port else None,
        word=found.word,  # type: ignore[arg-type]  # one of these three
        allowed=why.decision.allowed,
        reason=str(why.decision.reason),
        sentence=why_words.verdict(found),
        until=why.until,
        opens_at=why.opens_at,
        ports=None if found.ports is None else list(map(str, found.ports)),
        checks=[
            OnTheWay(
                what=each.what,  # type: ignore[arg-type]  # one of these six
                state=each.state,  # type: ignore[arg-type]  # one of these four
                code=each.code,
                since=each.since,
                sentence=why_words.check_sentence(found, each),
            )
            for each in found.checks
        ],
        grants=[
            LeadingGrant(
                grant=lead.grant.key,
                code=str(lead.code),
                level=schemas.level_name(lead.grant.node),
                role=lead.grant.role,
                granted_by=lead.grant.granted_by,
                reason=lead.grant.reason,
                valid_from=lead.grant.valid_from,
                valid_until=lead.grant.valid_until,
                windows=[schemas.Window.model_validate(each) for each in lead.grant.windows],
                opens_at=lead.opens_at,
                ended_at=lead.ended_at,
            )
            for lead in why.leads
        ],
        limits=[
            OwnersLimit(level=schemas.level_name(each.level), reason=str(each.reason))
            for each in why.closings
        ],
        request=why.request.key if why.request else None,
    )


def _trial(by: Acting, row: TrialRow) -> Trial:
    return Trial(
        key=row.key,
        state=row.state_at(by.at),  # type: ignore[arg-type]  # one of these three
        person=row.person.key,
        address=IPv4Address(row.address),
        port=f"{row.protocol}/{row.port}",
        asked_at=row.asked_at,
        done_at=row.done_at,
        ends=row.ends,
        door_open=row.door,
        door_until=row.door_until,
        tunnel_up=row.tunnel,
        handshake_seconds=row.handshake_seconds,
        reply=row.reply or None,  # type: ignore[arg-type]  # a choice of the model
        milliseconds=row.milliseconds,
    )


def _order(row: Row) -> tuple[str, str, str]:
    if row.access is not None:
        return ("", row.access.name.casefold(), row.access.grant_key)
    assert row.page is not None
    return ("page", str(row.page.person).casefold(), row.page.key)


def _row(row: Row) -> ZoneRow:
    access, page = row.access, row.page
    if access is not None:
        person = Somebody(key=access.person_key, name=access.name, email=access.email)
        level = schemas.LevelName(
            key=access.level.key,
            kind=access.level.kind,  # type: ignore[arg-type]  # a choice of the model
            name=access.level_name,
        )
    else:
        assert page is not None
        person, level = _somebody(page.person), None
    return ZoneRow(
        person=person,
        through="grant" if access is not None else "page",
        grant=access.grant_key if access is not None else None,
        role=access.role if access is not None else "",
        level=level,
        until=row.until,
        network=_ports(row.whole),
        devices=[Reached(device=each.target.key, ports=_ports(each)) for each in row.cells if each.target],
    )


def _ports(cell: Cell) -> list[str] | None:
    return None if cell.ports is None else list(map(str, cell.ports))
