"""The policy and delegation by example: the reasons they give, and the questions they refuse to answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from furka.access.delegation import Details, Exceeds, Excess, Offer, may_grant
from furka.access.facts import Held, Kind, Limit, Place
from furka.access.policy import Decision, Reason, Scope, Stretch, decide, open_intervals, scope
from furka.access.rights import CONFIGURE, JOURNAL, LOOK, PEOPLE, Right, UnknownRight
from furka.access.windows import Interval

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

OPERATOR = Place(Kind.OPERATOR, 1)
RESELLER = Place(Kind.RESELLER, 2, reseller_id=2)
CUSTOMER = Place(Kind.CUSTOMER, 3, reseller_id=2, customer_id=3)
SITE = Place(Kind.SITE, 4, reseller_id=2, customer_id=3)
SISTER = Place(Kind.SITE, 5, reseller_id=2, customer_id=3)
NEXT_DOOR = Place(Kind.SITE, 14, reseller_id=12, customer_id=13)
ON_ITS_OWN = Place(Kind.SITE, 24, customer_id=23)


def held(
    *rights: Right,
    place: Place = CUSTOMER,
    begins: datetime = NOON - HOUR,
    ends: datetime | None = NOON + HOUR,
    grant: int = 1,
    depth: int | None = 0,
) -> Held:
    return Held(
        grant_id=grant,
        grant_key=f"grant-{grant}",
        person_id=7,
        place=place,
        rights=frozenset(right.key for right in rights),
        interval=Interval(begins, ends),
        depth=depth,
    )


def offer(
    *rights: Right, place: Place = SITE, ends: datetime | None = NOON + HOUR, depth: int | None = 0
) -> Offer:
    return Offer(frozenset(right.key for right in rights), place, NOON, ends, depth=depth)


def refusal(holding: Iterable[Held], wanted: Offer, limit: Limit | None = None) -> tuple[Excess, Details]:
    with pytest.raises(Exceeds) as refused:
        may_grant(holding, wanted, NOON, limit)
    return refused.value.reason, refused.value.details


@pytest.mark.parametrize(
    "numbers",
    [
        (Kind.OPERATOR, 1, 1, None),
        (Kind.RESELLER, 2, None, None),
        (Kind.RESELLER, 2, 3, None),
        (Kind.RESELLER, 2, 2, 3),
        (Kind.CUSTOMER, 3, 2, None),
        (Kind.CUSTOMER, 3, 2, 4),
        (Kind.CUSTOMER, 3, 3, 3),
        (Kind.SITE, 4, None, None),
        (Kind.SITE, 4, 4, 3),
        (Kind.SITE, 4, 2, 4),
        (Kind.SITE, 4, 3, 3),
        (Kind.SITE, 0, 2, 3),
        (Kind.SITE, True, 2, 3),
        (Kind.SITE, 4, 2, -3),
        ("region", 4, 2, 3),
    ],
)
def test_place_that_cannot_be_is_refused(numbers: tuple[Kind, int, int | None, int | None]) -> None:
    with pytest.raises(ValueError, match=r"stands like this|not a valid Kind"):
        Place(*numbers)


def test_holding_without_owner_or_with_negative_depth_is_refused() -> None:
    for wrong in ({"person_id": 0}, {"grant_id": -1}, {"depth": -1}):
        with pytest.raises(ValueError, match=r"ids|depth"):
            replace(held(LOOK), **wrong)  # type: ignore[arg-type]


def test_holding_of_any_right_lets_see() -> None:
    assert held(CONFIGURE).rights == {"look", "configure"}


def test_decision_names_the_grant_that_allows() -> None:
    mine = held(CONFIGURE)
    assert decide([mine], CONFIGURE, SITE, NOON) == Decision(True, mine, Reason.GRANTED)


@pytest.mark.parametrize("place", [OPERATOR, RESELLER, NEXT_DOOR, ON_ITS_OWN])
def test_place_above_or_beside_is_not_visible(place: Place) -> None:
    assert decide([held(CONFIGURE)], CONFIGURE, place, NOON) == Decision(False, None, Reason.NOT_VISIBLE)


def test_place_is_not_visible_before_and_after() -> None:
    mine = held(CONFIGURE)
    for at in (NOON - 2 * HOUR, NOON + HOUR):
        assert decide([mine], LOOK, SITE, at) == Decision(False, None, Reason.NOT_VISIBLE)


def test_right_that_is_missing_is_told_from_one_that_is_held_at_another_time() -> None:
    now, later = held(LOOK), held(CONFIGURE, begins=NOON + HOUR, ends=None, grant=2)
    assert decide([now, later], CONFIGURE, SITE, NOON).reason is Reason.NOT_NOW
    assert decide([now, later], JOURNAL, SITE, NOON).reason is Reason.RIGHT_MISSING
    assert decide([now, later], JOURNAL, SITE, NOON).visible


def test_token_that_leaves_a_right_out_is_told_from_a_missing_right() -> None:
    only_look = Limit(rights=frozenset({"look"}))
    assert decide([held(CONFIGURE)], CONFIGURE, SITE, NOON, only_look).reason is Reason.LIMITED
    assert decide([held(CONFIGURE)], JOURNAL, SITE, NOON, only_look).reason is Reason.RIGHT_MISSING


def test_token_for_one_site_hides_the_others() -> None:
    at_site = Limit(place=SITE)
    assert decide([held(CONFIGURE)], CONFIGURE, SITE, NOON, at_site).allowed
    assert decide([held(CONFIGURE)], CONFIGURE, SISTER, NOON, at_site).reason is Reason.NOT_VISIBLE
    assert decide([held(CONFIGURE)], CONFIGURE, CUSTOMER, NOON, at_site).reason is Reason.NOT_VISIBLE


def test_scope_of_a_reseller_with_a_token_for_one_site_is_that_site() -> None:
    mine = held(LOOK, place=RESELLER)
    reseller = Stretch(resellers=frozenset({2}), nodes=frozenset({2}))
    assert scope([mine], LOOK, NOON) == Scope((reseller,))
    assert scope([mine], LOOK, NOON, Limit(place=SITE)) == Scope((Stretch(nodes=frozenset({4})),))
    assert scope([mine], LOOK, NOON, Limit(place=NEXT_DOOR)) == Scope()


def test_scope_of_a_supporter_with_a_token_for_the_reseller_is_the_site() -> None:
    site = Scope((Stretch(nodes=frozenset({4})),))
    assert scope([held(LOOK, place=SITE)], LOOK, NOON, Limit(place=RESELLER)) == site


def test_scope_of_the_operator_is_everything() -> None:
    everything = scope([held(LOOK, place=OPERATOR), held(LOOK, place=SITE, grant=2)], LOOK, NOON)
    assert everything == Scope((Stretch(everything=True),))
    assert everything.contains(ON_ITS_OWN)


def test_nobody_has_no_scope() -> None:
    assert scope([], LOOK, NOON).nothing
    assert not scope([held(LOOK)], LOOK, NOON).nothing


def test_open_intervals_join_grants_that_follow_each_other() -> None:
    morning = held(CONFIGURE, begins=NOON - HOUR, ends=NOON)
    rest = held(CONFIGURE, begins=NOON, ends=None, place=SITE, grant=2)
    assert open_intervals([rest, morning], CONFIGURE, SITE, NOON) == (Interval(NOON - HOUR),)
    assert open_intervals([rest, morning], CONFIGURE, SISTER, NOON) == (morning.interval,)
    assert open_intervals([rest], CONFIGURE, SITE, NOON) == ()


@pytest.mark.parametrize(
    ("right", "at"), [("confgure", NOON), (Right("x", "X"), NOON), (LOOK, NOON.replace(tzinfo=None))]
)
def test_malformed_question_raises(right: Right | str, at: datetime) -> None:
    for ask in (
        lambda: decide([], right, SITE, at),
        lambda: scope([], right, at),
        lambda: open_intervals([], right, SITE, at),
    ):
        with pytest.raises((UnknownRight, ValueError)):
            ask()


def test_grants_of_two_persons_never_add_up() -> None:
    mixed = [held(LOOK), replace(held(CONFIGURE, grant=2), person_id=8)]
    for ask in (
        lambda: decide(mixed, LOOK, SITE, NOON),
        lambda: scope(mixed, LOOK, NOON),
        lambda: open_intervals(mixed, LOOK, SITE, NOON),
        lambda: may_grant(mixed, offer(LOOK), NOON),
    ):
        with pytest.raises(ValueError, match="two persons"):
            ask()


def test_grant_is_given_out_of_the_holding_that_lasts_longest() -> None:
    short = held(PEOPLE, CONFIGURE, depth=1)
    long = held(CONFIGURE, ends=NOON + 5 * HOUR, depth=1, grant=2)
    endless_but_not_to_be_passed_on = held(CONFIGURE, ends=None, grant=3)
    mine = [short, long, endless_but_not_to_be_passed_on]
    assert may_grant(mine, offer(CONFIGURE), NOON).source == long
    assert may_grant(mine, offer(PEOPLE), NOON).source == short


def test_only_who_holds_without_end_grants_until_revoked() -> None:
    endless = held(PEOPLE, ends=None, depth=1)
    assert may_grant([endless], offer(LOOK, ends=None), NOON).source == endless
    assert refusal([held(PEOPLE, depth=1)], offer(LOOK, ends=None)) == (
        Excess.TIME,
        Details(interval=Interval(NOON - HOUR, NOON + HOUR)),
    )


def test_only_who_passes_on_without_end_lets_pass_on_without_end() -> None:
    boundless = held(PEOPLE, depth=None)
    assert may_grant([boundless], offer(LOOK, depth=None), NOON).source == boundless
    assert refusal([held(PEOPLE, depth=3)], offer(LOOK, depth=None)) == (Excess.DEPTH, Details(depth=2))


def test_holding_that_is_not_live_yet_is_no_source() -> None:
    mine = [held(PEOPLE), held(CONFIGURE, begins=NOON + HOUR, ends=None, depth=1, grant=2)]
    tomorrow = replace(offer(CONFIGURE), valid_from=NOON + 24 * HOUR, valid_until=NOON + 25 * HOUR)
    assert refusal(mine, tomorrow) == (Excess.RIGHTS, Details(frozenset({"configure"})))


def test_holding_that_may_not_be_passed_on_is_not() -> None:
    assert refusal([held(PEOPLE)], offer(LOOK)) == (Excess.DEPTH, Details())


def test_refusal_names_the_rights_that_are_missing_to_the_closest_holding() -> None:
    mine = [held(PEOPLE, depth=1), held(CONFIGURE, depth=1, grant=2)]
    assert refusal(mine, offer(PEOPLE, CONFIGURE)) == (Excess.RIGHTS, Details(frozenset({"configure"})))
    assert refusal(mine, offer(JOURNAL)) == (Excess.RIGHTS, Details(frozenset({"journal"})))


def test_refusal_tells_a_place_without_people_from_one_that_is_not_visible() -> None:
    assert refusal([held(CONFIGURE, depth=1)], offer(LOOK))[0] is Excess.PEOPLE
    assert refusal([held(PEOPLE, depth=1)], offer(LOOK, place=NEXT_DOOR))[0] is Excess.NODE
    assert refusal([held(PEOPLE, depth=1)], offer(LOOK), Limit(place=SISTER))[0] is Excess.NODE
    assert refusal([held(PEOPLE, depth=1)], offer(LOOK), Limit(frozenset({"look"})))[0] is Excess.PEOPLE


def test_refusal_of_offers_that_make_no_sense() -> None:
    mine = [held(PEOPLE, depth=1)]
    assert refusal(mine, offer())[0] is Excess.NO_RIGHTS
    assert refusal(mine, offer(LOOK, ends=NOON))[0] is Excess.ENDS_BEFORE_BEGIN
    yesterday = replace(offer(LOOK), valid_from=NOON - 2 * HOUR, valid_until=NOON - HOUR)
    assert refusal(mine, yesterday)[0] is Excess.PAST
    assert refusal(mine, replace(offer(LOOK), valid_from=NOON - HOUR))[0] is Excess.PAST


def test_offer_is_checked_when_it_is_made() -> None:
    for wrong in ({"depth": -1}, {"valid_from": NOON.replace(tzinfo=None)}, {"rights": frozenset({"lok"})}):
        with pytest.raises((ValueError, UnknownRight)):
            replace(offer(LOOK), **wrong)
