"""The journal of a level."""

from __future__ import annotations

from typing import Annotated

from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import JOURNAL
from furka.api import schemas
from furka.api.paging import Page, Paging, rows_of
from furka.api.routes import Routes, at_node
from furka.journal.models import Event
from furka.tree.acting import Acting
from furka.tree.history import events_of
from furka.tree.models import Node

routes = Routes("events")


class EventPaging(Paging):
    """Which events."""

    action: Annotated[str, StringConstraints(pattern="^[a-z0-9.-]{0,60}$")] = Field(
        "", description="How the action begins, such as `grant.`."
    )
    since: schemas.Moment | None = Field(None, description="Not before this moment.")


@routes.get("/levels/{key}/events", at_node(JOURNAL))
def list_events(by: Acting, level: Node, page: Query[EventPaging]) -> Page[schemas.Event]:
    """What was done and what happened at a level and below, newest first."""
    rows = events_of(by, level, actions=(page.action,) if page.action else (), since=page.since)
    found, following = rows_of(rows, page, ("-at", "-number", "-chain_id"))
    return Page[schemas.Event](items=[_event(row) for row in found], next=following)


def _event(row: Event) -> schemas.Event:
    return schemas.Event(
        at=row.at,
        action=row.action,
        actor=row.actor_name,
        via=row.via,
        on_behalf_of=row.on_behalf_of,
        grant=row.grant_key,
        level=row.node_key,
        level_name=row.node_name,
        before=row.before,
        after=row.after,
        number=row.number,
        hash=row.hash,
    )
