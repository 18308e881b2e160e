"""A gateway's new key: both count until the new one was seen at work, or its time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from furka.access.rights import CONFIGURE
from furka.dispatch import answer
from furka.dispatch.hubs import take_report
from furka.errors import Conflict
from furka.journal.models import Event
from furka.live.models import News
from furka.plan.entries import Peer
from furka.sites.keys import TRIAL, end_trials, offer_key, want_new_key
from furka.sites.models import Gateway
from furka.tree.operation import program
from furka.wire.hub import HubReport, PeerSeen
from tests.world import NOW, World, by, public_key

pytestmark = pytest.mark.django_db

BOX = program("gateway", NOW)


@pytest.fixture
def gateway(world: World) -> Gateway:
    return Gateway.objects.visible_to(by(world.rita), CONFIGURE).get(node=world.ours.school)


def peers(world: World, gateway: Gateway) -> list[tuple[str, int]]:
    """The keys that the hub takes, and how many networks lead there."""
    entries = answer.plan_since(world.hub, 0, NOW).entries
    mine = [each for each in entries if isinstance(each, Peer) and each.name == gateway.key]
    return [(each.public_key, len(each.allowed_ips)) for each in sorted(mine, key=lambda each: each.key)]


def seen(world: World, key: str, *, online: bool = True) -> None:
    """The hub reports it."""
    peer = PeerSeen(public_key=key, online=online, at=NOW, handshake_at=NOW if online else None)
    take_report(program("hub", NOW), world.hub, HubReport(applied_revision=1, peers=(peer,)))


def test_new_key_carries_nothing_before_it_was_seen_and_everything_after(
    world: World, gateway: Gateway
) -> None:
    old, fresh = gateway.public_key, public_key()
    want_new_key(by(world.rita), world.ours.school)
    assert answer.gateway_settings(gateway, NOW).key_wanted_at == NOW
    offer_key(BOX, gateway, fresh)
    offer_key(BOX, gateway, fresh)
    assert peers(world, gateway) == [(old, 2), (fresh, 0)]

    seen(world, fresh, online=False)
    assert peers(world, gateway) == [(old, 2), (fresh, 0)]
    seen(world, fresh)

    assert peers(world, gateway) == [(fresh, 2)]
    gateway.refresh_from_db()
    assert (gateway.public_key, gateway.online, gateway.key_since) == (fresh, True, NOW)
    told = answer.gateway_settings(gateway, NOW)
    assert (told.public_key, told.key_wanted_at) == (fresh, None)
    assert Event.objects.filter(action="gateway.key-renewed", node_key=world.ours.school.key).count() == 1


def test_gateway_hears_when_the_hub_takes_its_new_key(world: World, gateway: Gateway) -> None:
    def known() -> str | None:
        return answer.gateway_settings(gateway, NOW).next_key_known

    fresh = public_key()
    offer_key(BOX, gateway, fresh)
    world.hub.refresh_from_db()
    News.objects.all().delete()
    take_report(program("hub", NOW), world.hub, HubReport(applied_revision=world.hub.revision - 1))
    assert known() is None
    take_report(program("hub", NOW), world.hub, HubReport(applied_revision=world.hub.revision))
    assert known() == fresh
    assert News.objects.filter(topic=gateway.topic, what="key").exists()
    seen(world, fresh)
    assert known() is None


def test_key_that_is_not_seen_in_time_goes_and_the_old_one_stays(world: World, gateway: Gateway) -> None:
    old, fresh = gateway.public_key, public_key()
    offer_key(BOX, gateway, fresh)
    assert end_trials(program("worker", NOW + TRIAL - timedelta(seconds=1))) == 0
    assert end_trials(program("worker", NOW + TRIAL)) == 1

    assert peers(world, gateway) == [(old, 2)]
    seen(world, fresh)
    assert peers(world, gateway) == [(old, 2)]


def test_nobody_takes_the_key_of_another_end(world: World, gateway: Gateway) -> None:
    other = Gateway.objects.visible_to(by(world.nora), CONFIGURE).get(node=world.theirs.school)
    profile = world.sonja.profiles.get()
    fresh = public_key()
    offer_key(BOX, other, fresh)
    for taken in (other.public_key, profile.public_key, world.hub.public_key, fresh):
        with pytest.raises(Conflict) as refused:
            offer_key(BOX, gateway, taken)
        assert refused.value.code == "key-taken"
    assert len(peers(world, gateway)) == 1


def test_released_gateway_offers_nothing(world: World, gateway: Gateway) -> None:
    Gateway.objects.everything("a test").filter(pk=gateway.pk).update(released_at=NOW)
    offer_key(BOX, gateway, public_key())
    gateway.refresh_from_db()
    assert gateway.next_public_key == ""
