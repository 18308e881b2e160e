"""What owners leave to a level as such: for what stands day and night without a person, such as a link of sites."""

from __future__ import annotations

from collections.abc import Iterable

from furka.access.facts import Ceiling, Place
from furka.access.policy import ceilings_over, owner_among
from furka.access.rights import RIGHTS, Right


def is_left_to(level: Place, right: Right | str, place: Place, ceilings: Iterable[Ceiling]) -> bool:
    """Whether the owners over a place leave a right there to a level: at every hour, and without a yes to each time.

    The owner's own level, and those below it, are not limited. What is about one person, and what asks for a second
    factor or a confirmation, is about people: nothing of that counts here.
    """
    key = RIGHTS.get(right).key
    for each in ceilings_over(ceilings, place):
        if each.person_id is not None or owner_among(level, each.place):
            continue
        if (each.rights is not None and key not in each.rights) or each.hours is not None:
            return False
        if key in each.approval:
            return False
    return True
