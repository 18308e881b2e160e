"""What this room keeps for levels: documents go with their site, to whomever it belongs, and when it is removed."""

from __future__ import annotations

from datetime import datetime

from furka.attachments.models import Attachment
from furka.tree.belongings import Belonging, register
from furka.tree.models import Node
from furka.tree.queries import rows_below


def register_all() -> None:
    """Called once, when the program starts."""
    register(Belonging("attachments", _attachments))


def _attachments(node: Node, _at: datetime) -> int:
    rows = Attachment.objects.everything("what hangs on a level is counted for whoever may change it")
    return rows.filter(rows_below(node), node__deleted_at=None, replaced_at=None).count()
