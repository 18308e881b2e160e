"""Whom a provider may say something about, and who has to come by it."""

from __future__ import annotations

from django.db.models import QuerySet

from furka.identity.models import IdentityProvider
from furka.people.models import Person
from furka.tree.reach import invited_at_or_below, is_let_in_at_or_below, staff_of

_REASON = "a login asks before anybody is known"


def provider_of_key(key: str) -> IdentityProvider | None:
    """A provider that is switched on, by its public key."""
    return _enabled().filter(key=key).first()


def provider_of_level(level_key: str) -> IdentityProvider | None:
    """The provider of a level, for its login page."""
    return _enabled().filter(node__key=level_key).first()


def providers_for(email: str) -> list[IdentityProvider]:
    """The providers that take addresses of this domain. Says nothing about whether anybody has the address."""
    domain = email.rpartition("@")[2].lower()
    return [row for row in _enabled().order_by("name", "pk") if domain and domain in row.domains]


def may_reach(row: IdentityProvider, email: str, person: Person | None) -> bool:
    """Whether the provider's word counts for this address: its domain is listed, and its person was let in at the level
    or below, or is invited there."""
    if not row.takes(email) or (person is not None and (person.is_sample or not person.is_active)):
        return False
    let_in = person is not None and is_let_in_at_or_below(person, row.node)
    return let_in or invited_at_or_below(email, row.node)


def must_come_by(person: Person) -> IdentityProvider | None:
    """The provider that is the only way for this person: they are staff of its level, and do not own it."""
    rows = [row for row in _enabled().filter(only_way=True) if row.takes(person.email)]
    nodes = staff_of(person, [row.node for row in rows]) if rows else set()
    return next((row for row in rows if row.node_id in nodes), None)


def _enabled() -> QuerySet[IdentityProvider]:
    return (
        IdentityProvider.objects.everything(_REASON)
        .filter(enabled=True, node__deleted_at=None)
        .select_related("node")
    )
