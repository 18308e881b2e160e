"""At the same moment: two administrators at one access, two people at one link, two workers at one end."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.core import mail

from furka.access.rights import LOOK
from furka.errors import Conflict, FurkaError
from furka.people.models import Person
from furka.tree import changing, extending, granting, operations, queries
from furka.tree.changing import Longer
from furka.tree.extensions import EndWarning, ExtensionRequest
from furka.tree.granting import Relation, Terms
from furka.tree.grants import Grant
from furka.tree.models import Kind, Node
from furka.tree.operation import program
from furka.tree.site_users import make_link
from tests.together import none_failed, together
from tests.world import NOW, by, let_in, person

pytestmark = pytest.mark.django_db(transaction=True)

UNTIL = NOW + timedelta(days=2)
HOUR = Longer(span=timedelta(hours=1))
ROUNDS = 6


def a_site() -> tuple[Node, Person]:
    """A site under a reseller, and its owner."""
    rita = person("Rita")
    reseller = operations.open_level(by(rita), Kind.RESELLER, "Muster AG")
    return operations.create_site(by(rita), reseller, "Werkhof"), rita


def a_guest(site: Node, rita: Person, number: int) -> tuple[Person, Grant]:
    guest = person(f"Gast{number}")
    key = let_in(site, guest, Terms(role="viewer", valid_until=UNTIL), rita)
    grant = queries.grant_of_key(by(rita), site, key)
    assert grant is not None
    return guest, grant


def test_access_that_is_changed_while_it_is_revoked_is_closed() -> None:
    site, rita = a_site()
    for number in range(ROUNDS):
        guest, grant = a_guest(site, rita, number)
        revoked, changed = together(
            [
                partial(granting.revoke, by(rita), grant),
                partial(changing.extend, by(rita), grant, HOUR),
            ]
        )
        assert revoked is None
        assert not isinstance(changed, Exception) or isinstance(changed, FurkaError)
        assert not by(guest).may(LOOK, site.place)
        assert Grant.objects.everything("looked at").filter(series=grant.series, ended_at=None).count() == 0


def test_of_two_changes_of_the_same_version_one_holds() -> None:
    site, rita = a_site()
    for number in range(ROUNDS):
        _guest, grant = a_guest(site, rita, number)
        results = together([partial(changing.extend, by(rita), grant, HOUR, grant.pk)] * 2)
        refused = [result for result in results if isinstance(result, Conflict)]
        assert [each.code for each in refused] == ["changed-meanwhile"]
        rows = Grant.objects.everything("looked at").filter(series=grant.series)
        assert rows.get(ended_at=None).valid_until == UNTIL + timedelta(hours=1)


def test_link_that_two_open_at_once_lets_in_one() -> None:
    site, rita = a_site()
    for number in range(ROUNDS):
        grant = make_link(by(rita), site, Terms(role="site-user", relation=Relation.SITE_USER), UNTIL)
        secret = queries.invitation_secret(grant.series)
        assert secret is not None
        two = [person(f"Erste{number}"), person(f"Zweite{number}")]
        results = together([partial(granting.accept, by(each), secret) for each in two])
        assert sum(isinstance(result, FurkaError) for result in results) == 1
        assert sum(by(each).may(LOOK, site.place) for each in two) == 1


def test_two_workers_warn_once() -> None:
    site, rita = a_site()
    a_guest(site, rita, 0)
    mail.outbox.clear()
    worker = program("worker", UNTIL - timedelta(minutes=30))
    none_failed(together([partial(extending.warn_before_end, worker)] * 2))
    assert (EndWarning.objects.count(), len(mail.outbox)) == (1, 2)


def test_one_asks_twice_at_once_and_has_asked_once() -> None:
    site, rita = a_site()
    guest, grant = a_guest(site, rita, 0)
    asks = partial(extending.ask_extension, by(guest), grant.series, None, "Grund")
    results = together([asks, asks])
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert ExtensionRequest.objects.everything("looked at").count() == 1
