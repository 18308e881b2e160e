"""Named reads of open pages."""

from __future__ import annotations

from furka.devicepages.models import OpenPage
from furka.tree.acting import Acting

_OWN = "a person's own open pages"


def open_pages_of(by: Acting) -> list[OpenPage]:
    """The pages that the one who acts has open now."""
    if by.person_id is None or by.looks_only:
        return []
    rows = OpenPage.objects.everything(_OWN).filter(person_id=by.person_id, ended_at=None, ends_at__gt=by.at)
    return list(rows.select_related("device", "node"))
