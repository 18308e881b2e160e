"""Gateways that are prepared in batches: made, printed, shipped, assigned, withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field, StringConstraints

from furka.access.rights import CONFIGURE
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of, rows_of
from furka.api.routes import Key, Routes, at_node
from furka.errors import NotThere
from furka.sites import preparing
from furka.sites.models import GatewayBatch, PreparedGateway
from furka.sites.preparing import MOST_IN_BATCH
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node
from furka.wire.preset import preset

routes = Routes("prepared gateways")

State = Literal["prepared", "shipped", "waiting", "assigned", "online", "offline", "released", "withdrawn"]


class NewBatch(schemas.Input):
    """So many gateways, or one for each serial number."""

    name: Annotated[schemas.Text, StringConstraints(min_length=1, max_length=80)]
    count: Annotated[int, Field(ge=0, le=MOST_IN_BATCH)] = 0
    serials: Annotated[tuple[schemas.Text, ...], Field(max_length=MOST_IN_BATCH)] = ()


class Batch(schemas.Answer):
    """Gateways that were prepared together."""

    key: str
    name: str
    created_at: datetime
    printed_at: datetime | None
    shipped_at: datetime | None = Field(description="From then on only the hashes of the codes are kept.")


class Prepared(schemas.Answer):
    """A prepared gateway."""

    key: str
    batch: str = Field(description="Key of its batch.")
    number: str = Field(description="As it stands on its label; no secret.")
    serial: str = Field(description="As it was entered, or else as the box said when it was plugged in.")
    said_serial: str = Field(
        description="As the box says; another one than `serial`: its label is that of another box."
    )
    state: State
    site: schemas.LevelName | None
    plugged_in_at: datetime | None


class Code(schemas.Answer):
    """The secret of a prepared gateway."""

    number: str
    serial: str
    code: str
    preset: str = Field(description="What its label says and its preset file holds.")


class Codes(schemas.Answer):
    """The codes of a batch that were not used yet."""

    items: list[Code]


class ByNumber(schemas.Input):
    """The number on the label, what its code says when it is scanned, or the serial number."""

    number: Annotated[schemas.Text, StringConstraints(min_length=1, max_length=300)]


@routes.get("/levels/{key}/gateway-batches", at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER))
def list_gateway_batches(by: Acting, level: Node, page: Query[Paging]) -> Page[Batch]:
    """The batches that were prepared at a level."""
    rows = preparing.batches_at(by, level)
    found, following = items_of(rows, page, lambda row: (row.created_at.isoformat(), row.key))
    return Page[Batch](items=[_batch(row) for row in found], next=following)


@routes.post("/levels/{key}/gateway-batches", at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER))
def prepare_gateways(by: Acting, level: Node, body: NewBatch) -> Batch:
    """Prepare gateways: each gets a number and a code of its own."""
    return _batch(preparing.prepare(by, level, body.name, body.count, body.serials))


@routes.get("/levels/{key}/prepared-gateways", at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER))
def list_prepared_gateways(by: Acting, level: Node, page: Query[Paging]) -> Page[Prepared]:
    """The gateways that were prepared at a level."""
    found, following = rows_of(preparing.pieces_at(by, level), page, ("number", "key"))
    return Page[Prepared](items=[_prepared(row) for row in found], next=following)


@routes.post(
    "/levels/{key}/gateway-batches/{batch}/codes",
    at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER),
    status=200,
)
def read_gateway_codes(by: Acting, level: Node, batch: Key) -> Codes:
    """Read the codes that were not used yet; it stands in the record."""
    found = preparing.read_codes(by, _batch_at(by, level, batch))
    return Codes(
        items=[
            Code(
                number=each.piece.label,
                serial=each.piece.serial,
                code=each.code,
                preset=preset(settings.PORTAL_URL, each.piece.number, each.code),
            )
            for each in found
        ]
    )


@routes.post(
    "/levels/{key}/gateway-batches/{batch}/shipped",
    at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER),
    status=204,
)
def ship_gateways(by: Acting, level: Node, batch: Key) -> None:
    """The labels are on the boxes: the codes are forgotten here, only their hashes stay."""
    preparing.ship(by, _batch_at(by, level, batch))


@routes.delete("/levels/{key}/prepared-gateways/{piece}", at_node(CONFIGURE, Kind.RESELLER, Kind.CUSTOMER))
def withdraw_gateway(by: Acting, level: Node, piece: Key) -> None:
    """Its code works no more."""
    preparing.withdraw(by, piece_at(by, level, piece))


@routes.post("/sites/{key}/prepared-gateway", at_node(CONFIGURE, Kind.SITE))
def assign_gateway(by: Acting, site: Node, body: ByNumber) -> Prepared:
    """Have a prepared gateway become that of the site as soon as it is plugged in."""
    return _prepared(preparing.assign(by, site, body.number))


@routes.delete("/sites/{key}/prepared-gateway", at_node(CONFIGURE, Kind.SITE))
def unassign_gateway(by: Acting, site: Node) -> None:
    """The site waits for no prepared gateway any more."""
    preparing.unassign(by, site)


def _batch_at(by: Acting, level: Node, key: str) -> GatewayBatch:
    return preparing.batch_at(by, level, key)


def piece_at(by: Acting, level: Node, key: str) -> PreparedGateway:
    """A prepared gateway of a level. Raises NotThere."""
    row = preparing.pieces_at(by, level).filter(key=key).first()
    if row is None:
        raise NotThere("not-there", _("This gateway does not exist."))
    return row


def _batch(row: GatewayBatch) -> Batch:
    return Batch(
        key=row.key,
        name=row.name,
        created_at=row.created_at,
        printed_at=row.printed_at,
        shipped_at=row.shipped_at,
    )


def _prepared(row: PreparedGateway) -> Prepared:
    return Prepared(
        key=row.key,
        batch=row.batch.key,
        number=row.label,
        serial=row.serial,
        said_serial=row.said_serial,
        state=row.state,  # type: ignore[arg-type]  # one of them
        site=schemas.level_name(row.site) if row.site is not None else None,
        plugged_in_at=row.plugged_in_at,
    )
