"""When a part of the cloud counts as bad, and as well again: laws over any row of looks."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from furka.probes.found import Level
from furka.probes.steadiness import FALL, RISE, Standing, step
from tests.world import NOW

EVERY = timedelta(seconds=15)
OK, WEAK, BAD = Level.OK, Level.WEAK, Level.BAD
LOOKS = st.lists(st.sampled_from([OK, WEAK, BAD]), max_size=200)


def run(levels: list[Level], standing: Standing | None = None) -> list[Standing]:
    """What is known after each look."""
    found = []
    standing = standing or Standing()
    for number, level in enumerate(levels):
        standing = step(standing, level, NOW + number * EVERY)
        found.append(standing)
    return found


@given(LOOKS)
def test_nothing_counts_as_worse_without_so_many_looks_in_a_row_that_say_so(levels: list[Level]) -> None:
    states = [OK, *(each.state for each in run(levels))]
    for number in range(1, len(states)):
        if states[number].rank > states[number - 1].rank:
            row = levels[number - FALL : number]
            assert len(row) == FALL
            assert all(level.rank >= states[number].rank for level in row)


@given(LOOKS)
def test_nothing_counts_as_better_without_so_many_looks_in_a_row_that_say_so(levels: list[Level]) -> None:
    states = [OK, *(each.state for each in run(levels))]
    for number in range(1, len(states)):
        if states[number].rank < states[number - 1].rank:
            row = levels[number - RISE : number]
            assert len(row) == RISE
            assert all(level.rank <= states[number].rank for level in row)


@given(st.sampled_from([WEAK, BAD]), st.integers(1, FALL - 1), st.integers(1, 80))
def test_what_comes_and_goes_quicker_than_that_changes_nothing(level: Level, few: int, times: int) -> None:
    assert {each.state for each in run(([level] * few + [OK]) * times)} == {OK}


@given(LOOKS)
def test_it_becomes_bad_when_all_looks_say_so_and_well_when_all_say_so(levels: list[Level]) -> None:
    before = run(levels)[-1] if levels else Standing()
    assert run([BAD] * FALL, before)[-1].state is BAD
    well = run([OK] * before.needed, before)[-1]
    assert well.state is OK


@given(LOOKS)
def test_since_is_the_first_look_of_the_row_that_changed_it(levels: list[Level]) -> None:
    standings = run(levels)
    for number in range(1, len(standings)):
        before, after = standings[number - 1], standings[number]
        if before.state != after.state:
            row = FALL if after.state.rank > before.state.rank else before.needed
            assert after.since == NOW + (number - row + 1) * EVERY


def test_what_falls_again_and_again_has_to_be_well_for_longer_each_time() -> None:
    standing, needed = Standing(), []
    for _ in range(7):
        standing = run([BAD] * FALL, standing)[-1]
        needed.append(standing.needed)
        standing = run([OK] * standing.needed, standing)[-1]
        assert standing.state is OK
    assert needed == [RISE, 2 * RISE, 4 * RISE, 8 * RISE, 16 * RISE, 16 * RISE, 16 * RISE]


def test_an_hour_later_a_fall_is_the_first_again() -> None:
    standing = run([BAD] * FALL + [OK] * RISE)[-1]
    assert standing.falls == 1
    for number in range(FALL):
        standing = step(standing, BAD, NOW + timedelta(hours=2) + number * EVERY)
    assert (standing.state, standing.falls) == (BAD, 1)
