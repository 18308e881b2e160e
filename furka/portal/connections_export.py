"""Connections as a table for spreadsheets, as they are filtered, in batches however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from zoneinfo import ZoneInfo

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from furka.access.rights import PEOPLE
from furka.connections.models import Connection
from furka.connections.queries import connections_of
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.live.listen import then_closed
from furka.portal.connections import ENDED, ORDER, sought, sought_form
from furka.portal.csv_lines import BEGINNING, csv_line
from furka.portal.exports import BATCH, MOST_IN_WORKBOOK, XLSX, workbook
from furka.portal.paging import page_of
from furka.tree.models import Node


@at_node(PEOPLE)
def export(request: FurkaRequest, node: Node, form: str) -> StreamingHttpResponse | FileResponse:
    """The list as it is filtered; too long a workbook goes out as CSV."""
    if form not in ("csv", "xlsx"):
        raise Http404
    rows = connections_of(request.by, node, sought(request, sought_form(request), node.time_zone))
    zone = ZoneInfo(node.time_zone)
    name = f"connections-{node.key}-{request.by.at:%Y-%m-%d}"
    if form == "xlsx" and rows.order_by()[: MOST_IN_WORKBOOK + 1].count() <= MOST_IN_WORKBOOK:
        lines = (_line(row, zone) for row in _all(rows))
        return FileResponse(
            workbook(_heading(), lines), as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX
        )
    response = StreamingHttpResponse(_lines(rows, zone, _heading()), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _heading() -> list[str]:
    return [
        _("Person"), _("E-mail"), _("Site"), _("Way"), _("With"), _("Page of"), _("Site over TCP 443"),
        _("Began"), _("Ended"), _("Because"), _("Bytes to the site"), _("Bytes from the site"),
    ]  # fmt: skip


def _line(row: Connection, zone: ZoneInfo) -> list[str]:
    def told(at: object) -> str:
        return timezone.localtime(at, zone).isoformat(sep=" ", timespec="seconds") if at else ""  # type: ignore[arg-type]  # a moment or nothing

    return [
        row.person.name,
        row.person.email,
        row.node.name,
        str(row.get_way_display()),
        row.begun_with,
        row.page_of,
        _("yes") if row.relayed else _("no"),
        told(row.began_at),
        told(row.ended_at),
        str(ENDED.get(row.ended_by, row.ended_by)),
        str(row.to_site),
        str(row.from_site),
    ]


def _all(rows: QuerySet[Connection]) -> Iterator[Connection]:
    cursor: str | None = ""
    while cursor is not None:
        page = page_of(rows, ORDER, cursor, BATCH)
        yield from page.rows
        cursor = page.after or None


async def _lines(rows: QuerySet[Connection], zone: ZoneInfo, head: list[str]) -> AsyncIterator[str]:
    read = sync_to_async(then_closed(_batch))
    yield BEGINNING + csv_line(head)
    cursor: str | None = ""
    while cursor is not None:
        text, cursor = await read(rows, zone, cursor)
        yield text


def _batch(rows: QuerySet[Connection], zone: ZoneInfo, cursor: str) -> tuple[str, str | None]:
    page = page_of(rows, ORDER, cursor, BATCH)
    return "".join(csv_line(_line(row, zone)) for row in page.rows), page.after or None
