"""A request as our views see it: with the one who acts."""

from __future__ import annotations

from django.http import HttpRequest

from furka.people.models import Person
from furka.tree.acting import Acting
from furka.tree.models import Node


class FurkaRequest(HttpRequest):
    """A request that went through `middleware.Acting`."""

    user: Person
    by: Acting
    htmx: bool
    here: Node  # the level that the page shows; only on pages of levels
