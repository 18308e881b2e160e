"""What this room keeps about people: how they want to see lists, and the tables that they brought."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from furka.inventory.models import FirstView, ImportRun, SavedView
from furka.personal import PersonalData, Row, register

_REASON = "everybody may have what is kept about themselves"


def _views(person_id: int) -> Iterator[Row]:
    rows = SavedView.objects.everything(_REASON).filter(person_id=person_id)
    for row in rows.select_related("node").order_by("pk"):
        yield {
            "name": row.name,
            "level": row.node.name,
            "list": row.listing,
            "filters": row.query,
            "opens_with_it": False,
            "created_at": row.created_at,
        }
    firsts = FirstView.objects.everything(_REASON).filter(person_id=person_id)
    for first in firsts.select_related("node", "view").order_by("pk"):
        yield {
            "name": first.view.name,
            "level": first.node.name,
            "list": first.listing,
            "filters": first.view.query,
            "opens_with_it": True,
            "created_at": first.view.created_at,
        }


def _imports(person_id: int) -> Iterator[Row]:
    rows = ImportRun.objects.everything(_REASON).filter(person_id=person_id)
    for row in rows.select_related("node").order_by("pk"):
        yield {
            "key": row.key,
            "level": row.node.name,
            "file": row.file_name,
            "rows": row.row_count,
            "state": row.state,
            "created_at": row.created_at,
            "done_at": row.done_at,
        }


def _forget_views(person_id: int) -> None:
    FirstView.objects.everything(_REASON).filter(person_id=person_id).delete()
    SavedView.objects.everything(_REASON).filter(person_id=person_id).delete()


def _forget_imports(person_id: int) -> None:
    ImportRun.objects.everything(_REASON).filter(person_id=person_id).delete()


def register_all() -> None:
    """At the start."""
    register(PersonalData("views_of_lists", _("Saved views of lists"), _views, _forget_views))
    register(PersonalData("imports", _("Tables that you imported"), _imports, _forget_imports))
