"""Who is and was in the network of which site; ending that, and coming back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import PEOPLE
from furka.api import schemas
from furka.api.paging import Page, Paging, rows_of
from furka.api.routes import Key, Routes, at_node, own
from furka.connections.models import Connection as Row
from furka.connections.operations import end_connection
from furka.connections.queries import Sought, connections_of, own_connections
from furka.errors import NotThere
from furka.tree import keeping_out
from furka.tree.acting import Acting
from furka.tree.ceilings import Ceiling
from furka.tree.models import Kind, Node
from furka.tree.reasons import sentence

routes = Routes("connections")

_ORDER = ("-began_at", "-id")


class ConnectionPaging(Paging):
    """Which connections: all that is said must fit."""

    text: Annotated[schemas.Text, StringConstraints(max_length=80)] = Field(
        "", description="In the name or the address of the person, or in the name of the site."
    )
    person: str = Field("", max_length=40, description="Key of the person.")
    site: str = Field("", max_length=40, description="Key of the site.")
    way: Literal["", "tunnel", "page", "relay"] = Field(
        "", description="`relay`: the site was reached over TCP 443."
    )
    since: schemas.Moment | None = Field(None, description="Begun at this moment or later.")
    before: schemas.Moment | None = Field(None, description="Begun before this moment.")
    running: bool = Field(False, description="Only those that go on.")

    def sought(self) -> Sought:
        """The same for the query."""
        return Sought(self.text, self.person, self.site, self.way, self.since, self.before, self.running)


class Connection(schemas.Answer):
    """Somebody in the network of a site, from the first packet until nothing passes any more."""

    key: str
    person: str
    person_key: str
    email: str
    site: schemas.LevelName
    way: Literal["tunnel", "page"]
    relayed: bool = Field(description="The site was reached over TCP 443.")
    device: str = Field(description="The person's device; empty for a page.")
    page_of: str = Field(description="The device whose page it is; empty for a tunnel.")
    began_at: datetime
    ended_at: datetime | None
    ended_by: str
    bytes_to_site: int
    bytes_from_site: int


class EndConnection(schemas.Input):
    """For how long the person stays outside."""

    minutes: int | None = Field(
        None, ge=1, le=30 * 24 * 60, description="Null: until somebody lets them in again."
    )


class KeptOut(schemas.Answer):
    """Somebody who is kept out of a site, or left by themselves."""

    key: str
    site: schemas.LevelName
    person: str
    person_key: str
    by: str
    left: bool = Field(description="They left by themselves, and come back by themselves.")
    since: datetime
    until: datetime | None = Field(description="Null: until somebody lets them in again, or they come back.")


class AllKeptOut(schemas.Answer):
    """Who is kept out; few, so that they come at once."""

    items: list[KeptOut]


@routes.get("/levels/{key}/connections", at_node(PEOPLE))
def list_connections(by: Acting, level: Node, page: Query[ConnectionPaging]) -> Page[Connection]:
    """Who is and was inside at a level and below, newest first."""
    rows, following = rows_of(connections_of(by, level, page.sought()), page, _ORDER)
    return Page[Connection](items=[_connection(row) for row in rows], next=following)


@routes.post("/sites/{key}/connections/{connection}/end", at_node(PEOPLE, Kind.SITE), status=204)
def cut_connection(by: Acting, site: Node, connection: Key, body: EndConnection) -> None:
    """End what somebody does at a site, at once, and keep them out for a while."""
    row = connections_of(by, site).filter(key=connection).first()
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    row.node = site
    end_connection(by, row, None if body.minutes is None else timedelta(minutes=body.minutes))


@routes.get("/sites/{key}/kept-out", at_node(PEOPLE, Kind.SITE))
def list_kept_out(by: Acting, site: Node) -> AllKeptOut:
    """Who is kept out of a site now."""
    return AllKeptOut(items=[_kept_out(row) for row in keeping_out.kept_out_of(by, site)])


@routes.delete("/sites/{key}/kept-out/{absence}", at_node(PEOPLE, Kind.SITE))
def let_back_in(by: Acting, site: Node, absence: Key) -> None:
    """Somebody who was kept out may enter again."""
    row = next((each for each in keeping_out.kept_out_of(by, site) if each.key == absence), None)
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    row.node = site
    keeping_out.let_back_in(by, row)


@routes.get("/connections", own("where I am and was inside"))
def list_own_connections(by: Acting, page: Query[ConnectionPaging]) -> Page[Connection]:
    """Where I am inside and was, newest first."""
    rows, following = rows_of(own_connections(by, page.sought()), page, _ORDER)
    return Page[Connection](items=[_connection(row) for row in rows], next=following)


@routes.post("/connections/{connection}/end", own("what I do at a site"), status=204)
def end_own_connection(by: Acting, connection: Key) -> None:
    """I leave: nothing of mine passes there until I come back."""
    rows = own_connections(by).select_related("node__reseller", "node__customer")
    row = rows.filter(key=connection).first()
    if row is None:
        raise NotThere("not-there", sentence("not-visible"))
    end_connection(by, row)


@routes.get("/absences", own("where I am kept out"))
def list_own_absences(by: Acting) -> AllKeptOut:
    """Where I am kept out, by others or because I left."""
    return AllKeptOut(items=[_kept_out(row) for row in keeping_out.own_absences(by)])


@routes.delete("/absences/{absence}", own("where I left"))
def come_back(by: Acting, absence: Key) -> None:
    """I left by myself, and come back by myself."""
    keeping_out.come_back(by, absence)


def _connection(row: Row) -> Connection:
    return Connection(
        key=row.key,
        person=str(row.person),
        person_key=row.person.key,
        email=row.person.email,
        site=schemas.level_name(row.node),
        way=row.way,  # type: ignore[arg-type]  # a choice of the model
        relayed=row.relayed,
        device=row.begun_with,
        page_of=row.page_of,
        began_at=row.began_at,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        bytes_to_site=row.to_site,
        bytes_from_site=row.from_site,
    )


def _kept_out(row: Ceiling) -> KeptOut:
    assert row.person is not None
    return KeptOut(
        key=row.key,
        site=schemas.level_name(row.node),
        person=str(row.person),
        person_key=row.person.key,
        by=str(row.set_by) if row.set_by else "",
        left=keeping_out.is_own(row),
        since=row.begun_at,
        until=row.ended_at,
    )
