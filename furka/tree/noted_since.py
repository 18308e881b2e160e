"""What an answer about an early moment can not know, because this installation did not note it yet."""

from __future__ import annotations

from datetime import datetime

from django.db.migrations.recorder import MigrationRecorder

from furka.tree.models import Node

#: The change of the database with which absences and second factors began to be noted.
_NOTED_WITH = "0010_absences_and_strong_times"


def not_noted_before(node: Node, moment: datetime) -> datetime | None:
    """If, at that moment, this installation did not note yet what was absent for a while and who had a second factor
    for a while: from when on it did. None: the answer about that moment is complete."""
    rows = MigrationRecorder.Migration.objects.filter(app="tree", name=_NOTED_WITH)
    since: datetime | None = rows.values_list("applied", flat=True).first()
    return since if since is not None and moment < since and node.created_at < since else None
