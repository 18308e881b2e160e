"""Taking in a table of sites and customers: bring a file, name its columns, look at what would happen, do it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from furka.access.rights import STRUCTURE
from furka.errors import Conflict
from furka.gate.declare import at_node, own
from furka.gate.request import FurkaRequest
from furka.inventory import imports
from furka.inventory.checking import CHANGED, FAULTY, NEW, SAME, cells_of
from furka.inventory.models import WAITING, ImportRun, ImportState
from furka.inventory.reading import LARGEST_FILE
from furka.inventory.tables import COLUMNS, csv_line
from furka.portal import words
from furka.portal.exports import XLSX
from furka.portal.level_page import level_url, render_level
from furka.portal.refusals import errors_on
from furka.tree.models import Kind, Node

#: Rows of the preview on a page.
SIZE = 50
#: Rows of the table that are shown to name its columns.
MOST_SAMPLES = 3

#: How a verdict is shown: the kind of the status component, and the word.
WHAT_WORDS: Mapping[str, tuple[str, Promise]] = {
    FAULTY: ("bad", gettext_lazy("Fault")),
    NEW: ("info", gettext_lazy("New")),
    CHANGED: ("warn", gettext_lazy("Changes")),
    SAME: ("off", gettext_lazy("Stays as it is")),
}

#: What is wrong in a cell.
FAULT_WORDS: Mapping[str, Promise] = {
    "missing": gettext_lazy("The name of the site is missing."),
    "too-long": gettext_lazy("At most %(value)s characters."),
    "zone-unknown": gettext_lazy("The time zone “%(value)s” is not known. An example: Europe/Zurich."),
    "customer-other": gettext_lazy("Here only sites of “%(value)s” are imported."),
    "customer-unknown": gettext_lazy(
        "There is no customer with the number “%(value)s”, and no name to make one."
    ),
    "customer-name-differs": gettext_lazy("The customer with this number is called “%(value)s” here."),
    "several": gettext_lazy("Several are called “%(value)s”. A number is needed to tell them apart."),
    "site-elsewhere": gettext_lazy("The site with this number is “%(value)s” of another customer."),
    "archived": gettext_lazy("“%(value)s” is in the archive. Restore it first."),
    "same-as-row": gettext_lazy("The same as in row %(value)s."),
    "degrees-wrong": gettext_lazy("Degrees are a number between -%(value)s and %(value)s, such as 46.9480."),
    "place-incomplete": gettext_lazy("A place needs latitude and longitude."),
    "label-too-long": gettext_lazy("A label has at most 30 characters."),
    "too-many-labels": gettext_lazy("At most 20 labels."),
    "not-allowed": gettext_lazy("You may not change this here."),
}

#: What happens now, while it takes a while.
_NOW: Mapping[str, Promise] = {
    ImportState.READING: gettext_lazy("The file is being read …"),
    ImportState.CHECKING: gettext_lazy("Every row is being checked …"),
    ImportState.APPLYING: gettext_lazy("Everything is being imported …"),
}
STATE_WORDS: Mapping[str, tuple[str, Promise]] = {
    ImportState.READING: ("busy", gettext_lazy("Being read")),
    ImportState.MAPPING: ("info", gettext_lazy("Waits for the columns")),
    ImportState.CHECKING: ("busy", gettext_lazy("Being checked")),
    ImportState.CHECKED: ("info", gettext_lazy("Waits for your yes")),
    ImportState.APPLYING: ("busy", gettext_lazy("Being imported")),
    ImportState.APPLIED: ("done", gettext_lazy("Imported")),
    ImportState.FAILED: ("bad", gettext_lazy("Could not be read")),
}


class FileForm(forms.Form):
    """The table."""

    use_required_attribute = False

    file = forms.FileField(
        label=gettext_lazy("Table"),
        help_text=gettext_lazy(
            "Excel (.xlsx) or CSV, at most 10 MB and 50'000 rows, headings in the first row."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        error_messages={"required": gettext_lazy("Please choose a file.")},
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        return file


class ColumnsForm(forms.Form):
    """Which column says what."""

    def __init__(
        self, headings: Sequence[str], mapping: Mapping[str, int], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("– not in this table –"))]
        choices += [(str(index), heading[:60] or _("Column %(number)d") % {"number": index + 1})
                    for index, heading in enumerate(headings)]  # fmt: skip
        for column in COLUMNS:
            self.fields[column.key] = forms.ChoiceField(
                label=str(column.title),
                choices=choices,
                required=False,
                initial=str(mapping.get(column.key, "")),
            )


@dataclass(frozen=True, slots=True)
class RunShown:
    """An import in the list of those that one began."""

    run: ImportRun
    url: str
    kind: str
    word: Promise


@at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER)
def level_import(request: FurkaRequest, node: Node) -> HttpResponse:
    """Bring a table; or go on with one that was brought."""
    sent = request.method == "POST"
    form = FileForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        file = form.cleaned_data["file"]
        with errors_on(form):
            run = imports.begin_import(request.by, node, file.name, file.read())
            _go_on(request, run)
            return redirect("import", run.key)
    runs = [
        RunShown(run, reverse("import", args=(run.key,)), *STATE_WORDS[run.state])
        for run in imports.runs_of(request.by, node)
    ]
    context = {
        "form": form,
        "runs": runs,
        "columns": COLUMNS,
        "template_url": level_url(node, "level-import-template"),
        "back_url": level_url(node, "level-sites"),
    }
    status = 422 if form.is_bound else 200
    return render_level(request, node, "imports/begin.html", context, here="level-sites", status=status)


@at_node(STRUCTURE, Kind.RESELLER, Kind.CUSTOMER)
def import_template(request: FurkaRequest, node: Node) -> HttpResponse:  # noqa: ARG001  # the same at every level
    """An empty table with the right headings and one example."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([str(column.title) for column in COLUMNS])
    sheet.append([column.example for column in COLUMNS])
    for index in range(1, len(COLUMNS) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 28
    sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    response = HttpResponse(file.getvalue(), content_type=XLSX)
    response.headers["Content-Disposition"] = 'attachment; filename="furka-import.xlsx"'
    return response


@own("an import belongs to whoever began it")
def import_run(request: FurkaRequest, run: str) -> HttpResponse:
    """An import at the step that it has reached."""
    found = imports.run_of_key(request.by, run)
    if request.method == "POST":
        return _step(request, found)
    return _show(request, found)


def _step(request: FurkaRequest, run: ImportRun) -> HttpResponse:
    form: ColumnsForm | None = None
    match request.POST.get("do"):
        case "columns":
            form = ColumnsForm(_headings(run), run.mapping, request.POST)
            with errors_on(form):
                imports.name_columns(request.by, run, request.POST.dict())
                _go_on(request, run)
                return redirect("import", run.key)
            return _show(request, run, form)
        case "back":
            return redirect(f"{reverse('import', args=(run.key,))}?step=columns")
        case "apply":
            try:
                imports.apply_import(request.by, run, leave_out=bool(request.POST.get("leave_out")))
                _go_on(request, run)
            except Conflict as error:
                messages.error(request, str(error))
        case "forget":
            imports.forget_import(request.by, run)
            messages.success(request, _("The import is no longer kept."))
            return redirect("level-import", run.node.key)
    return redirect("import", run.key)


def _go_on(request: FurkaRequest, run: ImportRun) -> None:
    """Short tables need not wait for the worker; after the columns are clear by themselves the rows are checked."""
    if run.state in WAITING and imports.is_small(run):
        imports.carry_on(run, request.by.at)


def _show(request: FurkaRequest, run: ImportRun, form: ColumnsForm | None = None) -> HttpResponse:
    part = bool(request.GET.get("part"))
    context: dict[str, Any] = {
        "run": run,
        "now": _NOW.get(run.state, ""),
        "url": reverse("import", args=(run.key,)),
        "back_url": level_url(run.node, "level-sites"),
        "again_url": level_url(run.node, "level-import"),
        "rows_text": words.number(run.row_count),
    }
    names_columns = form or run.state == ImportState.MAPPING or request.GET.get("step") == "columns"
    if run.state in (ImportState.MAPPING, ImportState.CHECKED) and names_columns:
        context |= _columns(run, form)
    elif run.state in (ImportState.CHECKED, ImportState.APPLIED):
        context |= _preview(request, run)
    template = "imports/_run.html" if part else "imports/run.html"
    status = 422 if form is not None else 200
    return (
        render(request, template, context)
        if part
        else render_level(request, run.node, template, context, here="level-sites", status=status)
    )


def _headings(run: ImportRun) -> list[str]:
    table = imports.rows_of(run)
    width = max(map(len, table), default=0)
    return [*table[0], *([""] * (width - len(table[0])))] if table else []


def _columns(run: ImportRun, form: ColumnsForm | None) -> dict[str, Any]:
    headings = _headings(run)
    samples = [
        [*row, *([""] * (len(headings) - len(row)))] for row in imports.rows_of(run)[1 : MOST_SAMPLES + 1]
    ]
    return {
        "columns_form": form or ColumnsForm(headings, run.mapping),
        "headings": headings,
        "samples": samples,
    }


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row of the preview."""

    number: int
    kind: str
    word: Promise
    customer: str
    site: str
    reference: str
    faults: list[str]


def _preview(request: FurkaRequest, run: ImportRun) -> dict[str, Any]:
    counts = run.counts
    here = request.GET.get("what", "")
    if here not in WHAT_WORDS:
        here = (
            FAULTY
            if counts.get(FAULTY)
            else NEW
            if counts.get(NEW)
            else CHANGED
            if counts.get(CHANGED)
            else SAME
        )
    begin = request.GET.get("from", "")
    start = int(begin) if begin.isascii() and begin.isdigit() and len(begin) < 7 else 0
    verdicts = imports.verdicts_of(run, here)
    table = imports.rows_of(run)
    url = reverse("import", args=(run.key,))
    rows = [_row_shown(run, table, verdict) for verdict in verdicts[start : start + SIZE]]
    return {
        "rows": rows,
        "figures": [
            (words.number(counts.get(what, 0)), word, f"{url}?what={what}", what == here)
            for what, (_kind, word) in WHAT_WORDS.items()
        ],
        "here": here,
        "faulty": counts.get(FAULTY, 0),
        "faulty_text": words.number(counts.get(FAULTY, 0)),
        "new_text": words.number(counts.get(NEW, 0)),
        "changed_text": words.number(counts.get(CHANGED, 0)),
        "customers_text": words.number(counts.get("customers", 0)),
        "doing": counts.get(NEW, 0) + counts.get(CHANGED, 0),
        "doing_text": words.number(counts.get(NEW, 0) + counts.get(CHANGED, 0)),
        "before": f"{url}?what={here}&from={max(0, start - SIZE)}" if start else "",
        "after": f"{url}?what={here}&from={start + SIZE}" if start + SIZE < len(verdicts) else "",
        "span": _("%(from)s to %(to)s of %(all)s")
        % {
            "from": words.number(min(start + 1, len(verdicts))),
            "to": words.number(min(start + SIZE, len(verdicts))),
            "all": words.number(len(verdicts)),
        },
        "faults_url": reverse("import-faults", args=(run.key,)),
    }


def _row_shown(run: ImportRun, table: list[list[str]], verdict: tuple[int, str, list[list[str]]]) -> RowShown:
    number, what, faults = verdict
    cells = cells_of(table[number - 1], run.mapping)
    kind, word = WHAT_WORDS[what]
    return RowShown(
        number,
        kind,
        word,
        cells.get("customer", "") or cells.get("customer_reference", ""),
        cells.get("site", ""),
        cells.get("reference", ""),
        [fault_in_words(*fault) for fault in faults],
    )


def fault_in_words(column: str, code: str, value: str) -> str:
    """A fault with the name of its column."""
    title = next((str(each.title) for each in COLUMNS if each.key == column), column)
    return f"{title}: {FAULT_WORDS[code] % {'value': value}}"


@own("an import belongs to whoever began it")
def import_faults(request: FurkaRequest, run: str) -> HttpResponse:
    """The rows with faults as they were brought, each with what is wrong, to be mended in a spreadsheet."""
    found = imports.run_of_key(request.by, run)
    table = imports.rows_of(found)
    head = [str(_("Row")), *(table[0] if table else []), str(_("What is wrong"))]
    width = len(head) - 2
    lines = ["\ufeff", csv_line(head)]
    for number, _what, faults in imports.verdicts_of(found, FAULTY):
        cells = [*table[number - 1], *([""] * width)][:width]
        lines.append(csv_line([str(number), *cells, " ".join(fault_in_words(*fault) for fault in faults)]))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="furka-import-faults.csv"'
    return response
