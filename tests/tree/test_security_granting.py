"""Tricks with invitations: look-alikes of addresses."""

from __future__ import annotations

import pytest

from furka.errors import Refused
from furka.tree import granting, queries
from furka.tree.granting import Terms
from tests.world import World, by, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("invited", "other"),
    [
        ("anna@strasse-bau.ch", "anna@straße-bau.ch"),  # two domains that anybody can register
        ("sonja2@example.org", "\u017fonja2@example.org"),
    ],
)
def test_an_address_that_only_looks_alike_is_not_the_invited_one(
    world: World, invited: str, other: str
) -> None:
    grant = granting.invite(by(world.rita), world.ours.school, invited, Terms(role="viewer"))
    secret = queries.invitation_secret(grant.series)
    assert secret is not None

    with pytest.raises(Refused) as refused:
        granting.accept(by(person("Anna", other)), secret)

    assert refused.value.code == "someone-else"
