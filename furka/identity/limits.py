"""How far a login by an identity provider reaches: to the level that set it up and what is below, and no further.

Whoever runs a provider can say that anybody is anybody. So what they say counts where they are responsible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from furka.access.facts import Kind, Limit, Place
from furka.tree.models import Node

_KEY = "furka_identity_level"


def reach_only(session: SessionBase, level: Node) -> None:
    """From now on this session acts at that level and below."""
    place = level.place
    session[_KEY] = [str(place.kind), place.id, place.reseller_id, place.customer_id]


def reach_all(session: SessionBase) -> None:
    """From now on this session acts wherever its person may."""
    session[_KEY] = None


def limit_of(session: SessionBase) -> Limit | None:
    """The limit of a session; None if its person logged in by themselves."""
    kept = session.get(_KEY)
    if not kept:
        return None
    kind, id_, reseller_id, customer_id = kept
    return Limit(None, Place(Kind(kind), id_, reseller_id, customer_id))


def comes_from(kept: Mapping[str, Any], level: Node) -> bool:
    """Whether what a session keeps says that it came by the provider of that level."""
    return bool(kept.get(_KEY)) and kept[_KEY][1] == level.pk
