"""Überprüfungen: the pages of a review, from its beginning to its signature."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from furka.clock import FakeClock
from furka.reviews import operations, queries
from furka.reviews.models import Review
from furka.tree.accesses import who_may
from furka.tree.granting import Relation, Terms
from tests.portal.pages import count_queries, page, text_of, url
from tests.world import NOW, PASSWORD, World, by, let_in, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


@pytest.fixture
def review(world: World) -> Review:
    return operations.begin(by(world.karl), world.ours.school)


def of(world: World, review: Review, rest: str = "") -> str:
    return url(world.ours.school, f"reviews/{review.key}/{rest}")


def post(client: Client, address: str, **data: Any) -> Any:
    return client.post(address, data, headers={"accept-language": "en"})


def answers(review: Review) -> dict[str, str]:
    return {row.content["person"]["name"]: row.answer for row in review.items.all()}


def key_of(review: Review, name: str) -> str:
    return next(row.grant_key for row in review.items.all() if row.content["person"]["name"] == name)


def test_review_begins_by_hand_and_is_found_again(world: World, client: Client) -> None:
    assert "No review of this level" in text_of(page(client, world.karl, url(world.ours.school, "reviews/")))
    begun = post(client, url(world.ours.school, "reviews/begin/"))
    [review] = queries.reviews_of(by(world.karl), world.ours.school)

    assert begun.headers["Location"] == of(world, review)
    text = text_of(page(client, world.karl, of(world, review)))
    assert ("0 of 2 answered" in text, "Sonja" in text, "Max" in text) == (True, True, True)
    listed = text_of(page(client, world.karl, url(world.ours.school, "reviews/")))
    assert ("Go on with the review" in listed, "2 accesses without an answer" in listed) == (True, True)
    above = text_of(page(client, world.rita, url(world.ours.reseller, "reviews/")))
    assert "Under way on levels below" in above


def test_kept_with_one_press_and_the_rest_on_a_page(world: World, client: Client, review: Review) -> None:
    client.force_login(world.karl)
    kept = post(client, of(world, review, f"accesses/{key_of(review, 'Max')}/"), answer="keep")
    assert kept.headers["Location"] == of(world, review) + "#item-1"
    sonja = of(world, review, f"accesses/{key_of(review, 'Sonja')}/")
    asked = text_of(page(client, world.karl, sonja))
    assert "Does Sonja still need this access?" in asked
    post(client, sonja, answer="shorten", until="2026-11-24T16:00", remark="reicht")
    assert answers(review) == {"Max": "keep", "Sonja": "shorten"}
    text = text_of(page(client, world.karl, of(world, review)))
    assert ("Everything is answered" in text, "reicht" in text, "Sign off" in text) == (False, True, True)


def test_wrong_answer_is_said_beside_the_field_and_nothing_is_lost(
    world: World, client: Client, review: Review
) -> None:
    client.force_login(world.karl)
    address = of(world, review, f"accesses/{key_of(review, 'Sonja')}/")
    answer = post(client, address, answer="shorten", remark="bleibt stehen")
    text = text_of(answer)
    assert answer.status_code == 422
    assert ("Please enter the moment of the end." in text, "bleibt stehen" in text) == (True, True)
    late = text_of(post(client, address, answer="shorten", until="2026-11-25T16:00"))
    assert "must lie before the present one" in late
    assert answers(review)["Sonja"] == ""


def test_ended_access_is_over_at_once(world: World, client: Client, review: Review) -> None:
    client.force_login(world.karl)
    post(client, of(world, review, f"accesses/{key_of(review, 'Sonja')}/"), answer="end")
    assert "Sonja" not in {each.name for each in who_may(by(world.karl), world.ours.school, NOW)}


def test_signing_takes_a_fresh_login_an_owner_and_all_answers(
    world: World, client: Client, review: Review
) -> None:
    world.karl.set_password(PASSWORD)
    world.karl.save()
    client.force_login(world.karl)
    asked = client.get(of(world, review, "sign/"))
    assert asked.headers["Location"].startswith("/account/reauthenticate/")
    assert post(client, of(world, review, "sign/")).headers["Location"] == of(world, review, "sign/")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert "2 accesses have no answer yet" in text_of(
        client.get(of(world, review, "sign/"), headers={"accept-language": "en"})
    )
    for name in ("Max", "Sonja"):
        operations.answer(by(world.karl), review, key_of(review, name), "keep")
    post(client, of(world, review, "sign/"))

    signed = queries.review_of_key(by(world.karl), world.ours.school, review.key)
    assert signed is not None
    assert signed.signed_name == "Karl"
    text = text_of(page(client, world.karl, of(world, review)))
    assert ("signed off" in text, signed.hash in text, "Otherwise" in text) == (True, True, False)
    paper = page(client, world.karl, of(world, review, "pdf/"))
    assert paper.content.startswith(b"%PDF-")


def test_signing_by_somebody_who_does_not_own_the_level_is_refused(
    world: World, client: Client, review: Review
) -> None:
    helper = person("Helfer", password=PASSWORD)
    let_in(world.ours.school, helper, Terms(rights=("people",), relation=Relation.STAFF), world.karl)
    for name in ("Max", "Sonja"):
        operations.answer(by(world.karl), review, key_of(review, name), "keep")
    client.force_login(helper)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert "An owner of this level can sign" in text_of(page(client, helper, of(world, review)))
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert post(client, of(world, review, "sign/")).status_code == 403


def test_paper_exists_once_it_is_signed(world: World, client: Client, review: Review) -> None:
    assert page(client, world.karl, of(world, review, "pdf/")).headers["Location"] == of(world, review)


def test_interval_is_chosen_on_the_page(world: World, client: Client) -> None:
    client.force_login(world.karl)
    post(client, url(world.ours.school, "reviews/interval/"), months="6")
    text = text_of(page(client, world.karl, url(world.ours.school, "reviews/")))
    assert "The next one begins by itself on Mon 24 May 2027" in text
    assert post(client, url(world.ours.school, "reviews/interval/"), months="5").status_code == 422
    post(client, url(world.ours.school, "reviews/interval/"), months="")
    assert queries.plan_of(by(world.karl), world.ours.school) is None


def test_overdue_is_said(world: World, client: Client, review: Review, fake_clock: FakeClock) -> None:
    fake_clock.advance(timedelta(days=31))
    for address in (url(world.ours.school, "reviews/"), of(world, review)):
        assert "overdue" in text_of(page(client, world.karl, address))


def test_queries_of_a_review_do_not_grow_with_it(world: World, client: Client) -> None:
    small = operations.begin(by(world.karl), world.ours.school)
    few = count_queries(client, world.karl, of(world, small))
    for number in range(5):
        let_in(world.ours.customer, person(f"Neu{number}"), Terms(role="viewer"), world.karl)
    big = operations.begin(by(world.karl), world.ours.customer)
    assert count_queries(client, world.karl, url(world.ours.customer, f"reviews/{big.key}/")) <= few
