"""Sites leave links in the same transaction in which they can no longer be in them, and both sides are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

import pytest
from django.core import mail

from furka.access.windows import WeeklyWindow
from furka.journal.models import Event
from furka.links import operations
from furka.links.models import LinkMember, Mode
from furka.links.seen import take_counted, take_legs
from furka.services.sitelink import queries
from furka.sites import operations as sites
from furka.sites.models import Gateway
from furka.tree import ceilings, lifecycle, moving
from furka.tree.ceilings import CeilingTerms
from furka.tree.models import Node
from furka.tree.operation import program
from furka.wire.gateway import LegSeen
from furka.wire.hub import LinkSeen
from tests.links.stand import a_link, a_plant, joined, network_of, plan_of_links, settings_of, sites_joined
from tests.world import NOW, World, by

SOME = ("look", "configure")


@pytest.mark.parametrize(
    "terms",
    [
        CeilingTerms(rights=SOME),
        CeilingTerms(approval=("sitelink.manage",)),
        CeilingTerms(windows=(WeeklyWindow(frozenset({0, 1, 2, 3, 4}), time(7), time(17)),)),
    ],
)
@pytest.mark.parametrize("level", ["school", "customer"])
def test_ceiling_takes_the_site_out_at_once(world: World, terms: CeilingTerms, level: str) -> None:
    ours = world.ours
    link = a_link(world)
    joined(world, link, ours.school, ours.depot)
    before = {each.key: each for each in plan_of_links(world)}
    mail.outbox.clear()

    ceilings.set_ceiling(by(world.karl), getattr(ours, level), terms)

    after = {each.key: each for each in plan_of_links(world)}
    assert sites_joined(world) == {ours.depot.key}
    assert after.items() <= before.items()  # nothing is said anew of those who stay
    assert settings_of(ours.school).link_peers == settings_of(ours.depot).link_peers == ()
    assert [each.to for each in mail.outbox] == [[world.rita.email]]  # not whoever did it
    [event] = Event.objects.filter(action="link.left")
    assert (event.node_key, event.after) == (ours.school.key, {"why": "ceiling"})
    ceilings.lift_ceiling(by(world.karl), getattr(ours, level))
    assert sites_joined(world) == {ours.depot.key}  # coming back is by hand
    joined(world, link, ours.school)
    assert sites_joined(world) == {ours.school.key, ours.depot.key}


def test_ceiling_that_is_about_people_takes_no_site_out(world: World) -> None:
    ours = world.ours
    joined(world, a_link(world), ours.school)

    ceilings.set_ceiling(by(world.karl), ours.school, CeilingTerms(approval=("connect.use",)))

    assert sites_joined(world) == {ours.school.key}


def test_site_that_moves_leaves_the_link_of_its_old_level(world: World) -> None:
    ours = world.ours
    theirs_ = joined(world, a_link(world, level=ours.customer, name="Gemeinde"), ours.school)
    above = joined(world, a_link(world), ours.school)
    mail.outbox.clear()

    moving.move(by(world.rita), ours.school, ours.reseller)

    left = LinkMember.objects.everything("a test").values_list("key", flat=True)
    assert list(left) == [above[0].key]
    assert theirs_[0].key not in left
    lost = Event.objects.get(action="link.lost")
    assert (lost.node_key, lost.before["site"]) == (ours.customer.key, ours.school.name)
    assert Event.objects.get(action="link.left").node_key == ours.school.key
    assert [world.karl.email] in [each.to for each in mail.outbox]


@pytest.mark.parametrize(
    ("away", "back"),
    [
        (lifecycle.archive, lifecycle.reopen),
        (
            lambda who, node: lifecycle.delete(who, node, node.name),
            lambda who, node: lifecycle.restore(who, node.key),
        ),
    ],
)
def test_site_that_is_put_away_leaves_and_does_not_come_back_by_itself(
    world: World, away: Callable[..., None], back: Callable[..., None]
) -> None:
    ours = world.ours
    joined(world, a_link(world), ours.school, ours.depot)

    away(by(world.rita), ours.school)

    assert sites_joined(world) == {ours.depot.key}
    back(by(world.rita), ours.school)
    assert sites_joined(world) == {ours.depot.key}


def test_link_sleeps_with_its_level_and_wakes_with_it(world: World) -> None:
    ours = world.ours
    joined(world, a_link(world, level=ours.customer), ours.school)
    before = plan_of_links(world)

    lifecycle.archive(by(world.rita), ours.customer)

    assert plan_of_links(world) == []
    lifecycle.reopen(by(world.rita), ours.customer)
    assert plan_of_links(world) == before


def test_site_whose_network_is_removed_leaves_instead_of_taking_part_with_others(world: World) -> None:
    ours, rita = world.ours, by(world.rita)
    link = a_link(world)
    operations.add_member(rita, link, ours.school, network_of(world, ours.school))
    sites.add_network(rita, ours.school, "192.168.7.0/24")

    sites.remove_network(rita, network_of(world, ours.school))

    assert plan_of_links(world) == []
    assert Event.objects.get(action="link.left").after == {"why": "network"}


def test_people_of_a_site_see_its_links_and_take_it_out_themselves(world: World) -> None:
    ours, karl = world.ours, by(world.karl)
    joined(world, a_link(world), ours.school, ours.depot)
    [found] = queries.memberships_of(karl, ours.school)
    assert (found.link.name, found.others) == ("Technik", 1)
    mail.outbox.clear()

    operations.leave(karl, found.member)

    assert sites_joined(world) == {ours.depot.key}
    assert [each.to for each in mail.outbox] == [[world.rita.email]]
    assert queries.memberships_of(by(world.karl), ours.school) == []


def test_what_hub_and_gateway_tell_is_believed_about_their_own(world: World) -> None:
    ours = world.ours
    link = a_link(world, Mode.BRIDGED)
    other: Node = a_plant(world, "Bad", "192.168.1.20")
    first, second = joined(world, link, ours.school, other)
    told = {"link": link.key, "at": NOW, "sent_bytes": 5, "got_bytes": 7, "macs": 3}

    take_counted(program("hub", NOW), world.hub, [LinkSeen(member=first.key, **told)])  # type: ignore[arg-type]
    wrong = {**told, "link": "000000000000", "member": second.key}
    take_counted(program("hub", NOW), world.hub, [LinkSeen.model_validate(wrong)])
    gateway = Gateway.objects.everything("a test").get(node=other)
    legs = [
        LegSeen(segment=first.segment, joined=True),
        LegSeen(segment=second.segment, joined=False, trouble="x"),
    ]
    take_legs(program("gateway", NOW), gateway, legs)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.sent_bytes, first.got_bytes, first.macs, first.leg_joined) == (5, 7, 3, None)
    assert (second.sent_bytes, second.leg_joined, second.leg_trouble) == (0, False, "x")
