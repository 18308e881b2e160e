"""What this room keeps for levels. What becomes of it when these move or go is said by `leaving`."""

from __future__ import annotations

from datetime import datetime

from furka.links.models import Link
from furka.tree.belongings import Belonging, register
from furka.tree.models import Node
from furka.tree.queries import rows_below

_REASON = "what hangs on a level is counted for whoever may change it"


def register_all() -> None:
    """Called once, when the program starts."""
    register(Belonging("links", _links))


def _links(node: Node, _at: datetime) -> int:
    return Link.objects.everything(_REASON).filter(rows_below(node), node__deleted_at=None).count()
