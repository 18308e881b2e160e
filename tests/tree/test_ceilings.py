"""The owner's ceiling: what the owner of a customer or a site leaves to others, who may say so, and what follows."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from furka.access.policy import Reason
from furka.access.rights import CONFIGURE, JOURNAL, LOOK, PEOPLE
from furka.access.windows import WeeklyWindow
from furka.dispatch.models import PlanEntry
from furka.errors import Conflict, Invalid, Refused
from furka.gate.tokens import ActingWithToken, acting_with, issue_token
from furka.journal.models import Event
from furka.people.models import Person
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import ceilings, granting
from furka.tree.ceilings import Ceiling, CeilingTerms, ceilings_limiting, lift_ceiling, set_ceiling
from furka.tree.granting import Relation, Terms
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.second_factor import second_factor_changed
from furka.tree.staff import open_operator_session
from tests.world import NOW, World, by, let_in

LOOKING_ONLY = CeilingTerms(rights=(LOOK.key,))
OFFICE_HOURS = WeeklyWindow(frozenset(range(5)), time(8), time(18))
AT_NIGHT = WeeklyWindow(frozenset(range(7)), time(22), time(4))


def doors(site: Node, person: Person) -> int:
    rows = PlanEntry.objects.filter(gone=False, site_id=site.pk, person_id=person.pk)
    return rows.count()


def gets_second_factor(person: Person) -> None:
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    second_factor_changed(by(person))


def test_customer_leaves_looking_to_the_reseller_and_doors_close_at_once(world: World) -> None:
    school = world.ours.school
    assert doors(school, world.rita) == doors(school, world.sonja) == 1
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)

    for limited in (world.rita, world.sonja):
        assert by(limited).may(LOOK, school.place)
        assert by(limited).decide(USE_REMOTE_ACCESS, school.place).reason is Reason.CEILING
        assert not by(limited).may(USE_REMOTE_ACCESS, school.place)
        assert doors(school, limited) == 0
    assert by(world.rita).decide(CONFIGURE, school.place).reason is Reason.CEILING
    assert by(world.karl).may(CONFIGURE, school.place)
    assert by(world.rita).may(CONFIGURE, world.ours.depot.place)
    assert doors(world.ours.depot, world.rita) == 1

    lift_ceiling(by(world.karl), world.ours.customer)
    assert by(world.rita).may(CONFIGURE, school.place)
    assert doors(school, world.rita) == 1
    said = list(Event.objects.filter(action__startswith="ceiling.").values_list("action", flat=True))
    assert said == ["ceiling.lifted", "ceiling.set"]


def test_lists_of_whoever_is_limited_leave_the_level_out(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)
    listed = set(Node.objects.visible_to(by(world.rita), JOURNAL).values_list("name", flat=True))
    assert listed == {world.ours.reseller.name, world.ours.depot.name}
    assert world.ours.school in Node.objects.visible_to(by(world.rita), LOOK)


def test_reseller_can_neither_set_nor_lift_what_its_customer_decides(world: World) -> None:
    for at in (world.ours.customer, world.ours.school):
        with pytest.raises(Refused) as refused:
            set_ceiling(by(world.rita), at, LOOKING_ONLY)
        assert refused.value.code == "ceiling-owner"
    set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(rights=(LOOK.key, PEOPLE.key)))
    with pytest.raises(Refused):
        lift_ceiling(by(world.rita), world.ours.customer)
    assert ceilings.may_set(by(world.karl), world.ours.school)
    assert ceilings.may_set(by(world.rita), world.ours.depot)
    assert not ceilings.may_set(by(world.rita), world.ours.school)


def test_whoever_is_limited_lets_in_supporters_but_no_staff_of_the_owner(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(rights=(LOOK.key, PEOPLE.key)))
    staff = Terms(role="viewer", relation=Relation.STAFF)
    for level in (world.ours.customer, world.ours.school):
        with pytest.raises(Invalid) as refused:
            granting.invite(by(world.rita), level, "new@example.org", staff)
        assert refused.value.code == "staff"
    granting.invite(by(world.rita), world.ours.school, "new@example.org", Terms(role="viewer"))
    granting.invite(by(world.karl), world.ours.customer, "own@example.org", staff)


def test_hours_of_the_owner_bind_others_and_end_in_the_plan(world: World) -> None:
    """NOW is a Tuesday, 14:00; Sonja is let in until 18:00, the reseller without end."""
    school = world.ours.school
    set_ceiling(by(world.karl), school, CeilingTerms(windows=(AT_NIGHT,)))
    assert by(world.rita).decide(CONFIGURE, school.place).reason is Reason.CEILING_HOURS
    late = NOW + timedelta(hours=9)
    assert by(world.rita, late).may(CONFIGURE, school.place)
    assert not by(world.rita, NOW + timedelta(hours=15)).may(CONFIGURE, school.place)
    assert doors(school, world.sonja) == 0

    set_ceiling(by(world.karl), school, CeilingTerms(windows=(OFFICE_HOURS,)))
    rows = PlanEntry.objects.filter(gone=False, site_id=school.pk, person_id=world.rita.pk)
    first = min(row.body["not_after"] for row in rows)
    assert first.startswith("2026-11-24T17:00")


def test_hours_go_on_for_weeks_as_long_as_a_worker_runs(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.school, CeilingTerms(windows=(OFFICE_HOURS,)))
    assert ceilings.look_ahead(program("worker", NOW)) == 0
    later = NOW + timedelta(days=30)
    assert ceilings.look_ahead(program("worker", later)) == 1
    assert ceilings.look_ahead(program("worker", later)) == 0
    assert by(world.rita, NOW + timedelta(days=56)).may(CONFIGURE, world.ours.school.place)


def test_approval_is_asked_of_others_and_not_of_the_owners_people(world: World) -> None:
    terms = CeilingTerms(approval=(USE_REMOTE_ACCESS.key,))
    set_ceiling(by(world.karl), world.ours.customer, terms)
    assert by(world.rita).decide(USE_REMOTE_ACCESS, world.ours.school.place).reason is Reason.APPROVAL
    assert by(world.rita).may(CONFIGURE, world.ours.school.place)
    assert by(world.karl).may(USE_REMOTE_ACCESS, world.ours.school.place)
    assert doors(world.ours.school, world.sonja) == 0


def test_second_factor_is_asked_of_everybody_and_counts_the_moment_it_is_there(world: World) -> None:
    gets_second_factor(world.karl)
    set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(two_factor=True))
    school = world.ours.school
    assert by(world.sonja).decide(USE_REMOTE_ACCESS, school.place).reason is Reason.TWO_FACTOR
    assert (by(world.sonja).may(LOOK, school.place), doors(school, world.sonja)) == (True, 0)
    gets_second_factor(world.sonja)
    assert (by(world.sonja).may(USE_REMOTE_ACCESS, school.place), doors(school, world.sonja)) == (True, 1)
    Authenticator.objects.filter(user=world.sonja).delete()
    second_factor_changed(by(world.sonja))
    assert (by(world.sonja).may(USE_REMOTE_ACCESS, school.place), doors(school, world.sonja)) == (False, 0)


def test_nobody_locks_themselves_out(world: World) -> None:
    with pytest.raises(Conflict) as refused:
        set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(two_factor=True))
    assert refused.value.code == "ceiling-lock-out"
    assert not Ceiling.objects.everything("a test looks").exists()


def test_reseller_asks_its_own_people_for_a_second_factor_and_limits_nobody_else(world: World) -> None:
    gets_second_factor(world.rita)
    with pytest.raises(Invalid):
        set_ceiling(by(world.rita), world.ours.reseller, LOOKING_ONLY)
    set_ceiling(by(world.rita), world.ours.reseller, CeilingTerms(two_factor=True))
    assert by(world.karl).decide(CONFIGURE, world.ours.school.place).reason is Reason.TWO_FACTOR
    assert by(world.rita).may(CONFIGURE, world.ours.school.place)


def test_operators_are_limited_like_everybody_else(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)
    open_operator_session(by(world.fremd), world.fremd, "A test")
    assert by(world.fremd).may(CONFIGURE, world.ours.depot.place)
    assert not by(world.fremd).may(CONFIGURE, world.ours.school.place)
    listed = Node.objects.visible_to(by(world.fremd), CONFIGURE)
    assert world.ours.depot in listed
    assert world.ours.school not in listed


def test_token_does_not_get_around_what_the_owner_leaves(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)
    token = issue_token(by(world.rita), "Script", NOW + timedelta(days=1)).token
    acts = ActingWithToken(token, NOW, None)
    assert not acts.may(CONFIGURE, world.ours.school.place)
    assert world.ours.school not in Node.objects.visible_to(acts, CONFIGURE)


def test_whom_it_limits_is_told_and_nobody_else(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)
    assert [row.node for row in ceilings_limiting(by(world.sonja), world.ours.school)] == [
        world.ours.customer
    ]
    assert [row.node for row in ceilings_limiting(by(world.rita), world.ours.school)] == [world.ours.customer]
    assert ceilings_limiting(by(world.karl), world.ours.school) == []
    assert ceilings_limiting(by(world.nora), world.ours.school) == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (CeilingTerms(rights=("nonsense",)), "rights"),
        (CeilingTerms(approval=(LOOK.key,)), "approval"),
        (CeilingTerms(emergency=True), "emergency"),
    ],
)
def test_terms_that_make_no_sense_are_refused_at_their_field(
    world: World, terms: CeilingTerms, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_ceiling(by(world.karl), world.ours.customer, terms)
    assert field in refused.value.fields


def test_past_ceilings_answer_for_their_time(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)
    later = NOW + timedelta(hours=2)
    lift_ceiling(by(world.karl, later), world.ours.customer)
    school = world.ours.school.place
    assert by(world.rita, NOW - timedelta(minutes=1)).may(CONFIGURE, school)
    assert not by(world.rita, NOW + timedelta(hours=1)).may(CONFIGURE, school)
    assert by(world.rita, later).may(CONFIGURE, school)


def test_archived_level_keeps_only_what_brings_it_back(world: World) -> None:
    site = world.ours.depot
    site.archived_at = NOW
    site.save(update_fields=["archived_at"])
    assert by(world.rita).decide(CONFIGURE, site.place).reason is Reason.ARCHIVED
    assert all(by(world.rita).may(right, site.place) for right in (LOOK, JOURNAL, PEOPLE))
    assert site not in Node.objects.visible_to(by(world.rita), CONFIGURE)


def test_supporter_of_the_whole_reseller_is_limited_at_its_customers(world: World) -> None:
    let_in(world.ours.reseller, world.fremd, Terms(role="technician"), world.rita)
    set_ceiling(by(world.karl), world.ours.customer, CeilingTerms(rights=(LOOK.key, JOURNAL.key)))
    listed = Node.objects.visible_to(by(world.fremd), CONFIGURE)
    assert set(listed.values_list("name", flat=True)) == {world.ours.reseller.name, world.ours.depot.name}


def test_rights_of_many_levels_are_read_at_once_and_the_same(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)
    ours = world.ours
    places = [node.place for node in (ours.reseller, ours.customer, ours.school, ours.depot)]
    one_by_one, at_once = by(world.rita), by(world.rita)
    asked = [one_by_one.may(CONFIGURE, place) for place in places]

    with CaptureQueriesContext(connection) as captured:
        at_once.foresee(places)
        assert [at_once.may(CONFIGURE, place) for place in places] == asked == [True, False, False, True]
    read = [each["sql"] for each in captured.captured_queries if "tree_ceiling" in each["sql"].lower()]
    assert len([sql for sql in read if "interval" not in sql.lower()]) == 1
    assert [at_once.ceilings_over(place) for place in places] == [
        one_by_one.ceilings_over(place) for place in places
    ]

    lift_ceiling(by(world.karl), ours.customer)
    at_once.forget()
    assert at_once.may(CONFIGURE, ours.school.place)


def test_token_for_one_right_is_limited_like_its_person(world: World) -> None:
    set_ceiling(by(world.karl), world.ours.customer, LOOKING_ONLY)
    issued = issue_token(by(world.rita), "Programm", NOW + timedelta(days=1), rights=[CONFIGURE.key])
    token = acting_with(issued.secret, NOW)
    assert token is not None

    assert not token.may(CONFIGURE, world.ours.school.place)
    assert world.ours.school not in Node.objects.visible_to(token, CONFIGURE)
    assert world.ours.depot in Node.objects.visible_to(token, CONFIGURE)
