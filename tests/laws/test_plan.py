"""Laws of the plan: what is stored for the hubs is exactly what the policy says, after any story."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from furka.access.windows import Interval, cut_after, merged, subtract
from furka.catalogue.models import ServiceChoice
from furka.dispatch import answer
from furka.dispatch.models import PlanEntry
from furka.dispatch.settle import bring_up_to_date
from furka.dispatch.units import all_units, compile_units
from furka.journal.chain import verify
from furka.journal.models import Chain
from furka.live.models import News
from furka.plan.entries import Door, Entry, Knock, Names, Peer, Prefix
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites.models import Gateway, Network
from furka.tree.operation import Work, own_operation, program
from furka.tree.queries import lease_of
from furka.tunnel.models import Profile
from tests.kept import built_once
from tests.laws.stories import AT_MOST, LOCAL, LOOKED_AT, OFTEN, STEPS, Scene, Step, Story, a_scene, stories
from tests.undoing import undone
from tests.world import by

#: What doors hang on.
COMES_AND_GOES = ("drop device", "release", "claim", "service")

INSTANT = timedelta(microseconds=1)
EXAMPLES = min(settings().max_examples // 5, AT_MOST)


@pytest.fixture(scope="module")
def scene(database: None) -> Scene:
    return built_once(a_scene)


def plan_of(story: Story) -> tuple[Entry, ...]:
    return answer.plan_since(story.scene.hub, 0, story.now).entries


def asked(story: Story) -> list[datetime]:
    """Moments from now on at which something changes, and just before them."""
    edges = [edge for edge in story.edges() if edge > story.now][:8]
    return [story.now, *edges, *(edge - INSTANT for edge in edges), story.now + timedelta(days=20)]


def enabled_at(story: Story) -> dict[int, bool]:
    choices = ServiceChoice.objects.everything(LOOKED_AT).filter(service="connect")
    return {choice.node_id: choice.settings["enabled"] for choice in choices}


@settings(max_examples=EXAMPLES * 4)
@given(stories((*STEPS, *OFTEN, *COMES_AND_GOES), most=8))
def test_law_plan_agrees_with_policy(scene: Scene, steps: list[Step]) -> None:
    with undone():
        story = Story(scene).tell(steps)
        doors: dict[tuple[str, str], list[Door]] = defaultdict(list)
        for entry in plan_of(story):
            if isinstance(entry, Door):
                doors[entry.profile, entry.site_name].append(entry)
        gateways = Gateway.objects.everything(LOOKED_AT).filter(released_at=None, node__deleted_at=None)
        served = set(gateways.values_list("node_id", flat=True))
        enabled = enabled_at(story)
        moments = asked(story)
        devices = list(Profile.objects.filter(revoked_at=None).select_related("person"))
        acting = {(device.person_id, at): by(device.person, at) for device in devices for at in moments}
        for device in devices:
            for site in story.sites():
                reachable = site.pk in served and enabled.get(site.pk, True)
                of_both = doors.pop((device.key, site.key), [])
                for at in moments:
                    allowed = reachable and acting[device.person_id, at].may(USE_REMOTE_ACCESS, site.place)
                    assert [allowed] == [any(door.open_at(at) for door in of_both)], (device.person, site, at)
                lease = lease_of(site)
                for door in of_both:
                    assert (door.address, door.site) == (device.address, site.pk)
                    assert door.lease_seconds == (lease * 60 if lease else None)
        left = [
            door for those in doors.values() for door in those
        ]  # of devices and sites that are no longer there
        assert [door for door in left if any(door.open_at(at) for at in moments)] == []


@settings(max_examples=EXAMPLES)
@given(stories())
def test_law_ends_of_tunnels_follow_from_the_rows(scene: Scene, steps: list[Step]) -> None:
    with undone():
        story = Story(scene).tell(steps)
        gateways = list(Gateway.objects.everything(LOOKED_AT).filter(released_at=None, node__deleted_at=None))
        networks: dict[int, list[IPv4Network]] = defaultdict(list)
        for row in Network.objects.everything(LOOKED_AT):
            networks[row.node_id].append(row.virtual)
        expected: list[Entry] = [
            answer.told(
                Peer(
                    name=row.key,
                    end="profile",  # type: ignore[arg-type]
                    public_key=row.public_key,
                    address=row.address,
                    sealed_preshared=row.sealed_preshared,
                )
            )
            for row in Profile.objects.filter(revoked_at=None)
        ]
        for gateway in gateways:
            virtual = tuple(sorted(networks[gateway.node_id]))
            expected.append(
                Peer(
                    name=gateway.key,
                    end="gateway",  # type: ignore[arg-type]
                    public_key=gateway.public_key,
                    address=gateway.address,
                    prefixes=virtual,
                )
            )
            expected += [Prefix(network=network, site=gateway.node_id) for network in virtual]

        ends = [entry for entry in plan_of(story) if not isinstance(entry, Door | Knock | Names)]

        assert sorted(ends, key=lambda end: end.key) == sorted(expected, key=lambda end: end.key)


def meaning(entries: Iterable[Entry], now: datetime) -> object:
    """What a plan means from now on: what is over, and doors that touch each other, make no difference."""
    doors: dict[tuple[object, ...], list[Interval]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, Door):
            who = (entry.profile, entry.site_name, entry.address, entry.site, entry.lease_seconds)
            doors[who].append(Interval(entry.not_before, entry.not_after))
    future = {
        who: subtract(merged(times), cut_after([Interval(BEGINNING)], now)) for who, times in doors.items()
    }
    return (
        {who: times for who, times in future.items() if times},
        {
            entry.key: answer.told(entry)
            for entry in entries
            if not isinstance(entry, Door) and not (isinstance(entry, Knock) and entry.not_after <= now)
        },
    )


BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


@own_operation("a test compiles everything anew")
def anew(work: Work) -> int:
    return len(bring_up_to_date(all_units(work.at), work.at))


@settings(max_examples=EXAMPLES)
@given(stories(), st.randoms(use_true_random=False))
def test_law_units_add_up_in_any_order_and_nothing_was_missed(
    scene: Scene, steps: list[Step], chance: random.Random
) -> None:
    with undone():
        story = Story(scene).tell(steps)
        before = plan_of(story)
        units = list(all_units(story.now))
        chance.shuffle(units)
        alone = [
            entry for unit in units for each in compile_units([unit], story.now) for _, entry in each.entries
        ]
        together = [entry for each in compile_units(units, story.now) for _, entry in each.entries]
        assert sorted(alone, key=lambda entry: entry.key) == sorted(together, key=lambda entry: entry.key)
        assert meaning(before, story.now) == meaning(together, story.now)

        anew(program("test", story.now))
        assert sorted(plan_of(story), key=lambda entry: entry.key) == sorted(
            map(answer.told, together), key=lambda entry: entry.key
        )
        assert anew(program("test", story.now)) == 0


@settings(max_examples=EXAMPLES)
@given(stories(), st.lists(st.integers(0, 10), max_size=4))
def test_law_differences_add_up_for_every_hub(scene: Scene, steps: list[Step], pulls: list[int]) -> None:
    """One hub asks after every step, one now and then, one only at the end."""
    with undone():
        story = Story(scene)
        eager, lazy = Pulling(story), Pulling(story)
        for number, step in enumerate(steps):
            story.step(step)
            eager.pull()
            if number in pulls:
                lazy.pull()
        lazy.pull()
        late = Pulling(story)

        assert eager.entries == lazy.entries == late.entries
        assert eager.revision == lazy.revision == late.revision
        assert eager.pull() == 0


class Pulling:
    """A hub that keeps what it was told."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.revision = 0
        self.entries: dict[str, Entry] = {}
        self.pull()

    def pull(self) -> int:
        told = answer.plan_since(self.story.scene.hub, self.revision, self.story.now)
        assert told.complete == (self.revision == 0)
        assert set(told.gone).isdisjoint(entry.key for entry in told.entries)
        self.entries = {key: entry for key, entry in self.entries.items() if key not in told.gone}
        self.entries.update({entry.key: entry for entry in told.entries})
        self.revision = told.revision
        return len(told.entries) + len(told.gone)


@settings(max_examples=EXAMPLES)
@given(stories(most=5), stories((*LOCAL, "let in", "let in"), most=8))
def test_law_neighbours_change_nothing_of_ours(scene: Scene, before: list[Step], theirs: list[Step]) -> None:
    with undone():
        story = Story(scene).tell(before)
        ours = [node.pk for node in Story(scene, only_below=scene.ours).sites()]
        rows = PlanEntry.objects.filter(site_id__in=ours).order_by("key")
        rows_before = list(rows.values_list("key", "revision", "gone", "body"))

        Story(scene, now=story.now, only_below=scene.theirs).tell(theirs)

        assert list(rows.values_list("key", "revision", "gone", "body")) == rows_before


@settings(max_examples=EXAMPLES)
@given(stories())
def test_law_every_story_leaves_whole_chains_and_news_in_order(scene: Scene, steps: list[Step]) -> None:
    with undone():
        Story(scene).tell(steps)

        assert [fault for chain in Chain.objects.all() for fault in verify(chain)] == []
        ids = list(News.objects.order_by("id").values_list("id", flat=True))
        assert ids == list(range(1, len(ids) + 1))


def test_every_word_of_the_stories_comes_true_sometimes(scene: Scene) -> None:
    """Else the laws would be about nothing."""
    chance = random.Random(7)
    told: set[str] = set()
    words = [*STEPS, *OFTEN]
    for _ in range(20):
        steps = [Step(chance.choice(words), *(chance.randrange(8) for _ in range(4))) for _ in range(25)]
        with undone():
            told |= set(Story(scene).tell(steps).told)

    assert told == set(STEPS)
