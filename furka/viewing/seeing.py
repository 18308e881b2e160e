"""What somebody sees through another's eyes: what that person may see now, at the level and below, and nothing of what
is theirs alone. Asked anew with every request: it ends with the rights of either of them."""

from __future__ import annotations

from datetime import datetime

from furka.access.facts import Limit
from furka.access.policy import narrowed
from furka.access.rights import PEOPLE, RIGHTS
from furka.people.models import Person
from furka.tree import holdings
from furka.tree.acting import Acting
from furka.tree.models import Node
from furka.viewing.models import Viewing

_OWN = "a view is found by the key that its viewer's session keeps"


def through(person: Person, node: Node, at: datetime) -> Acting:
    """The person, acting at that level and below, who can only look."""
    seen = holdings.of_person(person, at, "view", Limit(place=node.place))
    seen.looks_only = True
    return seen


def may_do_no_more(seen: Acting, viewer: Acting) -> bool:
    """Whether the one who is seen may do nothing that the viewer may not: else to look would be to gain."""
    left = [narrow for held in seen.held if (narrow := narrowed(held, seen.limit)) is not None]
    viewer.foresee(narrow.place for narrow in left)
    return all(
        viewer.may(right, narrow.place)
        for narrow in left
        for right in RIGHTS.all()
        if right.key in narrow.rights
    )


def live(viewer: Person, key: str, at: datetime) -> Viewing | None:
    """The view of that key, as long as it runs, for the one who began it."""
    rows = Viewing.objects.everything(_OWN).filter(viewer_id=viewer.pk, key=key, ended_at=None, until__gt=at)
    return rows.select_related("node", "person", "viewer").first()


def acting_through(viewing: Viewing, at: datetime) -> Acting | None:
    """Who acts in a view at that moment; None if the viewer may not look any more, or there is nothing to see."""
    viewer = holdings.of_person(viewing.viewer, at, "page")
    if viewing.node.deleted_at is not None or not viewer.may(PEOPLE, viewing.node.place):
        return None
    seen = through(viewing.person, viewing.node, at)
    return seen if seen.held and may_do_no_more(seen, viewer) else None
