"""Letting people in and out."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.core.mail import EmailMessage

from furka.access.facts import Limit
from furka.access.rights import CONFIGURE, LOOK
from furka.access.windows import WeeklyWindow
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import expiry, granting, holdings, operations, queries
from furka.tree.granting import Relation, Terms
from furka.tree.grants import Grant
from furka.tree.models import Node
from furka.tree.operation import program
from tests.world import NOW, TONIGHT, World, by, let_in, person


def grant_of(world: World, node: Node, key: str) -> Grant:
    found = queries.grant_of_key(by(world.rita), node, key)
    assert found is not None
    return found


def secret_of(grant: Grant) -> str:
    secret = queries.invitation_secret(grant.series)
    assert secret is not None
    return secret


def test_supporter_may_use_the_site_until_the_end_and_nothing_else(world: World) -> None:
    school, depot = world.ours.school.place, world.ours.depot.place
    just_before = TONIGHT - timedelta(microseconds=1)

    assert by(world.sonja).may(USE_REMOTE_ACCESS, school)
    assert by(world.sonja, just_before).may(USE_REMOTE_ACCESS, school)
    assert not by(world.sonja, TONIGHT).may(LOOK, school)
    assert not by(world.sonja).may(CONFIGURE, school)
    assert not by(world.sonja).may(LOOK, depot)
    assert not by(world.sonja).may(LOOK, world.theirs.school.place)


def test_revoking_ends_access_at_that_moment_and_keeps_the_past(world: World) -> None:
    later = NOW + timedelta(minutes=1)
    [view] = [
        grant for grant in queries.grants_on(by(world.rita), world.ours.school) if grant.name == "Sonja"
    ]
    grant = queries.grant_of_key(by(world.rita), world.ours.school, view.key)
    assert grant is not None

    granting.revoke(by(world.rita, later), grant)

    assert by(world.sonja, NOW).may(LOOK, world.ours.school.place)
    assert not by(world.sonja, later).may(LOOK, world.ours.school.place)


def test_invitation_is_answered_by_the_invited_person_only(world: World) -> None:
    grant = granting.invite(by(world.rita), world.ours.depot, "neu@example.org", Terms(role="supporter"))
    secret = queries.invitation_secret(grant.series)
    assert secret is not None

    with pytest.raises(Refused) as refusal:
        granting.accept(by(world.fremd), secret)

    assert refusal.value.code == "someone-else"
    granting.accept(by(person("Neu", "neu@example.org")), secret)
    with pytest.raises(NotThere):
        granting.accept(by(world.fremd), secret)


def test_invitation_whose_time_is_over_opens_nothing(world: World) -> None:
    terms = Terms(role="supporter", valid_until=NOW + timedelta(hours=1))
    grant = granting.invite(by(world.rita), world.ours.depot, world.fremd.email, terms)
    secret = queries.invitation_secret(grant.series)
    assert secret is not None

    with pytest.raises(Conflict) as refusal:
        granting.accept(by(world.fremd, NOW + timedelta(hours=1)), secret)

    assert refusal.value.code == "invitation-expired"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (Terms(role="supporter", valid_until=NOW - timedelta(seconds=1)), "ends-in-the-past"),
        (
            Terms(role="supporter", valid_from=TONIGHT, valid_until=TONIGHT - timedelta(hours=1)),
            "ends-before-begin",
        ),
        (Terms(role="supporter", valid_from=NOW - timedelta(hours=1)), "past"),
        (Terms(rights=()), "no-rights"),
        (Terms(rights=("fly",)), "right-unknown"),
        (Terms(role="king"), "role-unknown"),
        (Terms(role="supporter", depth=-1), "depth-out-of-range"),
        (Terms(role="supporter", depth=40_000), "depth-out-of-range"),
    ],
)
def test_offer_that_makes_no_sense_is_refused_with_its_reason(world: World, terms: Terms, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        granting.invite(by(world.rita), world.ours.school, "x@example.org", terms)

    assert refusal.value.code == code


def test_what_a_limited_person_passed_on_falls_with_their_own_access(world: World) -> None:
    lead = person("Lead")
    until = NOW + timedelta(days=2)
    rights = ("look", "people", "connect.use")
    key = let_in(world.ours.school, lead, Terms(rights=rights, valid_until=until, depth=1), world.rita)
    helper = person("Helper")
    let_in(world.ours.school, helper, Terms(rights=("connect.use",), valid_until=until), lead)
    assert by(helper).may(USE_REMOTE_ACCESS, world.ours.school.place)

    later = NOW + timedelta(minutes=5)
    waiting = granting.invite(
        by(lead), world.ours.school, world.fremd.email, Terms(role="supporter", valid_until=until)
    )
    secret = secret_of(waiting)

    granting.revoke(by(world.rita, later), grant_of(world, world.ours.school, key))

    assert not by(helper, later).may(LOOK, world.ours.school.place)
    assert by(helper).may(LOOK, world.ours.school.place)
    with pytest.raises(NotThere):
        granting.accept(by(world.fremd, later), secret)
    shown = {view.email for view in queries.grants_on(by(world.rita, later), world.ours.school)}
    assert shown == {world.sonja.email, world.max.email}
    told = Event.objects.filter(at=later).order_by("id").values_list("action", "before__person")
    assert list(told) == [
        ("grant.revoked", lead.email),
        ("grant.revoked", helper.email),
        ("grant.withdrawn", world.fremd.email),
    ]


def test_what_permanent_staff_granted_stays_when_they_leave(world: World) -> None:
    anna = person("Anna")
    key = let_in(
        world.ours.reseller, anna, Terms(role="owner", relation=Relation.STAFF, depth=None), world.rita
    )
    let_in(world.ours.depot, world.fremd, Terms(role="supporter"), anna)

    grant = queries.grant_of_key(by(world.rita), world.ours.reseller, key)
    assert grant is not None
    granting.revoke(by(world.rita), grant)

    assert by(world.fremd).may(USE_REMOTE_ACCESS, world.ours.depot.place)


def test_last_owner_can_not_be_revoked(world: World) -> None:
    [view] = [
        grant for grant in queries.grants_on(by(world.rita), world.ours.reseller) if grant.name == "Rita"
    ]
    grant = queries.grant_of_key(by(world.rita), world.ours.reseller, view.key)
    assert grant is not None

    with pytest.raises(Conflict) as refusal:
        granting.revoke(by(world.rita), grant)

    assert refusal.value.code == "last-owner"


def test_neighbours_can_not_even_tell_that_the_site_exists(world: World) -> None:
    with pytest.raises(FurkaError) as refusal:
        granting.invite(by(world.nora), world.ours.school, "x@example.org", Terms(role="supporter"))

    assert isinstance(refusal.value, NotThere)


def test_somebody_who_owns_for_a_while_only_does_not_count_as_the_last_owner(world: World) -> None:
    [rita] = [view for view in queries.grants_on(by(world.rita), world.ours.reseller) if view.name == "Rita"]
    for number, terms in enumerate(
        (
            Terms(role="owner", depth=None, valid_until=TONIGHT),
            Terms(role="owner", depth=None, windows=(WeeklyWindow(frozenset({0}), time(8), time(9)),)),
            Terms(rights=("look",), depth=None),
        )
    ):
        let_in(world.ours.reseller, person(f"Owner{number}"), terms, world.rita)

    with pytest.raises(Conflict) as refusal:
        granting.leave(by(world.rita), rita.key)
    assert refusal.value.code == "last-owner"

    let_in(world.ours.reseller, world.fremd, Terms(role="owner", depth=None), world.rita)
    granting.leave(by(world.rita), rita.key)
    assert not by(world.rita).may(LOOK, world.ours.reseller.place)


def test_owner_may_revoke_an_owner_also_if_an_older_grant_of_theirs_says_less(world: World) -> None:
    anna = person("Anna")
    let_in(world.ours.reseller, anna, Terms(rights=("people",)), world.rita)
    owner = Terms(role="owner", relation=Relation.STAFF, depth=None)
    key = let_in(world.ours.reseller, world.fremd, owner, world.rita)
    grant = grant_of(world, world.ours.reseller, key)
    with pytest.raises(Refused) as refusal:
        granting.revoke(by(anna), grant)
    assert refusal.value.code == "owner"
    let_in(world.ours.reseller, anna, owner, world.rita)

    granting.revoke(by(anna), grant)

    assert not by(world.fremd).may(LOOK, world.ours.reseller.place)


def test_token_that_reaches_a_part_only_does_not_revoke_owners_elsewhere(world: World) -> None:
    owner = Terms(role="owner", relation=Relation.STAFF, depth=None)
    grant = grant_of(world, world.ours.reseller, let_in(world.ours.reseller, world.fremd, owner, world.rita))
    narrow = holdings.of_person(world.rita, NOW, "api", Limit(place=world.ours.school.place))

    with pytest.raises(NotThere):
        granting.revoke(narrow, grant)


def test_mail_of_an_invitation_is_sent_again_while_it_can_be_answered(
    world: World, mailoutbox: list[EmailMessage]
) -> None:
    grant = granting.invite(by(world.rita), world.ours.depot, world.fremd.email, Terms(role="supporter"))
    secret = secret_of(grant)
    granting.resend(by(world.rita), grant)
    first, second = mailoutbox
    assert secret in first.body
    assert (second.to, second.subject, second.body) == ([world.fremd.email], first.subject, first.body)

    with pytest.raises(Conflict) as late:
        granting.resend(by(world.rita, NOW + granting.INVITATION_LASTS), grant)
    assert late.value.code == "invitation-expired"

    granting.accept(by(world.fremd), secret)
    with pytest.raises(Conflict) as answered:
        granting.resend(by(world.rita), grant)
    assert answered.value.code == "already-answered"


def test_windows_stay_on_the_clock_on_which_they_were_granted(world: World) -> None:
    """Else whoever configures a site could move their own hours."""
    school = world.ours.school
    morning = Terms(role="technician", windows=(WeeklyWindow(frozenset(range(7)), time(8), time(12)),))
    let_in(school, world.fremd, morning, world.rita)
    before = NOW + timedelta(days=1, hours=-4)  # 10:00 in Zurich
    assert by(world.fremd, before).may(CONFIGURE, school.place)

    operations.set_time_zone(by(world.fremd, before), school, "America/New_York")
    later = NOW + timedelta(days=14)
    expiry.look_ahead(program("worker", later))

    assert by(world.fremd, later - timedelta(hours=4)).may(LOOK, school.place)
    assert not by(world.fremd, later + timedelta(hours=2)).may(LOOK, school.place)  # 10:00 in New York
    let_in(school, world.nora, morning, world.rita, later)
    assert by(world.nora, later + timedelta(hours=2)).may(LOOK, school.place)


def test_declining_or_leaving_ends_what_was_offered(world: World) -> None:
    depot = world.ours.depot
    declined = granting.invite(by(world.rita), depot, world.fremd.email, Terms(role="supporter"))
    granting.decline(by(world.fremd), secret_of(declined))
    key = let_in(depot, world.fremd, Terms(role="supporter"), world.rita)
    with pytest.raises(NotThere):
        granting.leave(by(world.max), key)

    granting.leave(by(world.fremd, TONIGHT), key)

    assert not by(world.fremd, TONIGHT).may(LOOK, depot.place)
    ended = {view.key: view.state for view in queries.grants_on(by(world.rita, TONIGHT), depot, ended=True)}
    assert ended == {declined.series: "declined", key: "revoked"}
