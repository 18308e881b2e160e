"""Where a level asks for a second factor, whoever has none is told what to do, and not whom to ask."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from furka.access.policy import Reason
from furka.clock import FakeClock
from furka.portal.refusals import SECOND_FACTOR_MISSING
from furka.tree.ceilings import CeilingTerms, set_ceiling
from tests.world import World, by


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def test_page_says_how_to_set_one_up_and_then_all_works(world: World, client: Client) -> None:
    TOTP.activate(world.karl, generate_totp_secret())
    set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(two_factor=True))
    client.force_login(world.rita)
    address = f"/levels/{world.ours.school.key}/people/"
    assert client.get(f"/levels/{world.ours.school.key}/").status_code == 200
    answer = client.get(address)
    text = answer.content.decode()
    assert answer.status_code == 403
    assert world.ours.school.name in text
    assert "/account/factors/webauthn/add/" in text
    assert "/account/factors/totp/activate/" in text
    TOTP.activate(world.rita, generate_totp_secret())
    assert client.get(address).status_code == 200


def test_page_knows_the_reason_by_the_name_that_the_policy_gives_it() -> None:
    assert SECOND_FACTOR_MISSING == Reason.TWO_FACTOR
