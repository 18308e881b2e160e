"""Everything the installation keeps about somebody, as a file of files: JSON for programs, CSV for people."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from furka import personal
from furka.errors import Refused
from furka.tree.acting import Acting
from furka.tree.within import reaches_beyond


def export_of(by: Acting) -> dict[str, list[dict[str, Any]]]:
    """What is kept about the one who acts, by kind, in values that JSON knows."""
    if by.person_id is None:
        raise Refused("not-logged-in", _("Please log in first."))
    if reaches_beyond(by):
        text = _(
            "Your login reaches one organisation only. Please log in with your password or passkey for this."
        )
        raise Refused("login-not-enough", text)
    return {
        kind.key: [{name: _plain(value) for name, value in row.items()} for row in kind.read(by.person_id)]
        for kind in personal.kinds()
    }


def archive_of(by: Acting) -> bytes:
    """The same as a ZIP: for each kind a file of JSON and a table, and a page that says what is what."""
    found = export_of(by)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _read_me(by.at, found))
        for key, rows in found.items():
            archive.writestr(f"{key}.json", json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
            archive.writestr(f"{key}.csv", "\ufeff" + _table(rows))
    return file.getvalue()


def _read_me(at: datetime, found: dict[str, list[dict[str, Any]]]) -> str:
    lines = [
        _("What this installation keeps about you (%(moment)s UTC)")
        % {"moment": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")},
        "",
        *(f"{kind.key}: {kind.title} ({len(found[kind.key])})" for kind in personal.kinds()),
        "",
        _("Passwords, keys and secrets are not in it: they are kept in a form that nobody can read."),
    ]
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[dict[str, Any]]) -> str:
    rows = list(rows)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    if rows:
        writer.writerow(rows[0])
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    # A text that a spreadsheet would take for a formula is kept a text.
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
