"""Letting people in and out at the same time: whatever comes first, nothing stays open that was closed."""

from __future__ import annotations

from datetime import time, timedelta
from functools import partial

import pytest

from furka.access.rights import LOOK
from furka.access.windows import WeeklyWindow
from furka.errors import Conflict, FurkaError, NotThere
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import expiry, granting, operations, queries
from furka.tree.acting import Acting
from furka.tree.granting import Terms
from furka.tree.grants import Grant, Relation
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from tests.together import none_failed, together
from tests.world import NOW, by, let_in, person

pytestmark = pytest.mark.django_db(transaction=True)

SOON = NOW + timedelta(minutes=1)
DAYS = timedelta(days=9)
ROUNDS = 8


def at_soon(someone: Person) -> Acting:
    return by(someone, SOON)


def a_site() -> tuple[Node, Node, Person]:
    """A reseller with a site, and its owner."""
    rita = person("Rita")
    reseller = operations.open_level(by(rita), Kind.RESELLER, "Muster AG")
    return reseller, operations.create_site(by(rita), reseller, "Werkhof"), rita


def grant_of(owner: Person, node: Node, key: str) -> Grant:
    found = queries.grant_of_key(at_soon(owner), node, key)
    assert found is not None
    return found


def secret_of(grant: Grant) -> str:
    secret = queries.invitation_secret(grant.series)
    assert secret is not None
    return secret


def test_access_that_is_accepted_while_its_source_is_revoked_opens_nothing() -> None:
    _, site, rita = a_site()
    until = NOW + DAYS
    for number in range(ROUNDS):
        lead, guest = person(f"Lead{number}"), person(f"Gast{number}")
        terms = Terms(rights=("people", "connect.use"), valid_until=until, depth=1)
        source = grant_of(rita, site, let_in(site, lead, terms, rita))
        secret = secret_of(
            granting.invite(by(lead), site, guest.email, Terms(role="supporter", valid_until=until))
        )

        revoked, accepted = together(
            [
                partial(granting.revoke, at_soon(rita), source),
                partial(granting.accept, at_soon(guest), secret),
            ]
        )

        assert revoked is None
        assert not isinstance(accepted, Exception) or isinstance(accepted, FurkaError)
        assert not at_soon(guest).may(LOOK, site.place)
        assert [view.email for view in queries.grants_on(at_soon(rita), site)] == []


def test_access_that_is_revoked_while_its_windows_are_expanded_stays_closed() -> None:
    _, site, rita = a_site()
    always = (WeeklyWindow(frozenset(range(7)), time(0), time(0)),)
    later = NOW + DAYS  # enough for the windows to be expanded again
    for number in range(ROUNDS):
        guest = person(f"Gast{number}")
        key = let_in(site, guest, Terms(role="supporter", windows=always), rita)
        grant = grant_of(rita, site, key)

        none_failed(
            together(
                [
                    partial(granting.revoke, by(rita, later), grant),
                    partial(expiry.look_ahead, program("worker", later)),
                ]
            )
        )

        assert not by(guest, later + timedelta(seconds=1)).may(USE_REMOTE_ACCESS, site.place)


def test_child_that_is_revoked_while_its_source_is_expanded_stays_closed() -> None:
    _, site, rita = a_site()
    always = (WeeklyWindow(frozenset(range(7)), time(0), time(0)),)
    later = NOW + DAYS
    for number in range(ROUNDS):
        lead, guest = person(f"Lead{number}"), person(f"Gast{number}")
        terms = Terms(rights=("people", "connect.use"), windows=always, depth=1)
        let_in(site, lead, terms, rita)
        offer = Terms(role="supporter", valid_until=NOW + timedelta(days=20))
        child = grant_of(rita, site, let_in(site, guest, offer, lead))

        none_failed(
            together(
                [
                    partial(granting.revoke, by(rita, later), child),
                    partial(expiry.look_ahead, program("worker", later)),
                ]
            )
        )

        assert not by(guest, later + timedelta(seconds=1)).may(USE_REMOTE_ACCESS, site.place)


def test_two_last_owners_can_not_both_leave() -> None:
    for number in range(ROUNDS):
        rita, karl = person(f"Rita{number}"), person(f"Karl{number}")
        reseller = operations.open_level(by(rita), Kind.RESELLER, "Muster AG")
        let_in(reseller, karl, Terms(role="owner", relation=Relation.STAFF, depth=None), rita)
        keys = {view.name: view.key for view in queries.grants_on(by(rita), reseller)}

        results = together(
            [
                partial(granting.leave, at_soon(rita), keys[rita.name]),
                partial(granting.leave, at_soon(karl), keys[karl.name]),
            ]
        )

        assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]


def test_invitation_is_answered_once() -> None:
    _, site, rita = a_site()
    for number in range(ROUNDS):
        guest = person(f"Gast{number}")
        secret = secret_of(granting.invite(by(rita), site, guest.email, Terms(role="supporter")))

        results = together([partial(granting.accept, at_soon(guest), secret) for _ in range(3)])

        refused = [type(result) for result in results if isinstance(result, Exception)]
        assert refused == [NotThere, NotThere]
        assert len(by(guest, SOON).held) == 1


def test_somebody_is_invited_once_to_the_same_place() -> None:
    _, site, rita = a_site()
    for number in range(ROUNDS):
        address = f"gast{number}@example.org"

        results = together(
            [partial(granting.invite, by(rita), site, address, Terms(role="supporter")) for _ in range(3)]
        )

        assert sum(isinstance(result, Conflict) for result in results) == 2
