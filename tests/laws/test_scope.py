"""Laws of access in the database: decision and list agree, and intervals are what the grants say, past included."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Q
from hypothesis import given, settings

from furka.access.facts import Kind as PlaceKind
from furka.access.facts import Limit, Place
from furka.access.rights import CONFIGURE, JOURNAL, LOOK, PEOPLE, normalised
from furka.access.windows import windows_from_json
from furka.journal.models import Event
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.sites.models import Device, Gateway, Network
from furka.tree import expiry, holdings, queries
from furka.tree.ceilings import Ceiling
from furka.tree.grants import Grant, GrantInterval, State
from furka.tree.intervals import HORIZON, LEAST_AHEAD
from furka.tree.models import Node
from furka.tree.operation import program
from tests.kept import built_once
from tests.laws.stories import AT_MOST, LOOKED_AT, Scene, Step, Story, a_scene, stories
from tests.undoing import undone
from tests.world import NOW, by

INSTANT = timedelta(microseconds=1)
EXAMPLES = min(settings().max_examples // 5, AT_MOST)
RIGHTS = (LOOK, PEOPLE, CONFIGURE, JOURNAL, USE_REMOTE_ACCESS)


@pytest.fixture(scope="module")
def scene(database: None) -> Scene:
    return built_once(a_scene)


def moments(story: Story, most: int) -> list[datetime]:
    """The story's own moment, and edges with the moments just before them, past and future."""
    edges = story.edges()
    chosen = edges[:: max(1, len(edges) // most)]
    return sorted({story.now, *chosen, *(edge - INSTANT for edge in chosen)})


def all_nodes() -> list[Node]:
    """What is there for anybody at all: not what was deleted."""
    rows = Node.objects.everything(LOOKED_AT).filter(deleted_at=None)
    return list(rows.select_related("reseller", "customer"))


def places_of_events() -> dict[int, Place]:
    """Where each event happened; its node may be elsewhere now."""
    kinds = dict(Node.objects.everything(LOOKED_AT).values_list("pk", "kind"))
    rows = Event.objects.values_list("pk", "node_id", "reseller_id", "customer_id")
    return {
        pk: Place(PlaceKind(kinds[node]), node, reseller, customer)
        for pk, node, reseller, customer in rows
        if node in kinds
    }


@settings(max_examples=EXAMPLES)
@given(stories())
def test_law_decide_and_scope_agree(scene: Scene, steps: list[Step]) -> None:
    """For every person, node, right and moment; and the same for what belongs to nodes, and for events."""
    with undone():
        story = Story(scene).tell(steps)
        nodes = all_nodes()
        owned = [Network, Device, Gateway]
        belongs = {
            model: list(model.objects.everything(LOOKED_AT).values_list("pk", "node_id")) for model in owned
        }
        events = places_of_events()
        for someone, at in product(scene.people, moments(story, 2)):
            acts = by(someone, at)
            for right in RIGHTS if at == story.now else (LOOK, USE_REMOTE_ACCESS):
                allowed = {node.pk for node in nodes if acts.may(right, node.place)}
                listed = set(Node.objects.visible_to(acts, right).values_list("pk", flat=True))
                assert listed == allowed, (someone, right, at)
                if right is LOOK:
                    for model in owned:
                        rows = set(model.objects.visible_to(acts, right).values_list("pk", flat=True))
                        assert rows == {pk for pk, node in belongs[model] if node in allowed}
                if right is JOURNAL:
                    condition = acts.scope(right).condition("", "node_id")
                    seen = set(Event.objects.filter(condition).values_list("pk", flat=True))
                    assert seen & set(events) == {
                        pk for pk, place in events.items() if acts.may(right, place)
                    }


@settings(max_examples=EXAMPLES)
@given(stories(most=6))
def test_law_decide_and_scope_agree_for_tokens(scene: Scene, steps: list[Step]) -> None:
    with undone():
        story = Story(scene).tell(steps)
        nodes = all_nodes()
        limits = [
            *(Limit(place=node.place) for node in nodes),
            Limit(rights=frozenset({"look"})),
            Limit(rights=frozenset({"people"}), place=scene.ours.place),
            Limit(rights=frozenset()),
        ]
        for someone in (*scene.owners[:2], *scene.guests):
            whole = by(someone, story.now)
            for limit in limits:
                acts = holdings.of_person(someone, story.now, "api", limit)
                for right in (LOOK, PEOPLE):
                    allowed = {node.pk for node in nodes if acts.may(right, node.place)}
                    assert set(Node.objects.visible_to(acts, right).values_list("pk", flat=True)) == allowed
                    assert allowed <= {node.pk for node in nodes if whole.may(right, node.place)}


def in_force(grants: Iterable[Grant], at: datetime) -> dict[int, frozenset[str]]:
    """Rows of grants that let somebody in at a moment, with what they allow; looked up the slow way."""
    rows = list(grants)
    of_series: dict[str, list[Grant]] = {}
    for row in rows:
        of_series.setdefault(row.series, []).append(row)

    def rights(row: Grant, *, passed_on: bool = False) -> frozenset[str]:
        """What it allows; what it may only ask for it does not, but what a yes to that made has it."""
        if row.state != State.ACTIVE or not row.begun_at <= at or (row.ended_at and row.ended_at <= at):
            return frozenset()
        if at < row.valid_from or (row.valid_until and row.valid_until <= at) or not on_the_clock(row, at):
            return frozenset()
        if row.on_request and passed_on:
            return normalised(row.rights)
        own = frozenset({"look"}) if row.on_request else normalised(row.rights)
        if row.source_series:
            sources = of_series.get(row.source_series, [])
            return own & frozenset().union(*(rights(source, passed_on=True) for source in sources))
        return own

    return {row.pk: allowed for row in rows if (allowed := rights(row))}


def on_the_clock(row: Grant | Ceiling, at: datetime) -> bool:
    """Whether one of the windows is open on the clock on the wall."""
    windows = windows_from_json(row.windows)
    if not windows:
        return True
    wall = at.astimezone(ZoneInfo(row.time_zone))
    day, now = wall.weekday(), wall.time()
    for window in windows:
        over_midnight = window.ends <= window.begins
        if day in window.weekdays and window.begins <= now and (over_midnight or now < window.ends):
            return True
        if over_midnight and (day - 1) % 7 in window.weekdays and now < window.ends:
            return True
    return False


@settings(max_examples=EXAMPLES * 2)
@given(stories(most=14))
def test_law_intervals_are_what_the_grants_say_past_included(scene: Scene, steps: list[Step]) -> None:
    """Who could reach this site on 3 March at 14:00, and because of what: answered from either, the answer is one."""
    with undone():
        story = Story(scene).tell(steps)
        intervals_are_what_the_grants_say(story, NOW + HORIZON)  # windows are expanded for some weeks only …
        expiry.look_ahead(program("worker", story.now))
        intervals_are_what_the_grants_say(story, story.now + LEAST_AHEAD)  # … and then for some more


def intervals_are_what_the_grants_say(story: Story, until: datetime) -> None:
    grants = list(Grant.objects.everything(LOOKED_AT))
    series = {grant.pk: grant.series for grant in grants}
    for at in moments(story, 8):
        if at < until:
            running = GrantInterval.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), begins_at__lte=at)
            rows = {row.grant_id: frozenset(row.rights) for row in running.select_related("grant")}
            assert len(rows) == running.count()
            assert by_series(rows, series) == by_series(in_force(grants, at), series), at


def by_series(rows: dict[int, frozenset[str]], series: dict[int, str]) -> dict[str, frozenset[str]]:
    return {series[pk]: rights for pk, rights in rows.items()}


@settings(max_examples=EXAMPLES)
@given(stories(most=14))
def test_law_grants_are_shown_as_they_are(scene: Scene, steps: list[Step]) -> None:
    """A grant that is shown as active lets its person in, its windows aside; one that is not shown lets nobody in."""
    with undone():
        story = Story(scene).tell(steps)
        for owner in scene.owners:
            acts = by(owner, story.now)
            for node in Node.objects.visible_to(acts, PEOPLE):
                views = queries.grants_on(acts, node)
                rows = {row.series: row for row in Grant.objects.everything(LOOKED_AT).filter(ended_at=None)}
                for view in views:
                    row = rows[view.key]
                    row.windows = []
                    plain = [row, *(other for other in rows.values() if other.series == row.source_series)]
                    if not row.source_series:
                        assert bool(in_force(plain, story.now)) == (view.state == "active"), view
                shown = {view.person_id for view in views if view.state == "active"}
                here = GrantInterval.objects.filter(Q(ends_at=None) | Q(ends_at__gt=story.now), node=node)
                assert set(here.filter(begins_at__lte=story.now).values_list("person", flat=True)) <= shown
