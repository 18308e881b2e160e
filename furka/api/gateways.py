"""What became of a site's gateway, and what passes through its tunnel."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import CONFIGURE, LOOK
from furka.api import schemas
from furka.api.paging import Page, Paging, rows_of
from furka.api.routes import Routes, at_node
from furka.sites import traffic
from furka.sites.gateway_log import changes_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

routes = Routes("gateways")

What = Literal["online", "offline", "path", "address", "version", "linked", "unlinked"]


class GatewayLogPaging(Paging):
    """Which changes: all that is said must fit."""

    what: What | None = Field(None, description="Only these.")
    text: Annotated[schemas.Text, StringConstraints(max_length=80)] = Field(
        "", description="In an address, a version or the name of a computer."
    )
    since: schemas.Moment | None = Field(None, description="At this moment or later.")
    before: schemas.Moment | None = Field(None, description="Before this moment.")


class GatewayChange(schemas.Answer):
    """One change, with what it is since then."""

    at: datetime
    what: What
    value: str
    gateway: str = Field(description="Key of the gateway; a site may have had several.")
    hostname: str


class MonthOfTraffic(schemas.Answer):
    """What passed in a month, by the clock of the site."""

    month: date
    bytes_from_site: int
    bytes_to_site: int


class Traffic(schemas.Answer):
    """What passes through the tunnel of a site, and its budget."""

    used_bytes: int = Field(description="This month, both ways.")
    megabytes: int | None = Field(description="The monthly budget; null: none.")
    warn_percent: int
    percent: int = Field(description="How much of the budget is used.")
    stands: Literal["ok", "warn", "over"]
    months: list[MonthOfTraffic]


class NewBudget(schemas.Input):
    """What may pass in a month."""

    megabytes: int | None = Field(None, ge=1, le=traffic.LARGEST_BUDGET, description="Null: no budget.")
    warn_percent: int = Field(traffic.USUAL_WARNING, ge=1, le=99)


@routes.get("/sites/{key}/gateway-log", at_node(LOOK, Kind.SITE))
def list_gateway_changes(by: Acting, site: Node, page: Query[GatewayLogPaging]) -> Page[GatewayChange]:
    """When the gateways of a site came and went, which way the tunnel took, from where; newest first."""
    rows = changes_of(by, site, what=page.what or "", text=page.text, since=page.since, before=page.before)
    found, following = rows_of(rows, page, ("-at", "-id"))
    items = [
        GatewayChange(
            at=row.at,
            what=row.what,  # type: ignore[arg-type]  # a choice of the model
            value=row.value,
            gateway=row.gateway.key,
            hostname=row.gateway.hostname,
        )
        for row in found
    ]
    return Page[GatewayChange](items=items, next=following)


@routes.get("/sites/{key}/traffic", at_node(LOOK, Kind.SITE))
def read_traffic(by: Acting, site: Node) -> Traffic:
    """What passed through the tunnel of a site, and how its budget stands."""
    found = traffic.traffic_of(by, site)
    return Traffic(
        used_bytes=found.used,
        megabytes=found.budget.megabytes if found.budget else None,
        warn_percent=found.budget.warn_percent if found.budget else traffic.USUAL_WARNING,
        percent=found.percent,
        stands=found.stands,  # type: ignore[arg-type]  # one of the three
        months=[
            MonthOfTraffic(month=each.month, bytes_from_site=each.received, bytes_to_site=each.sent)
            for each in found.months
        ],
    )


@routes.patch("/sites/{key}/traffic-budget", at_node(CONFIGURE, Kind.SITE))
def set_traffic_budget(by: Acting, site: Node, body: NewBudget) -> Traffic:
    """How much may pass in a month before the owners are warned. Nothing is ever switched off."""
    traffic.set_budget(by, site, body.megabytes, body.warn_percent)
    return read_traffic(by, site)
