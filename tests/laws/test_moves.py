"""Laws of the tree: whatever moves, goes and comes back, every row says where it stands, and the past stays known."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from furka.access.rights import LOOK
from furka.errors import FurkaError
from furka.journal.chain import verify
from furka.journal.models import Chain
from furka.tree import lifecycle
from furka.tree.models import Kind, Node
from furka.tree.placements import placement_at, placements_of
from tests.kept import built_once
from tests.laws.stories import AT_MOST, LOOKED_AT, MINUTE, Scene, Step, Story, a_scene, one_of, stories
from tests.undoing import undone
from tests.world import by

EXAMPLES = min(settings().max_examples // 4, AT_MOST)

#: What happens to the tree; each of these often enough to meet the others.
OF_THE_TREE = (
    "new customer",
    "new site",
    "rename",
    "move",
    "move",
    "move",
    "join or leave",
    "archive",
    "reopen",
    "delete",
    "restore",
    "wait",
    "wait",
    "worker",
)

#: Where a node stands, and what it is called.
Standing = tuple[int | None, int | None, int | None, str]


@pytest.fixture(scope="module")
def scene(database: None) -> Scene:
    return built_once(a_scene)


def everything() -> dict[int, Node]:
    rows = Node.objects.everything(LOOKED_AT).exclude(kind=Kind.OPERATOR).select_related("parent")
    return {node.pk: node for node in rows}


def standing(node: Node) -> Standing:
    return node.parent_id, node.reseller_id, node.customer_id, node.name


@settings(max_examples=EXAMPLES)
@given(stories(OF_THE_TREE, most=14))
def test_law_ancestors_fit_the_chain_of_parents(scene: Scene, steps: list[Step]) -> None:
    with undone():
        Story(scene).tell(steps)

        nodes = everything()
        for node in nodes.values():
            parent = nodes.get(node.parent_id or 0)
            above = {Kind(parent.kind): parent.pk} if parent is not None else {}
            if parent is not None and parent.reseller_id is not None:
                above[Kind.RESELLER] = parent.reseller_id
            assert node.reseller_id == above.get(Kind.RESELLER), node
            assert node.customer_id == above.get(Kind.CUSTOMER), node


@settings(max_examples=EXAMPLES)
@given(stories(OF_THE_TREE, most=14))
def test_law_nothing_is_alive_below_what_is_not(scene: Scene, steps: list[Step]) -> None:
    with undone():
        story = Story(scene).tell(steps)

        for node in everything().values():
            if node.parent is not None and node.parent.archived_at is not None:
                assert node.archived_at is not None, node
            if node.parent is not None and node.parent.deleted_at is not None:
                assert node.deleted_at is not None, node
            for owner in story.scene.owners:
                seen = Node.objects.visible_to(by(owner, story.now), LOOK).filter(pk=node.pk).exists()
                allowed = by(owner, story.now).may(LOOK, node.place)
                assert seen == (allowed and node.deleted_at is None)


@settings(max_examples=EXAMPLES)
@given(stories(OF_THE_TREE, most=14))
def test_law_places_answer_the_past_exactly(scene: Scene, steps: list[Step]) -> None:
    with undone():
        story = Story(scene)
        known: dict[datetime, dict[int, Standing]] = {}
        for step in steps:
            story.step(step)
            known[story.now] = {pk: standing(node) for pk, node in everything().items()}

        for moment, nodes in known.items():
            for pk in {pk for those in known.values() for pk in those}:
                place = placement_at(pk, moment)
                told = (
                    None
                    if place is None
                    else (place.parent_id, place.reseller_id, place.customer_id, place.name)
                )
                assert told == nodes.get(pk), (pk, moment)
        for pk in everything():
            rows = placements_of(pk)
            assert [row.ended_at for row in rows[:-1]] == [row.begun_at for row in rows[1:]]
            assert rows[-1].ended_at is None


@settings(max_examples=EXAMPLES)
@given(stories(OF_THE_TREE, most=10), st.integers(0, 7), st.booleans())
def test_law_taking_back_takes_back_exactly_what_went(
    scene: Scene, steps: list[Step], which: int, archives: bool
) -> None:
    with undone():
        story = Story(scene).tell(steps)
        before = {pk: (node.archived_at, node.deleted_at) for pk, node in everything().items()}
        node = one_of(story.nodes(), which)
        story.now += MINUTE  # something that never happened at the same moment as anything else
        acts = story._owner_of(node)
        try:
            if archives and node.archived_at is None:
                lifecycle.archive(acts, node)
                lifecycle.reopen(acts, everything()[node.pk])
            else:
                lifecycle.delete(acts, node, node.name)
                lifecycle.restore(acts, node.key)
        except FurkaError:
            return

        assert {pk: (node.archived_at, node.deleted_at) for pk, node in everything().items()} == before


@settings(max_examples=EXAMPLES)
@given(stories(OF_THE_TREE, most=14))
def test_law_chains_stay_whole_over_moves(scene: Scene, steps: list[Step]) -> None:
    with undone():
        Story(scene).tell(steps)

        assert [fault for chain in Chain.objects.all() for fault in verify(chain)] == []
