"""Laws of parts of sites: what a grant leads to, what several add up to, what is left when it is passed on."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from furka.access.narrowing import NEEDS_WHOLE, narrowing_from_json
from furka.access.policy import Reason, decide, decide_at, openings, scope
from furka.access.windows import covers
from tests.laws import reference_policy as reference
from tests.laws.access_worlds import PERSONS, RIGHTS, Situation, as_limit, as_spot, limits, situations
from tests.laws.reference_policy import SPOTS

ASKED = st.sampled_from(RIGHTS)
SOME = st.sampled_from(SPOTS)


@given(st.data(), situations(), ASKED, SOME)
def test_law_decide_at_answers_as_the_slow_model(
    data: st.DataObject, situation: Situation, right: str, spot: reference.RawSpot
) -> None:
    world = situation.world
    for raw in (None, data.draw(limits(world))):
        limit = as_limit(world, raw)
        for person in PERSONS:
            held = situation.held(person)
            for place in situation.places:
                for at in situation.moments:
                    answer = decide_at(held, right, place, as_spot(spot), at, limit, situation.ceilings)
                    assert answer.allowed == reference.allowed(world, person, right, place.id, at, raw, spot)
                    somewhere = decide(held, right, place, at, limit, situation.ceilings)
                    assert answer.allowed <= somewhere.allowed
                    narrowed = somewhere.allowed and not answer.allowed
                    assert (answer.reason is Reason.NARROWED) == narrowed


@given(situations(), ASKED, SOME)
def test_law_the_scope_shows_exactly_the_devices_that_something_leads_to(
    situation: Situation, right: str, spot: reference.RawSpot
) -> None:
    at = situation.moments[0]
    ways = [replace(spot, port=port) for port in reference.PORTS]
    for person in PERSONS:
        where = scope(situation.held(person), right, at, None, situation.ceilings)
        for place in situation.places:
            shown = any(
                part.contains(place)
                and part.narrowing.shows(as_spot(spot))
                and part.narrowing.ports != frozenset()
                for part in where.stretches
            )
            reached = [
                reference.allowed(situation.world, person, right, place.id, at, None, way) for way in ways
            ]
            assert shown == any(reached)


@given(situations(), ASKED, SOME)
def test_law_openings_cover_the_moments_at_which_it_is_allowed(
    situation: Situation, right: str, spot: reference.RawSpot
) -> None:
    held, there = situation.held(1), as_spot(spot)
    for place in situation.places:
        opened = openings(held, right, place, situation.horizon, None, situation.ceilings)
        for at in (*situation.moments, *situation.grid()[::17]):
            is_open = any(part.opens(there) and covers(intervals, at) for part, intervals in opened.items())
            assert is_open == decide_at(held, right, place, there, at, None, situation.ceilings).allowed


@given(situations())
def test_law_what_is_narrowed_brings_no_right_over_whole_levels(situation: Situation) -> None:
    for person in PERSONS:
        for each in situation.held(person):
            assert each.narrowing.is_whole or not each.rights & NEEDS_WHOLE
            assert narrowing_from_json(each.narrowing.to_json()) == each.narrowing
