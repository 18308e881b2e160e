"""Nothing about people is forgotten to be exported, or to be forgotten: found out by looking at every table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from furka import personal
from furka.account import closing
from furka.account.export import export_of
from furka.inventory.imports import begin_import_of_rows
from furka.inventory.views import save_view
from furka.people.models import Person
from furka.reviews import operations as reviews
from furka.reviews.models import Review
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import answering, ceilings, entering, granting, requesting
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Relation, Terms
from furka.tree.operation import program
from furka.tree.queries import grants_on
from furka.tree.requesting import Wish
from furka.tree.requests import request_of_key
from furka.viewing import operations as viewing
from tests.world import NOW, World, a_login, a_request, by, let_in

#: Links to a person that need no place in the export, and why. Whoever adds one says it here.
NOT_EXPORTED = {
    "tree_grantinterval.person_id": "what a grant is worked out to; the grant is there",
    "tree_grant.ended_by_id": "that somebody did it stands in what they did",
    "tree_extensionrequest.answered_by_id": "that somebody did it stands in what they did",
    "tree_accessrequest.answered_by_id": "that somebody did it stands in what they did",
    "tree_levelrole.created_by_id": "that somebody did it stands in what they did",
    "tree_moveoffer.answered_by_id": "that somebody did it stands in what they did",
    "tree_ceiling.set_by_id": "that somebody did it stands in what they did",
}

#: Texts that keep a name for good, because they are records.
RECORDS = {
    "journal_event": "the journal keeps who did what, by the name of that time",
    "reviews_review.signed_name": "who signed, as the checksum in the journal says",
    "reviews_reviewitem.answered_name": "who decided about an access",
}


def links_to_people() -> list[str]:
    """Every column that points to an account."""
    return [
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is Person
    ]


def test_export_asks_every_table_that_points_to_a_person(world: World) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        export_of(by(world.sonja))
    statements = " ".join(query["sql"] for query in asked.captured_queries)
    links = links_to_people()
    missing = [link for link in links if '"{}"."{}" = '.format(*link.split(".")) not in statements]
    assert sorted(missing) == sorted(NOT_EXPORTED), "a PersonalData of the room has to read it"
    assert set(NOT_EXPORTED) <= set(links)


def traces(needle: str) -> Iterator[str]:
    """The columns of any table in which a text is found."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                for value in model._base_manager.values_list(field.attname, flat=True):
                    if needle in str(value).lower():
                        yield f"{model._meta.db_table}.{field.column}"


@pytest.fixture
def busy(world: World) -> World:
    """Sonja did everything that one can do and that is kept."""
    ours, rita, karl = world.ours, by(world.rita), by(world.karl)
    staff = Terms(rights=("look", "structure"), relation=Relation.STAFF)
    let_in(ours.reseller, world.sonja, staff, world.rita)
    sonja = by(world.sonja)
    granting.invite(rita, ours.depot, world.sonja.email, Terms(role="viewer"))
    a_login(world.sonja)
    begin_import_of_rows(sonja, ours.reseller, [{"site": "Sonjas Turnhalle"}])
    save_view(sonja, ours.reseller, "sites", "Sonjas Blick", {"attention": "1"})
    viewing.begin(karl, ours.school, world.sonja)
    signed = reviews.begin(karl, ours.customer)
    for item in signed.items.all():
        reviews.answer(karl, signed, item.grant_key, "keep", remark="kennt die Heizung")
    reviews.sign(karl, signed)
    reviews.begin(karl, ours.school)
    return world


def test_nothing_says_who_it_was_after_an_account_is_forgotten(busy: World) -> None:
    before = set(traces("sonja"))
    assert {"people_person.email", "inventory_savedview.name", "reviews_reviewitem.content"} <= before
    closing.close_account(by(busy.sonja))
    assert closing.forget_closed(program("worker", NOW + closing.UNDO)) == 1
    left = {each for each in traces("sonja") if not {each, each.partition(".")[0]} & set(RECORDS)}
    assert left <= {"reviews_reviewitem.content"}
    for review in Review.objects.everything("a test"):
        said = any("sonja" in str(item.content) for item in review.items.all())
        assert said == (review.signed_at is not None), "signed off: word for word; open: forgotten"


def test_requests_are_in_the_export_and_only_what_let_somebody_in_stays(world: World) -> None:
    withdrawn = a_request(world)
    requesting.withdraw(by(world.sonja), withdrawn)
    karl, school = by(world.karl), world.ours.school
    ceilings.set_ceiling(karl, school, CeilingTerms(approval=(USE_REMOTE_ACCESS.key,)))
    used = requesting.ask(by(world.sonja), school, Wish((USE_REMOTE_ACCESS.key,), 60, "Brenner")).key
    asked = request_of_key(by(world.karl), school, used)
    assert asked is not None
    answering.approve(by(world.karl), asked)
    entering.begin(by(world.sonja), used)
    rows = export_of(by(world.sonja))["requests"]
    assert [(row["key"], row["outcome"], row["reason"]) for row in rows] == [
        (withdrawn, "withdrawn", "Störung"),
        (used, "running", "Brenner"),
    ]
    closing.close_account(by(world.sonja))
    closing.forget_closed(program("worker", NOW + closing.UNDO + timedelta(hours=1)))
    assert request_of_key(by(world.karl), school, withdrawn) is None
    kept = request_of_key(by(world.karl), school, used)
    assert kept is not None
    assert kept.reason == "Brenner"


def test_views_and_reviews_are_in_the_export_of_both_sides(busy: World) -> None:
    sonja, karl = export_of(by(busy.sonja)), export_of(by(busy.karl))
    assert [row["seen_by"] for row in sonja["views"]] == ["Karl"]
    assert [row["seen_as"] for row in karl["views"]] == ["Sonja"]
    assert "kennt die Heizung" in [row["remark"] for row in sonja["reviews"]]
    assert [row["signed_by_you"] for row in karl["reviews_led"]] == [True, False]
    assert [row["name"] for row in sonja["views_of_lists"]] == ["Sonjas Blick"]
    invited = [row for row in sonja["access"] if row["level"] == busy.ours.depot.name]
    assert [row["state"] for row in invited] == ["invited"]
    assert len(grants_on(by(busy.rita), busy.ours.depot)) >= 1
    assert {kind.key for kind in personal.kinds()} == set(sonja)
