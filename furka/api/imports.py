"""Taking in sites and customers: bring rows or a file, look at what would happen, have it done as a whole."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal, Self

from django.utils.translation import gettext_lazy
from ninja import Query
from pydantic import Field, StringConstraints, model_validator

from furka.access.rights import STRUCTURE
from furka.access.words import marked as _
from furka.api import schemas
from furka.api.paging import Page, Paging, items_of
from furka.api.routes import Key, Routes, at_node, own
from furka.errors import Invalid
from furka.inventory import imports
from furka.inventory.checking import cells_of
from furka.inventory.models import WAITING, ImportRun, ImportState
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

routes = Routes("imports")

What = Literal["new", "changed", "same", "faulty"]
Cell = Annotated[schemas.Text, StringConstraints(max_length=700)]


class Row(schemas.Input):
    """A row: a site with its customer, or a customer alone."""

    customer: Cell = ""
    customer_reference: Cell = ""
    site: Cell = ""
    reference: Cell = ""
    time_zone: Cell = ""
    street: Cell = ""
    postcode: Cell = ""
    town: Cell = ""
    country: Cell = ""
    latitude: Cell = ""
    longitude: Cell = ""
    labels: Cell = ""


class NewImport(schemas.Input):
    """Either rows, or a file (CSV or XLSX) in base64; larger files than fit into one body are brought on the page."""

    rows: Annotated[list[Row], Field(min_length=1, max_length=50_000)] | None = None
    file_name: Annotated[schemas.Text, StringConstraints(max_length=200)] = ""
    content: str | None = None

    @model_validator(mode="after")
    def _either_or(self) -> Self:
        if (self.rows is None) == (self.content is None):
            raise ValueError(_("Bring either rows or the content of a file."))
        return self


class Columns(schemas.Input):
    """Which column of the file (from 0) says what."""

    customer: Annotated[int, Field(ge=0, lt=1000)] | None = None
    customer_reference: Annotated[int, Field(ge=0, lt=1000)] | None = None
    site: Annotated[int, Field(ge=0, lt=1000)] | None = None
    reference: Annotated[int, Field(ge=0, lt=1000)] | None = None
    time_zone: Annotated[int, Field(ge=0, lt=1000)] | None = None
    street: Annotated[int, Field(ge=0, lt=1000)] | None = None
    postcode: Annotated[int, Field(ge=0, lt=1000)] | None = None
    town: Annotated[int, Field(ge=0, lt=1000)] | None = None
    country: Annotated[int, Field(ge=0, lt=1000)] | None = None
    latitude: Annotated[int, Field(ge=0, lt=1000)] | None = None
    longitude: Annotated[int, Field(ge=0, lt=1000)] | None = None
    labels: Annotated[int, Field(ge=0, lt=1000)] | None = None


class Counts(schemas.Answer):
    """How many rows there are of each sort, and how many customers they would make."""

    new: int = 0
    changed: int = 0
    same: int = 0
    faulty: int = 0
    customers: int = 0


class Import(schemas.Answer):
    """An import. While it is `reading`, `checking` or `applying`, ask again."""

    key: str
    level: schemas.LevelName
    state: Literal["reading", "mapping", "checking", "checked", "applying", "applied", "failed"]
    file_name: str
    row_count: int
    columns: dict[str, int] = Field(description="What is understood of the columns: key → number, from 0.")
    counts: Counts
    trouble: str = Field(description="Why it did not go on; empty if nothing is wrong.")
    created_at: datetime


class Fault(schemas.Answer):
    """What is wrong in a cell."""

    column: str
    code: str
    value: str


class CheckedRow(schemas.Answer):
    """What a row would do, or did."""

    number: int = Field(description="As in a spreadsheet: the headings are row 1.")
    what: What
    cells: dict[str, str]
    faults: list[Fault]


class RowPaging(Paging):
    """Which rows."""

    what: Literal["", "new", "changed", "same", "faulty"] = ""


class Apply(schemas.Input):
    """Whether rows with faults are left out; else they stop it."""

    leave_out: bool = False


@routes.post("/levels/{key}/imports", at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER))
def begin_import(by: Acting, level: Node, body: NewImport) -> Import:
    """Bring rows or a file; nothing is changed by that."""
    if body.rows is not None:
        run = imports.begin_import_of_rows(by, level, [row.model_dump() for row in body.rows])
    else:
        run = imports.begin_import(by, level, body.file_name, _content(body.content or ""))
    return _gone_on(by, run)


@routes.get("/levels/{key}/imports", at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER))
def list_imports(by: Acting, level: Node, page: Query[Paging]) -> Page[Import]:
    """My own imports at a level."""
    found, following = items_of(imports.runs_of(by, level), page, lambda run: (run.key,))
    return Page[Import](items=[_import(run) for run in found], next=following)


@routes.get("/imports/{run}", own("an import belongs to whoever began it"))
def read_import(by: Acting, run: Key) -> Import:
    """How far an import of mine is."""
    return _import(imports.run_of_key(by, run))


@routes.get("/imports/{run}/rows", own("an import belongs to whoever began it"))
def list_import_rows(by: Acting, run: Key, page: Query[RowPaging]) -> Page[CheckedRow]:
    """What each row would do, with its faults."""
    found = imports.run_of_key(by, run)
    table = imports.rows_of(found)
    items, following = items_of(
        imports.verdicts_of(found, page.what), page, lambda verdict: (f"{verdict[0]:06}",)
    )
    rows = [
        CheckedRow(
            number=number,
            what=what,  # type: ignore[arg-type]  # one of the sorts
            cells=cells_of(table[number - 1], found.mapping),
            faults=[Fault(column=column, code=code, value=value) for column, code, value in faults],
        )
        for number, what, faults in items
    ]
    return Page[CheckedRow](items=rows, next=following)


@routes.patch("/imports/{run}", own("an import belongs to whoever began it"))
def name_import_columns(by: Acting, run: Key, body: Columns) -> Import:
    """Say which column is what; the rows are checked anew."""
    found = imports.run_of_key(by, run)
    imports.name_columns(by, found, body.model_dump(exclude_none=True))
    return _gone_on(by, found)


@routes.post("/imports/{run}/apply", own("an import belongs to whoever began it"), status=200)
def apply_import(by: Acting, run: Key, body: Apply) -> Import:
    """Do what was shown, all of it or nothing."""
    found = imports.run_of_key(by, run)
    imports.apply_import(by, found, leave_out=body.leave_out)
    return _gone_on(by, found)


@routes.delete("/imports/{run}", own("an import belongs to whoever began it"))
def forget_import(by: Acting, run: Key) -> None:
    """Forget an import; what it has brought stays."""
    imports.forget_import(by, imports.run_of_key(by, run))


def _gone_on(by: Acting, run: ImportRun) -> Import:
    if run.state in WAITING and imports.is_small(run):
        imports.carry_on(run, by.at)
    if run.state == ImportState.MAPPING and ("site" in run.mapping or "customer" in run.mapping):
        imports.name_columns(by, run, run.mapping)
        if imports.is_small(run):
            imports.carry_on(run, by.at)
    return _import(run)


def _content(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        wrong = gettext_lazy("The content is not written in base64.")
        raise Invalid.at("content", "content-wrong", wrong) from None


def _import(run: ImportRun) -> Import:
    return Import(
        key=run.key,
        level=schemas.level_name(run.node),
        state=run.state,  # type: ignore[arg-type]  # a choice of the model
        file_name=run.file_name,
        row_count=run.row_count,
        columns=dict(run.mapping),
        counts=Counts(**run.counts),
        trouble=run.trouble,
        created_at=run.created_at,
    )
