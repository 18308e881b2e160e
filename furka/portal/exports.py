"""A list of sites as a table for spreadsheets, as it is filtered, in batches however long it is."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import FileResponse, Http404, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from furka.access.rights import LOOK
from furka.gate.declare import at_node
from furka.gate.request import FurkaRequest
from furka.inventory.filters import Chosen, sites_chosen
from furka.inventory.tables import csv_line, harmless, heading, lines_of, with_owner
from furka.live.listen import then_closed
from furka.portal.level_page import STATE_WORDS
from furka.portal.paging import page_of
from furka.tree.acting import Acting
from furka.tree.models import Kind, Node

#: Rows that are read at once.
BATCH = 1000
#: A workbook is made as a whole before it is sent; longer lists go out as CSV.
MOST_IN_WORKBOOK = 20_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@at_node(LOOK, Kind.OPERATOR, Kind.RESELLER, Kind.CUSTOMER)
def level_export(request: FurkaRequest, node: Node) -> StreamingHttpResponse | FileResponse:
    """The list of sites as it is filtered."""
    form = request.GET.get("form", "xlsx")
    if form not in ("csv", "xlsx"):
        raise Http404
    return export_of(request, node, Chosen.read(request.GET.dict()), form)


def export_of(
    request: FurkaRequest, node: Node, chosen: Chosen, form: str, *, keys: Sequence[str] | None = None
) -> StreamingHttpResponse | FileResponse:
    """The sites that fit, or those of these keys, as a table; too long a workbook goes out as CSV."""
    rows = sites_chosen(request.by, node, chosen)
    if keys is not None:
        rows = rows.filter(key__in=keys)
    rows = with_owner(rows)
    name = f"sites-{node.key}-{request.by.at:%Y-%m-%d}"
    words = {key: str(word) for key, word in STATE_WORDS.items()}
    if form == "xlsx" and rows.order_by()[: MOST_IN_WORKBOOK + 1].count() <= MOST_IN_WORKBOOK:
        lines = (line for batch in _batches(rows) for line in lines_of(request.by, batch, words))
        return FileResponse(
            workbook(heading(), lines), as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX
        )
    response = StreamingHttpResponse(
        _lines(request.by, rows, words, heading()), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def workbook(head: list[str], lines: Iterable[list[str]]) -> Any:
    """A workbook of texts, as a file that can be sent."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Furka")

    def cells(values: list[str]) -> list[Any]:
        found = []
        for value in values:
            cell = WriteOnlyCell(sheet, value=harmless(value))
            cell.data_type = "s"  # a text, whatever it looks like
            found.append(cell)
        return found

    sheet.append(cells(head))
    for line in lines:
        sheet.append(cells(line))
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def _batches(rows: QuerySet[Node]) -> Iterator[list[Node]]:
    cursor: str | None = ""
    while cursor is not None:
        page = page_of(rows, ("sort_key", "id"), cursor, BATCH)
        yield page.rows
        cursor = page.after or None


async def _lines(
    by: Acting, rows: QuerySet[Node], words: dict[str, str], head: list[str]
) -> AsyncIterator[str]:
    read: Callable[..., Any] = sync_to_async(then_closed(_batch))
    yield "\ufeff" + csv_line(head)
    cursor: str | None = ""
    while cursor is not None:
        text, cursor = await read(by, rows, words, cursor)
        yield text


def _batch(by: Acting, rows: QuerySet[Node], words: dict[str, str], cursor: str) -> tuple[str, str | None]:
    page = page_of(rows, ("sort_key", "id"), cursor, BATCH)
    return "".join(map(csv_line, lines_of(by, page.rows, words))), page.after or None
