"""What services show on the page of a site beside what the portal knows itself.

A service says so once, when the program starts; the page asks each of them, and shows its template.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from furka.gate.request import FurkaRequest
from furka.tree.models import Node


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A part of the page of a site: its template, and what it needs, with names that no other part has."""

    template: str
    context: Callable[[FurkaRequest, Node], dict[str, Any]]


_cards: list[SiteCard] = []


def show_at_sites(shown: SiteCard) -> None:
    """Show it on the page of every site; called once at the start."""
    _cards.append(shown)


def cards_at(request: FurkaRequest, site: Node) -> dict[str, Any]:
    """What the parts of all services need, and their templates as `site_cards`."""
    found: dict[str, Any] = {"site_cards": [each.template for each in _cards]}
    for each in _cards:
        found |= each.context(request, site)
    return found
