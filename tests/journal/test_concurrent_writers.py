"""Many write at the same time: numbers become visible in order, without gap, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from furka.dispatch import answer, hubs, upkeep
from furka.dispatch.settle import bring_up_to_date
from furka.dispatch.units import all_units
from furka.journal.chain import verify
from furka.journal.models import Chain, Event
from furka.live.models import News
from furka.plan.entries import Entry
from furka.services.connect import operations as connect
from furka.sites import operations as sites
from furka.sites.models import Gateway
from furka.tree import operations
from furka.tree.granting import Terms, leave
from furka.tree.operation import Work, own_operation, program
from furka.tunnel.models import Hub
from furka.wire.hub import AccessSeen, HubReport, PeerSeen
from tests.together import LONGEST, none_failed, together
from tests.world import NOW, Tree, World, a_gateway, a_profile, a_world, by, let_in, person

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5


def builder(tree: Tree, number: int) -> None:
    """Sites, names, networks and devices."""
    for step in range(ROUNDS):
        site = operations.create_site(by(tree.owner), tree.customer, f"Standort {number}.{step}")
        operations.rename(by(tree.owner), site, f"Umbenannt {number}.{step}")
        sites.add_network(by(tree.owner), site, f"192.168.{step}.0/24")
        operations.set_lease(by(tree.owner), tree.reseller, 60 + step)


def installer(tree: Tree, number: int) -> None:
    """Gateways that come and go."""
    for _ in range(ROUNDS):
        sites.release_gateway(by(tree.owner), tree.depot)
        a_gateway(tree.depot, tree.owner, NOW)


def visitor(tree: Tree, number: int) -> None:
    """Somebody who is let in with a new device, and goes again."""
    guest = person(f"Gast{number}")
    for step in range(ROUNDS):
        key = let_in(tree.reseller, guest, Terms(role="supporter"), tree.owner)
        profile = a_profile(guest, f"Laptop {step}", NOW)
        if step % 2:
            leave(by(guest), key)
        connect.revoke_profile(by(guest), profile.key)


def reporter(world: World) -> None:
    """The hub, which sees gateways and devices come and go."""
    device = world.sonja.profiles.get()
    for step in range(2 * ROUNDS):
        gateways = Gateway.objects.everything("a hub knows them all").filter(released_at=None)
        seen = [device.public_key, *gateways.values_list("public_key", flat=True)]
        peers = tuple(PeerSeen(public_key=key, online=bool(step % 2), at=NOW) for key in seen)
        access = AccessSeen(
            token=f"zugriff-{step}", profile=device.key, site_name=world.ours.school.key, began_at=NOW
        )
        report = HubReport(applied_revision=step, peers=peers, accesses=(access,))
        hubs.take_report(program("hub", NOW), world.hub, report)
        hubs.heard_of(world.hub, NOW + timedelta(minutes=step))


class Reader:
    """Asks again and again for what is new, and keeps what it got."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.revision = 0
        self.plan: dict[str, Entry] = {}
        self.news: list[int] = []
        self.events: dict[int, list[int]] = {}

    def read(self) -> None:
        told = answer.plan_since(self.hub, self.revision, NOW)
        assert told.revision >= self.revision
        assert not told.complete or self.revision == 0
        self.plan = {key: entry for key, entry in self.plan.items() if key not in told.gone}
        self.plan.update({entry.key: entry for entry in told.entries})
        self.revision = told.revision
        last = self.news[-1] if self.news else 0
        self.news += News.objects.filter(id__gt=last).order_by("id").values_list("id", flat=True)
        for chain in Chain.objects.order_by("pk"):
            numbers = self.events.setdefault(chain.pk, [])
            new = Event.objects.filter(chain=chain, number__gt=len(numbers)).order_by("number")
            numbers += new.values_list("number", flat=True)

    def keep_reading(self, until: threading.Event) -> None:
        while not until.is_set():
            self.read()
        self.read()


@own_operation("a test compiles everything anew")
def anew(work: Work) -> int:
    return len(bring_up_to_date(all_units(work.at), work.at))


def jobs(world: World) -> list[Callable[[], None]]:
    """Eight writers over two chains; the operator's chain belongs to all."""
    return [
        partial(builder, world.ours, 1),
        partial(builder, world.theirs, 2),
        partial(installer, world.ours, 3),
        partial(installer, world.theirs, 4),
        partial(visitor, world.ours, 5),
        partial(visitor, world.theirs, 6),
        partial(visitor, world.ours, 7),
        partial(reporter, world),
    ]


def test_numbers_become_visible_in_order_and_nobody_waits_for_ever() -> None:
    world = a_world()
    upkeep.forget_ended(program("test", NOW))
    reader, done = Reader(world.hub), threading.Event()

    def read() -> None:
        try:
            reader.keep_reading(done)
        finally:
            connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        results = together(jobs(world))
    finally:
        done.set()
        thread.join(LONGEST)
    none_failed(results)

    assert reader.news == list(range(1, len(reader.news) + 1))
    for chain in Chain.objects.all():
        assert reader.events[chain.pk] == list(range(1, chain.length + 1))
        assert list(verify(chain)) == []
    complete = answer.plan_since(world.hub, 0, NOW)
    assert reader.revision == complete.revision
    assert reader.plan == {entry.key: entry for entry in complete.entries}
    assert anew(program("test", NOW)) == 0
