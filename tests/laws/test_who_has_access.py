"""Law of the question "who has access?": over whole stories, and for every moment in them, what is answered is what the
slow model says: grants looked at one by one, the clock on the wall, and parents walked up as they stood then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from hypothesis import given, settings

from furka.access.rights import PEOPLE, RIGHTS
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import expiry
from furka.tree.accesses import reach_of, who_may
from furka.tree.ceilings import Ceiling
from furka.tree.grants import Grant
from furka.tree.intervals import HORIZON
from furka.tree.models import Node, NodePlacement
from furka.tree.operation import program
from tests.kept import built_once
from tests.laws.stories import AT_MOST, LOOKED_AT, Scene, Step, Story, a_scene, stories
from tests.laws.test_scope import all_nodes, in_force, moments, on_the_clock
from tests.undoing import undone
from tests.world import NOW, by

EXAMPLES = min(settings().max_examples // 10, AT_MOST)
Told = set[tuple[int, str]]


@dataclass(frozen=True)
class Known:
    """What was so from a moment on: seen then, not asked for afterwards."""

    archived: frozenset[int]
    deleted: frozenset[int]
    strong: frozenset[int]  # persons with a second factor

    @classmethod
    def now(cls) -> Known:
        rows = Node.objects.everything(LOOKED_AT).values_list("pk", "archived_at", "deleted_at")
        nodes = list(rows)
        return cls(
            archived=frozenset(pk for pk, archived, _ in nodes if archived),
            deleted=frozenset(pk for pk, _, deleted in nodes if deleted),
            strong=frozenset(Authenticator.objects.values_list("user_id", flat=True)),
        )


def lived(scene: Scene, steps: list[Step]) -> tuple[Story, Callable[[datetime], Known]]:
    """A story, and what was known at each moment of it."""
    story = Story(scene)
    seen = [(datetime.min.replace(tzinfo=UTC), Known.now())]
    for step in steps:
        story.step(step)
        seen.append((story.now, Known.now()))
    return story, lambda at: [known for moment, known in seen if moment <= at][-1]


#: What still counts on a level that is out of service.
WHEN_ARCHIVED = ("look", "journal", "structure", "people")


@pytest.fixture(scope="module")
def scene(database: None) -> Scene:
    return built_once(a_scene)


class Slow:
    """Everything that is there, read once and looked through row by row."""

    def __init__(self) -> None:
        self.grants = list(Grant.objects.everything(LOOKED_AT).select_related("person"))
        self.ceilings = list(Ceiling.objects.everything(LOOKED_AT))
        self.kinds = dict(Node.objects.everything(LOOKED_AT).values_list("pk", "kind"))
        self._placements = list(NodePlacement.objects.everything(LOOKED_AT))
        self._parents: dict[datetime, dict[int, int]] = {}

    def line(self, node: int, at: datetime) -> set[int]:
        """The node and what stood above it, parent by parent; nothing before it began."""
        if at not in self._parents:
            self._parents[at] = {
                row.node_id: row.parent_id
                for row in self._placements
                if was_so(row.begun_at, row.ended_at, at)
            }
        found, step, parents = set[int](), node, self._parents[at]
        while step in parents:
            found.add(step)
            step = parents[step]
        return found | {step} if found else found

    def told(self, node: Node, at: datetime, known: Known, allowing: dict[int, frozenset[str]]) -> Told:
        """Person and right, one grant after the other."""
        if node.pk in known.deleted:
            return set()
        above = self.line(node.pk, at)
        return {
            (grant.person_id or 0, right)
            for grant in self.grants
            for right in allowing.get(grant.pk, ())
            if grant.node_id in above
            and self.owners_leave(grant, right, above, at, known)
            and (right in WHEN_ARCHIVED or node.pk not in known.archived)
        }

    def owners_leave(self, grant: Grant, right: str, above: set[int], at: datetime, known: Known) -> bool:
        """Whether no owner on the way up says no to that."""
        lying = [each for each in self.ceilings if each.node_id in above]
        for ceiling in [] if right == "look" else lying:
            if not was_so(ceiling.begun_at, ceiling.ended_at, at):
                continue
            if ceiling.two_factor and grant.person_id not in known.strong:
                return False
            if grant.relation == "staff" and self.owner(ceiling.node_id, at) in self.line(grant.node_id, at):
                continue
            if ceiling.rights is not None and right not in ceiling.rights:
                return False
            if right in ceiling.approval and not grant.approved:
                return False
            if not on_the_clock(ceiling, at):
                return False
        return True

    def owner(self, node: int, at: datetime) -> int | None:
        """The customer on the way up, or else the reseller."""
        way = {self.kinds[step]: step for step in self.line(node, at)}
        return way.get("customer", way.get("reseller"))


def was_so(begun_at: datetime, ended_at: datetime | None, at: datetime) -> bool:
    return begun_at <= at and (ended_at is None or at < ended_at)


@settings(max_examples=EXAMPLES)
@given(stories(most=14))
def test_law_who_has_access_is_what_the_slow_model_says(scene: Scene, steps: list[Step]) -> None:
    with undone():
        story, known_at = lived(scene, steps)
        expiry.look_ahead(program("worker", story.now))
        slow = Slow()
        known = {grant.person.key: grant.person.pk for grant in slow.grants if grant.person}
        past = [at for at in moments(story, 6) if at <= min(story.now, NOW + HORIZON)]
        allowing = {at: in_force(slow.grants, at) for at in past}
        for node in all_nodes():
            owners = [by(owner, story.now) for owner in scene.owners]
            asking = next((owner for owner in owners if owner.may(PEOPLE, node.place)), None)
            if asking is None:
                continue
            for at in past:
                told: dict[int, set[str]] = defaultdict(set)
                for each in who_may(asking, node, at):
                    told[known[each.person_key]] |= set(each.rights)
                expected = slow.told(node, at, known_at(at), allowing[at])
                answered = {(person, right) for person, rights in told.items() for right in rights}
                assert answered == expected, (node, at)
                remote = {known[each.person_key] for each in who_may(asking, node, at, USE_REMOTE_ACCESS)}
                assert remote == {person for person, right in expected if right == USE_REMOTE_ACCESS.key}
                if at == story.now:
                    acting = {person.pk: by(person, at) for person in scene.people}
                    decided = {
                        (pk, right.key)
                        for pk, acts in acting.items()
                        for right in RIGHTS.all()
                        if acts.may(right, node.place)
                    }
                    assert decided == {(pk, right) for pk, right in expected if pk in acting}


@settings(max_examples=EXAMPLES)
@given(stories(most=10))
def test_law_what_a_person_reaches_is_what_the_levels_say(scene: Scene, steps: list[Step]) -> None:
    """Asked at the top about each person, and asked at each level about everybody: one truth."""
    with undone():
        story = Story(scene).tell(steps)
        asking = by(scene.owners[0], story.now)
        nodes = [node for node in all_nodes() if asking.may(PEOPLE, node.place)]
        tops = [node for node in nodes if node.parent_id not in {other.pk for other in nodes}]
        for at in moments(story, 3):
            if at > story.now:
                continue
            by_level = {
                (each.person_key, each.grant_key, right)
                for node in nodes
                for each in who_may(asking, node, at)
                if each.level.pk == node.pk
                for right in each.rights
            }
            by_person = {
                (each.person_key, each.grant_key, right)
                for top in tops
                for person in scene.people
                for each in reach_of(asking, top, person, at)
                # What stood then and is deleted now is known to the person's record alone: it can't be asked any more.
                if not each.is_inherited and each.level.pk in {node.pk for node in nodes}
                for right in each.rights
            }
            assert by_person == by_level, at
