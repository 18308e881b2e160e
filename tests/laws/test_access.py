"""Laws of access: the policy agrees with the slow model, with itself, and never gives more than was granted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from furka.access.delegation import Exceeds, effective, may_grant
from furka.access.facts import Held, Kind
from furka.access.policy import (
    Decision,
    Reason,
    Scope,
    as_if_confirmed,
    decide,
    open_intervals,
    reaches,
    scope,
)
from furka.access.windows import Interval, covers, cut_after, merged
from tests.laws import reference_policy as reference
from tests.laws.access_worlds import (
    EVERYBODY,
    RIGHTS,
    STRANGER,
    Situation,
    as_limit,
    as_offer,
    granting,
    limits,
    situations,
    some_rights,
)
from tests.laws.reference_policy import RawGrant

#: One right more than anybody is granted.
ASKED = st.sampled_from((*RIGHTS, "support"))

#: What owners' ceilings put in the way; what is easiest to mend comes first.
SOONEST_MENDED = (
    Reason.UNCONFIRMED,
    Reason.APPROVAL,
    Reason.TWO_FACTOR,
    Reason.CEILING_HOURS,
    Reason.KEPT_OUT,
    Reason.CEILING,
)

TWICE_AS_OFTEN = settings(max_examples=2 * settings().max_examples)


@TWICE_AS_OFTEN
@given(st.data(), situations(), ASKED)
def test_law_decide_answers_as_the_slow_model(data: st.DataObject, situation: Situation, right: str) -> None:
    world = situation.world
    granted = replace(world, ceilings={}, archived=frozenset(), kept_out=(), sessions=())
    for raw in (None, data.draw(limits(world))):
        limit = as_limit(world, raw)
        for person in EVERYBODY:
            held = situation.held(person)
            for node in world.nodes:
                for at in situation.moments:
                    answer = decide(held, right, situation.place(node), at, limit, situation.ceilings)
                    assert answer.allowed == reference.allowed(world, person, right, node, at, raw)
                    assert answer.visible == reference.allowed(world, person, "look", node, at, raw)
                    # Whatever owners leave to others, and in the archive too.
                    limited = answer.visible and (
                        reference.allowed(granted, person, right, node, at)
                        and not reference.allowed(granted, person, right, node, at, raw)
                    )
                    assert (answer.reason is Reason.LIMITED) == limited
                    if answer.reason in (Reason.NOT_NOW, Reason.RIGHT_MISSING):
                        at_another_time = any(
                            reference.gives(each.rights, right)
                            and each.place.id in world.up(node)
                            and reference.left_by(world, raw, right, node)
                            for each in held
                        )
                        assert at_another_time == (answer.reason is Reason.NOT_NOW)


@TWICE_AS_OFTEN
@given(st.data(), situations(), ASKED)
def test_law_decide_and_scope_agree_on_every_node(
    data: st.DataObject, situation: Situation, right: str
) -> None:
    for raw in (None, data.draw(limits(situation.world))):
        limit = as_limit(situation.world, raw)
        for person in EVERYBODY:
            held = situation.held(person)
            for at in situation.moments:
                where = scope(held, right, at, limit, situation.ceilings)
                there = [place for place in situation.places if where.contains(place)]
                assert there == [
                    place
                    for place in situation.places
                    if decide(held, right, place, at, limit, situation.ceilings).allowed
                ]
                assert not (where.nothing and there)
                assert where.everything <= (there == situation.places)


@given(situations(), ASKED)
def test_law_rows_find_what_the_scope_contains(situation: Situation, right: str) -> None:
    """Also rows of resellers and customers that do not name themselves among their ancestors."""
    where = scope(situation.held(1), right, situation.moments[0], None, situation.ceilings)
    for place in situation.places:
        above_reseller = None if place.kind is Kind.RESELLER else place.reseller_id
        above_customer = None if place.kind is Kind.CUSTOMER else place.customer_id
        found = any(
            (
                part.everything
                or above_reseller in part.resellers
                or above_customer in part.customers
                or place.id in part.nodes
            )
            and part.closed.isdisjoint((place.id, above_customer, above_reseller))
            and not (part.in_service and place.archived)
            for part in where.stretches
        )
        assert found == where.contains(place)


@TWICE_AS_OFTEN
@given(st.data(), situations(), ASKED)
def test_law_open_intervals_cover_the_moments_at_which_it_is_allowed(
    data: st.DataObject, situation: Situation, right: str
) -> None:
    raw = data.draw(st.one_of(st.none(), limits(situation.world)))
    limit = as_limit(situation.world, raw)
    held = situation.held(1)
    horizon = situation.moments[0]
    for place in situation.places:
        doors = open_intervals(held, right, place, horizon, limit, situation.ceilings)
        assert doors == merged(doors)
        for at in (*situation.moments, *situation.grid()[::23]):
            allowed = decide(held, right, place, at, limit, situation.ceilings).allowed
            if at < horizon:
                assert covers(doors, at) == allowed
            else:
                assert allowed or not covers(doors, at)
        assert all(door.begins_at < horizon for door in doors)


@given(situations(most_grants=1))
def test_law_rights_flow_down_never_up_or_sideways(situation: Situation) -> None:
    world = situation.world
    for upper in situation.places:
        reached = {place.id for place in situation.places if reaches(upper.kind, upper.id, place)}
        assert reached == {node for node in world.nodes if upper.id in world.up(node)}


@given(situations(), ASKED)
def test_law_the_grant_that_is_named_is_the_one_that_lasts_longest(situation: Situation, right: str) -> None:
    at = situation.moments[0]
    for person in EVERYBODY:
        held = situation.held(person)
        for place in situation.places:
            answer = decide(held, right, place, at, None, situation.ceilings)
            assert answer == decide(reversed(held), right, place, at, None, situation.ceilings)
            alone = [
                each for each in held if decide([each], right, place, at, None, situation.ceilings).allowed
            ]
            assert answer.because == (min(alone, key=_longest_then_lowest) if alone else None)


@given(
    situations(most_grants=0),
    st.lists(st.sampled_from(range(1, 40)), min_size=2, max_size=4, unique=True),
    st.data(),
)
def test_law_of_many_that_allow_it_the_longest_is_named(
    situation: Situation, ids: list[int], data: st.DataObject
) -> None:
    """All of them allow it; they hang on the level or above it, and end soon, later, at the same time, or never."""
    at = situation.moments[0]
    place = data.draw(st.sampled_from([each for each in situation.places if each.kind is Kind.SITE]))
    above = [situation.place(node) for node in situation.world.up(place.id)]
    ends = st.sampled_from([None, *(at + quarters * reference.QUARTER for quarters in (1, 2, 3))])
    held = [
        Held(
            grant_id=number,
            grant_key=f"grant-{number}",
            person_id=1,
            place=data.draw(st.sampled_from(above)),
            rights=frozenset({"people"}),
            interval=Interval(at, data.draw(ends)),
        )
        for number in ids
    ]
    because = decide(held, "people", place, at).because
    assert because == min(held, key=_longest_then_lowest)


def _longest_then_lowest(held: Held) -> tuple[bool, float, int]:
    ends = held.interval.ends_at
    return (ends is not None, -ends.timestamp() if ends else 0, held.grant_id)


@given(st.data(), situations(), ASKED)
def test_law_less_held_never_allows_more(data: st.DataObject, situation: Situation, right: str) -> None:
    everything = [each for person in EVERYBODY for each in situation.held(person)]
    assume(everything)
    victim = data.draw(st.sampled_from(everything))
    held = situation.held(victim.person_id)
    others = [each for each in held if each is not victim]
    smaller = {
        "gone": [],
        "fewer rights": [replace(victim, rights=data.draw(some_rights(least=0)) & victim.rights)],
        "shorter": [
            replace(victim, interval=rest)
            for rest in cut_after([victim.interval], data.draw(st.sampled_from(situation.moments)))
        ],
    }
    for left in smaller.values():
        for place in situation.places:
            for at in situation.moments:
                if decide([*others, *left], right, place, at, None, situation.ceilings).allowed:
                    assert decide(held, right, place, at, None, situation.ceilings).allowed


@given(st.data(), situations(), ASKED)
def test_law_more_ceilings_never_allow_more_and_never_hide(
    data: st.DataObject, situation: Situation, right: str
) -> None:
    assume(situation.ceilings)
    fewer = data.draw(st.lists(st.sampled_from(situation.ceilings), unique=True))
    fewer += [each for each in situation.ceilings if each.confirmed]  # the one kind that opens
    for person in EVERYBODY:
        held = situation.held(person)
        for place in situation.places:
            for at in situation.moments:
                with_all = decide(held, right, place, at, None, situation.ceilings)
                with_fewer = decide(held, right, place, at, None, fewer)
                assert with_all.allowed <= with_fewer.allowed
                assert with_all.visible == decide(held, right, place, at).visible


@given(situations(), ASKED)
def test_law_the_reason_of_a_refusal_names_what_stands_in_the_way(situation: Situation, right: str) -> None:
    """Without ceilings the same person may do it; and what the reason asks for would help, as far as it goes."""
    for person in EVERYBODY:
        held = situation.held(person)
        for place in situation.places:
            for at in situation.moments:
                answer = decide(held, right, place, at, None, situation.ceilings)
                in_the_way = answer.reason in SOONEST_MENDED
                alone = decide(held, right, place, at)
                assert in_the_way == (alone.allowed and not answer.allowed)
                if in_the_way:
                    one_by_one = [
                        decide([each], right, place, at, None, situation.ceilings).reason for each in held
                    ]
                    assert answer.reason == next(each for each in SOONEST_MENDED if each in one_by_one)
                if answer.reason is Reason.CEILING_HOURS:
                    strong = [replace(each, strong=True, approved=True) for each in held]
                    at_all_hours = [replace(each, hours=None) for each in as_if_confirmed(situation.ceilings)]
                    assert decide(strong, right, place, at, None, at_all_hours).allowed
                if answer.reason is Reason.KEPT_OUT:
                    strong = [replace(each, strong=True, approved=True) for each in held]
                    let_in = [
                        replace(each, hours=None)
                        for each in as_if_confirmed(situation.ceilings)
                        if each.person_id != person
                    ]
                    assert decide(strong, right, place, at, None, let_in).allowed
                if answer.reason is Reason.APPROVAL:
                    approved = [replace(each, approved=True) for each in held]
                    assert decide(
                        approved, right, place, at, None, as_if_confirmed(situation.ceilings)
                    ).allowed
                if answer.reason is Reason.UNCONFIRMED:
                    assert decide(held, right, place, at, None, as_if_confirmed(situation.ceilings)).allowed
                if answer.reason is Reason.TWO_FACTOR:
                    strong = [replace(each, strong=True, approved=True) for each in held]
                    assert decide(strong, right, place, at, None, as_if_confirmed(situation.ceilings)).allowed


@given(situations(), ASKED)
def test_law_the_owners_own_people_are_asked_for_a_second_factor_at_most(
    situation: Situation, right: str
) -> None:
    for person in EVERYBODY:
        own = [replace(each, staff=True, strong=True) for each in situation.held(person)]
        for place in situation.places:
            owner = place.customer_id or place.reseller_id
            there = [
                each
                for each in own
                if owner in (each.place.id, each.place.customer_id, each.place.reseller_id)
            ]
            for at in situation.moments:
                lying = as_if_confirmed(situation.ceilings)
                owners = [each for each in lying if each.person_id is None]
                with_ceilings = decide(there, right, place, at, None, owners)
                assert with_ceilings == decide(there, right, place, at)


@given(situations(), ASKED)
def test_law_after_the_end_there_is_nothing(situation: Situation, right: str) -> None:
    for person in EVERYBODY:
        held = [each for each in situation.held(person) if each.interval.ends_at is not None]
        for at in (end for each in held if (end := each.interval.ends_at)):
            over = [
                each for each in held if each.interval.ends_at is not None and each.interval.ends_at <= at
            ]
            assert scope(over, right, at) == Scope()
            for place in situation.places:
                assert decide(over, right, place, at) == Decision(False, None, Reason.NOT_VISIBLE)


@TWICE_AS_OFTEN
@given(st.data(), situations(), ASKED)
def test_law_a_token_leaves_what_both_allow(data: st.DataObject, situation: Situation, right: str) -> None:
    world = situation.world
    raw = data.draw(limits(world))
    held = situation.held(1)
    for at in situation.moments:
        for place in situation.places:
            with_token = decide(held, right, place, at, as_limit(world, raw), situation.ceilings)
            without = decide(held, right, place, at, None, situation.ceilings)
            left = reference.left_by(world, raw, right, place.id)
            assert with_token.allowed == (without.allowed and left)
            assert with_token.because == (without.because if with_token.allowed else None)


@TWICE_AS_OFTEN
@given(st.data(), granting())
def test_law_may_grant_answers_as_the_slow_model(
    data: st.DataObject, case: tuple[Situation, datetime, reference.RawOffer]
) -> None:
    situation, at, offer = case
    world = situation.world
    for raw in (None, data.draw(limits(world)), data.draw(limits(world))):
        for person in EVERYBODY:
            sources = reference.may_grant(world, person, offer, at, raw)
            held = situation.held(person)
            if sources:
                event("allowed")
                allowance = may_grant(
                    held, as_offer(world, offer), at, as_limit(world, raw), situation.ceilings
                )
                possible = [each for each in held if each.grant_id in sources and each.interval.covers(at)]
                assert allowance.source == min(possible, key=_longest_then_lowest)
            else:
                with pytest.raises(Exceeds):
                    may_grant(held, as_offer(world, offer), at, as_limit(world, raw), situation.ceilings)


@TWICE_AS_OFTEN
@given(granting(), st.integers(1, 40))
def test_law_what_is_passed_on_never_exceeds_and_falls_with_its_source(
    case: tuple[Situation, datetime, reference.RawOffer], quarters: int
) -> None:
    situation, at, offer = case
    world = situation.world
    try:
        source = may_grant(situation.held(1), as_offer(world, offer), at, None, situation.ceilings).source
    except Exceeds:
        event("refused")
        return
    event("passed on")
    passed_on = RawGrant(
        id=99,
        person=STRANGER,
        node=offer.node,
        rights=offer.rights,
        begins=offer.begins,
        ends=offer.ends,
        source=source.grant_id,
        depth=offer.depth,
    )
    after = situation.with_grant(passed_on)
    held, theirs = situation.held(1), after.held(STRANGER)
    moments = (offer.begins, *situation.moments, *situation.grid()[::5])
    for right in RIGHTS:
        for place in situation.places:
            for moment in moments:
                if decide(theirs, right, place, moment).allowed:
                    assert decide(held, right, place, moment).allowed
    assert decide(theirs, "look", situation.place(offer.node), offer.begins).allowed

    revoked_at = at + quarters * reference.QUARTER
    fallen = replace(world.grants[source.grant_id], ends=revoked_at)
    later = after.with_grant(fallen).held(STRANGER)
    assert all(scope(later, "look", moment).nothing for moment in moments if moment >= revoked_at)


@given(st.data(), st.integers(0, 3))
def test_law_a_grant_is_passed_on_as_often_as_it_says(data: st.DataObject, depth: int) -> None:
    situation = data.draw(situations(most_grants=0))
    place, at = situation.places[3], situation.moments[0]
    held = Held(1, "grant-1", 1, place, frozenset(RIGHTS), Interval(at), depth=depth)
    times = 0
    while times <= depth:
        offered = data.draw(st.sampled_from([None, 0, 1, 2, 3]))
        offer = as_offer(situation.world, reference.RawOffer(frozenset(RIGHTS), place.id, at, None, offered))
        try:
            source = may_grant([held], offer, at).source
        except Exceeds:
            break
        times += 1
        held = replace(source, grant_id=source.grant_id + 1, source_id=source.grant_id, depth=offer.depth)
    assert times <= depth


@given(situations(), some_rights(least=0), some_rights(least=0))
def test_law_of_a_grant_is_in_force_what_its_source_has_too(
    situation: Situation, own_rights: frozenset[str], source_rights: frozenset[str]
) -> None:
    own = [each.interval for each in situation.held(1)]
    source = [each.interval for each in situation.held(11)]
    result = effective(own, own_rights, source, source_rights)
    assert result == effective(source, source_rights, own, own_rights)
    for right in RIGHTS:
        both = reference.gives(own_rights, right) and reference.gives(source_rights, right)
        assert (right in result.rights) == both
    for at in (*situation.moments, *situation.grid()[::3]):
        assert covers(result.intervals, at) == (covers(own, at) and covers(source, at))
