"""Named reads: who is prepared at a site, and where somebody may be let in themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from furka.access.rights import LOOK, PEOPLE
from furka.releases.codes import code_at
from furka.releases.models import PreparedRelease
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.tree.who import Entrant, entrants

_OWN = "everybody may see where they are prepared themselves"


def prepared_at(by: Acting, site: Node) -> list[PreparedRelease]:
    """Who is prepared at a site, for whoever administers people there."""
    rows = PreparedRelease.objects.visible_to(by, PEOPLE).filter(node=site, ended_at=None)
    return list(rows.select_related("node", "person", "prepared_by").order_by("person__name", "id"))


def release_of_key(by: Acting, site: Node, key: str) -> PreparedRelease | None:
    """One of them."""
    return next((row for row in prepared_at(by, site) if row.key == key), None)


def who_can_be_prepared(by: Acting, site: Node) -> list[Entrant]:
    """Supporters who see the site; whether a release opens anything for them is decided when they are prepared."""
    return [each for each in entrants(by, site, LOOK) if each.relation == "supporter"]


@dataclass(frozen=True, slots=True)
class OwnRelease:
    """Where the one who acts may be let in, and the code that they read over the phone until then."""

    site: Node
    minutes: int
    code: str
    code_until: datetime


def own_releases(by: Acting) -> list[OwnRelease]:
    """Where somebody on the spot may let in the one who acts."""
    if by.person_id is None or by.looks_only:
        return []
    rows = PreparedRelease.objects.everything(_OWN).filter(
        person_id=by.person_id, ended_at=None, node__deleted_at=None
    )
    found = [row for row in rows.select_related("node") if by.may(LOOK, row.node.place)]
    return [OwnRelease(row.node, row.minutes, *code_at(row.key, by.at)) for row in found]
