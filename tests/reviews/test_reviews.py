"""Reviews of access: begun by hand or by plan, answered one by one, signed off by an owner, then unchangeable."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from furka.access.rights import PEOPLE
from furka.errors import Conflict, FurkaError, Invalid, NotThere, Refused
from furka.journal.models import Event
from furka.people.models import Person
from furka.reviews import operations, queries
from furka.reviews.models import Review, ReviewPlan
from furka.tree import granting
from furka.tree import queries as tree
from furka.tree.accesses import who_may
from furka.tree.granting import Relation, Terms
from furka.tree.models import Node
from furka.tree.operation import program
from tests.world import NOW, TONIGHT, World, by, let_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def review(world: World) -> Review:
    """Karl reviews his municipality: himself, Max and Sonja."""
    return operations.begin(by(world.karl), world.ours.customer)


def key_of(review: Review, name: str) -> str:
    [item] = [row for row in review.items.all() if row.content["person"]["name"] == name]
    return item.grant_key


def answer_all(world: World, review: Review, at: datetime = NOW) -> None:
    for item in queries.items_of(review, at):
        if item.is_open:
            operations.answer(by(world.karl, at), review, item.row.grant_key, "keep")


def names(found: list[queries.ItemView]) -> list[str]:
    return [item.row.content["person"]["name"] for item in found]


def test_review_asks_about_everything_on_the_level_and_below(world: World, review: Review) -> None:
    items = queries.items_of(review, NOW)

    assert names(items) == ["Karl", "Max", "Sonja"]
    assert [item.row.content["level"]["name"] for item in items] == [
        "Gemeinde Muster",
        "Schulhaus Muster",
        "Schulhaus Muster",
    ]
    assert review.due_at == NOW + timedelta(days=30)
    event = Event.objects.get(action="review.begun")
    assert (event.actor_name, event.after["number"]) == ("Karl", 3)


def test_whoever_comes_after_the_start_is_not_asked_about(world: World, review: Review) -> None:
    let_in(world.ours.school, world.fremd, Terms(role="viewer"), world.karl)
    granting.invite(by(world.karl), world.ours.school, "neu@example.org", Terms(role="viewer"))

    assert names(queries.items_of(review, NOW)) == ["Karl", "Max", "Sonja"]


def test_answers_are_kept_and_ends_are_real_at_once(world: World, review: Review) -> None:
    karl, school = by(world.karl), world.ours.school
    operations.answer(karl, review, key_of(review, "Karl"), "keep", remark="Eigentümer")
    operations.answer(karl, review, key_of(review, "Max"), "end")
    operations.answer(karl, review, key_of(review, "Sonja"), "shorten", NOW + HOUR)

    rows = {row.content["person"]["name"]: row for row in review.items.all()}
    assert (rows["Karl"].remark, rows["Sonja"].until) == ("Eigentümer", NOW + HOUR)
    assert "Max" not in {each.name for each in who_may(by(world.karl), school, NOW)}
    [sonja] = [view for view in tree.grants_on(karl, school) if view.name == "Sonja"]
    assert sonja.valid_until == NOW + HOUR
    told = Event.objects.filter(action="review.answered").order_by("id")
    assert [event.after["answer"] for event in told] == ["keep", "end", "shorten"]
    assert Event.objects.filter(action="grant.revoked").count() == 1


def test_an_answer_can_be_changed_until_the_end(world: World, review: Review) -> None:
    operations.answer(by(world.karl), review, key_of(review, "Max"), "keep")
    operations.answer(by(world.rita), review, key_of(review, "Max"), "end", remark="doch nicht")
    row = review.items.get(grant_key=key_of(review, "Max"))
    assert (row.answer, row.answered_name, row.remark) == ("end", "Rita", "doch nicht")
    with pytest.raises(Conflict):
        operations.answer(by(world.karl), review, key_of(review, "Max"), "keep")


@pytest.mark.parametrize(
    ("name", "chosen", "until", "code"),
    [
        ("Sonja", "shorten", TONIGHT, "not-shorter"),
        ("Sonja", "shorten", None, "until-missing"),
        ("Sonja", "shorten", NOW - HOUR, "ends-in-the-past"),
        ("Sonja", "perhaps", None, "answer-unknown"),
    ],
)
def test_wrong_answers_change_nothing(
    world: World, review: Review, name: str, chosen: str, until: datetime | None, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        operations.answer(by(world.karl), review, key_of(review, name), chosen, until)
    assert caught.value.code == code
    assert [row.answer for row in review.items.all()] == ["", "", ""]
    assert not Event.objects.filter(action__in=["review.answered", "grant.changed"]).exists()


def test_the_last_owner_can_not_be_reviewed_away(world: World) -> None:
    review = operations.begin(by(world.rita), world.ours.reseller)
    with pytest.raises(Conflict):
        operations.answer(by(world.rita), review, key_of(review, "Rita"), "end")
    assert review.items.get(grant_key=key_of(review, "Rita")).answer == ""


def test_what_ended_meanwhile_needs_no_answer(world: World, review: Review) -> None:
    at = TONIGHT + HOUR  # Sonja's access is over
    items = {item.row.content["person"]["name"]: item for item in queries.items_of(review, at)}
    assert (items["Sonja"].gone, items["Max"].gone) == (True, False)
    with pytest.raises(Conflict):
        operations.answer(by(world.karl, at), review, key_of(review, "Sonja"), "keep")
    answer_all(world, review, at)
    operations.sign(by(world.karl, at), review)
    assert Event.objects.get(action="review.signed").after["gone"] == 1


def test_signed_off_by_an_owner_when_everything_is_answered(world: World, review: Review) -> None:
    with pytest.raises(Conflict):
        operations.sign(by(world.karl), review)
    answer_all(world, review)
    helper = Terms(rights=("people",), relation=Relation.STAFF)
    let_in(world.ours.customer, world.fremd, helper, world.karl)
    with pytest.raises(Refused):
        operations.sign(by(world.fremd), review)

    signed = operations.sign(by(world.karl), review)

    assert (signed.signed_at, signed.signed_name) == (NOW, "Karl")
    items = queries.items_of(signed, NOW)
    assert signed.hash == queries.hash_of(queries.content_of(signed, items))
    assert Event.objects.get(action="review.signed").after["hash"] == signed.hash


def test_nothing_of_a_signed_review_changes(world: World, review: Review) -> None:
    answer_all(world, review)
    signed = operations.sign(by(world.karl), review)
    for change in (
        lambda: operations.answer(by(world.karl), review, key_of(review, "Max"), "end"),
        lambda: operations.sign(by(world.karl), review),
    ):
        with pytest.raises(Conflict):
            change()
    later = by(world.karl, NOW + DAY)
    granting.revoke(later, _row(world, "Max"))
    again = queries.review_of_key(later, world.ours.customer, signed.key)
    assert again is not None
    assert queries.hash_of(queries.content_of(again, queries.items_of(again, NOW + DAY))) == signed.hash


def _row(world: World, name: str) -> Any:
    karl = by(world.karl)
    [key] = [view.key for view in tree.grants_on(karl, world.ours.school) if view.name == name]
    row = tree.grant_of_key(karl, world.ours.school, key)
    assert row is not None
    return row


def test_one_review_of_a_level_at_a_time(world: World, review: Review) -> None:
    with pytest.raises(Conflict):
        operations.begin(by(world.rita), world.ours.customer)
    operations.begin(by(world.karl), world.ours.school)  # another level is another review


def test_only_whoever_administers_people_has_to_do_with_reviews(world: World, review: Review) -> None:
    for someone in (world.sonja, world.max, world.nora, world.fremd):
        acts = by(someone)
        assert queries.reviews_of(acts, world.ours.customer) == []
        assert queries.review_of_key(acts, world.ours.customer, review.key) is None
        assert queries.reviews_waiting(acts, world.ours.customer) == []
        for change in (
            lambda acts=acts: operations.begin(acts, world.ours.school),
            lambda acts=acts: operations.set_interval(acts, world.ours.school, 3),
            lambda acts=acts: operations.answer(acts, review, key_of(review, "Max"), "end"),
            lambda acts=acts: operations.sign(acts, review),
        ):
            with pytest.raises((NotThere, Refused)):
                change()


def test_what_waits_is_told_from_above_too(world: World, review: Review) -> None:
    operations.answer(by(world.karl), review, key_of(review, "Max"), "keep")
    [waiting] = queries.reviews_waiting(by(world.rita), world.ours.reseller)
    assert (waiting.review, waiting.open, waiting.is_overdue) == (review, 2, False)
    later = by(world.rita, NOW + 31 * DAY)
    assert queries.reviews_waiting(later, world.ours.reseller)[0].is_overdue


def look_after(at: datetime) -> int:
    return operations.look_after(program("worker", at))


def test_reviews_begin_by_plan_and_owners_are_told_once(world: World) -> None:
    operations.set_interval(by(world.karl), world.ours.customer, 3)
    plan = queries.plan_of(by(world.karl), world.ours.customer)
    assert plan is not None
    assert plan.next_at == datetime(2027, 2, 24, 13, tzinfo=NOW.tzinfo)
    mail.outbox.clear()

    assert look_after(plan.next_at - HOUR) == 0
    assert (look_after(plan.next_at), look_after(plan.next_at)) == (1, 0)

    [review] = queries.reviews_of(by(world.karl), world.ours.customer)
    assert review.begun_by is None
    assert [(sent.to, review.key in str(sent.body)) for sent in mail.outbox] == [(["karl@example.org"], True)]


def test_overdue_reviews_are_told_once(world: World, review: Review) -> None:
    mail.outbox.clear()
    assert look_after(review.due_at - HOUR) == 0
    assert (look_after(review.due_at), look_after(review.due_at + DAY)) == (1, 0)
    assert [sent.to for sent in mail.outbox] == [["karl@example.org"]]


def test_owners_above_are_told_where_a_level_has_none(world: World) -> None:
    review = operations.begin(by(world.rita), world.ours.depot)
    mail.outbox.clear()
    look_after(review.due_at)
    assert [sent.to for sent in mail.outbox] == [["rita@example.org"]]


def test_mails_speak_the_language_of_who_gets_them(world: World, review: Review) -> None:
    Person.objects.filter(pk=world.karl.pk).update(language="en")
    mail.outbox.clear()
    look_after(review.due_at)
    assert "is overdue" in mail.outbox[0].subject


def test_an_open_review_is_not_begun_a_second_time_by_plan(world: World, review: Review) -> None:
    operations.set_interval(by(world.karl), world.ours.customer, 3)
    plan = ReviewPlan.objects.visible_to(by(world.karl), PEOPLE).get()
    look_after(plan.next_at)
    assert len(queries.reviews_of(by(world.karl), world.ours.customer)) == 1


def test_interval_is_changed_and_taken_back(world: World) -> None:
    karl, level = by(world.karl), world.ours.customer
    operations.set_interval(karl, level, 12)
    operations.set_interval(karl, level, 12)  # once more is no change
    operations.set_interval(karl, level, None)
    assert queries.plan_of(karl, level) is None
    told = [(event.before["months"], event.after["months"]) for event in _events("review.interval")]
    assert told == [(None, 12), (12, None)]
    with pytest.raises(Invalid):
        operations.set_interval(karl, level, 5)


def test_the_last_day_of_a_month_stays_one(world: World) -> None:
    operations.set_interval(
        by(world.karl, datetime(2027, 1, 31, 9, tzinfo=NOW.tzinfo)), world.ours.customer, 3
    )
    plan = queries.plan_of(by(world.karl), world.ours.customer)
    assert plan is not None
    assert plan.next_at == datetime(2027, 4, 30, 9, tzinfo=NOW.tzinfo)


def test_a_deleted_level_is_not_reviewed(world: World) -> None:
    operations.set_interval(by(world.karl), world.ours.customer, 3)
    Node.objects.everything("a test").filter(pk=world.ours.customer.pk).update(deleted_at=NOW)
    assert look_after(NOW + 100 * DAY) == 0


def test_ends_that_can_not_be_made_leave_no_answer(world: World) -> None:
    """An operation inside another one: what the inner one refuses, the outer one does not keep."""
    review = operations.begin(by(world.rita), world.ours.reseller)
    with pytest.raises(FurkaError):
        operations.answer(by(world.rita), review, key_of(review, "Rita"), "shorten", NOW + HOUR)
    assert review.items.get(grant_key=key_of(review, "Rita")).answer == ""


def _events(action: str) -> list[Event]:
    return list(Event.objects.filter(action=action).order_by("id"))
