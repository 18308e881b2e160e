"""The keys of a person's device: the pre-shared one is told once, and new ones take the place of old ones."""

from __future__ import annotations

import base64
import json

import pytest

from furka.dispatch import answer
from furka.dispatch.hubs import take_report
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict, NotThere
from furka.plan.entries import Peer
from furka.services.connect.operations import (
    configuration,
    create_profile,
    renew_profile,
    revoke_profile,
)
from furka.tree.operation import program
from furka.tunnel.models import NamesBy, Profile
from furka.vault import unseal
from furka.wire.hub import HubReport, PeerSeen
from tests.world import NOW, World, by, public_key

pytestmark = pytest.mark.django_db


def peer(world: World, profile: Profile) -> Peer | None:
    entries = answer.plan_since(world.hub, 0, NOW).entries
    return next((each for each in entries if isinstance(each, Peer) and each.name == profile.key), None)


def test_preshared_key_is_told_once_and_to_the_hub(world: World) -> None:
    made = create_profile(by(world.sonja), "Laptop 2", public_key())
    secret, row = made.preshared_key, Profile.objects.get(pk=made.profile.pk)

    assert len(base64.b64decode(secret)) == 32
    assert f"PresharedKey = {secret}" in configuration(made.profile, secret)
    assert "PresharedKey = PRESHARED_KEY" in configuration(row)
    found = peer(world, row)
    assert found is not None
    assert (found.preshared_key, found.sealed_preshared) == (secret, "")
    assert secret not in repr(found)
    assert unseal(row.sealed_preshared) == secret
    kept = [str(values) for model in (Profile, PlanEntry) for values in model.objects.values()]
    assert not any(secret in each or json.dumps(secret) in each for each in kept)


def test_new_keys_end_the_old_ones_and_keep_name_and_address(world: World) -> None:
    made = create_profile(by(world.sonja), "Laptop 2", public_key())
    fresh = public_key()

    again = renew_profile(by(world.sonja, NOW), made.profile.key, fresh)

    assert again.preshared_key != made.preshared_key
    assert (again.profile.address, again.profile.name) == (made.profile.address, "Laptop 2")
    assert again.profile.key_since == NOW
    found = peer(world, again.profile)
    assert found is not None
    assert (found.public_key, found.preshared_key) == (fresh, again.preshared_key)
    with pytest.raises(NotThere):
        renew_profile(by(world.max), made.profile.key, public_key())
    with pytest.raises(Conflict):
        renew_profile(by(world.sonja), made.profile.key, fresh)


def test_blocked_device_gets_no_new_keys_and_its_secret_is_gone(world: World) -> None:
    made = create_profile(by(world.sonja), "Laptop 2", public_key())
    revoke_profile(by(world.sonja), made.profile.key)

    with pytest.raises(Conflict) as refused:
        renew_profile(by(world.sonja), made.profile.key, public_key())
    assert refused.value.code == "profile-revoked"
    assert Profile.objects.get(pk=made.profile.pk).sealed_preshared == ""
    assert peer(world, made.profile) is None


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (NamesBy.NOBODY, ""),
        (NamesBy.APP, "DNS = 100.64.0.1, furka.internal"),
        (
            NamesBy.RESOLVED,
            "PostUp = resolvectl dns %i 100.64.0.1; resolvectl domain %i '~furka.internal'",
        ),
    ],
)
def test_names_are_asked_for_as_one_wants_it(world: World, names: str, line: str) -> None:
    text = configuration(create_profile(by(world.sonja), "Laptop 2", public_key(), names).profile)
    assert line in text
    assert ("DNS" in text, "resolvectl" in text) == (names == NamesBy.APP, names == NamesBy.RESOLVED)


def test_hub_says_from_where_a_device_comes(world: World) -> None:
    profile = Profile.objects.get(person=world.sonja)
    hub = program("hub", NOW)
    for endpoint in ("192.0.2.1:5", "192.0.2.2:5", "192.0.2.1:6", "[2001:db8::1]:7", ""):
        seen = PeerSeen(
            public_key=profile.public_key, online=True, at=NOW, handshake_at=NOW, endpoint=endpoint
        )
        take_report(hub, world.hub, HubReport(applied_revision=1, peers=(seen,)))
    profile.refresh_from_db()
    assert (profile.online, profile.endpoint, profile.handshake_at) == (True, "2001:db8::1", NOW)
    assert [each["address"] for each in profile.lately] == ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
