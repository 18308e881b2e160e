"""Reads what persons hold, as the records that the policy looks at; and makes of a person the one who acts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from furka.access.facts import Held, Limit
from furka.access.narrowing import narrowing_from_json
from furka.access.windows import Interval
from furka.people.models import Person
from furka.tree.acting import Acting
from furka.tree.ceilings import ceilings_at
from furka.tree.grants import GrantInterval, Relation
from furka.tree.strength import with_strength


def of_person(user: Person | AnonymousUser, at: datetime, via: str, limit: Limit | None = None) -> Acting:
    """The one who is logged in; a stranger holds nothing, and neither does somebody whose account is closed."""
    if not user.is_authenticated or not user.is_active or user.is_closing:
        return Acting(None, "", at, via, held_by, ceilings_at)
    return Acting(user.pk, str(user), at, via, held_by, ceilings_at, limit, user.is_sample)


def of_closed(user: Person, at: datetime, via: str) -> Acting:
    """Somebody whose account is closed, to take that back: known, but holding nothing."""
    return Acting(user.pk, str(user), at, via, lambda _person_id, _at: (), ceilings_at)


def held_by(person_id: int, at: datetime) -> tuple[Held, ...]:
    """What one person holds at that moment; one indexed query."""
    running = GrantInterval.objects.filter(person_id=person_id, begins_at__lte=at)
    return tuple(held_in(row) for row in _with_grant(running.filter(Q(ends_at=None) | Q(ends_at__gt=at))))


def held_from(person_id: int, at: datetime) -> tuple[Held, ...]:
    """What one person holds at that moment or will hold later."""
    rows = GrantInterval.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), person_id=person_id)
    return tuple(held_in(row) for row in _with_grant(rows))


def _with_grant(rows: QuerySet[GrantInterval]) -> Iterable[GrantInterval]:
    return with_strength(rows).select_related("grant", "node").order_by("id")


def held_in(row: GrantInterval) -> Held:
    """An interval as the policy looks at it; read `with_strength`, its grant and its node with it."""
    return Held(
        grant_id=row.grant_id,
        grant_key=row.grant.series,
        person_id=row.person_id,
        place=row.node.place,
        rights=frozenset(row.rights),
        interval=Interval(row.begins_at, row.ends_at),
        role=row.grant.role,
        depth=row.grant.depth,
        staff=row.grant.relation == Relation.STAFF,
        approved=row.grant.approved,
        narrowing=narrowing_from_json(row.narrowing),
        strong=row.strong,  # type: ignore[attr-defined]  # annotated above
    )
