"""Changing access from the list and on its page; the list searched, filtered, in an order; several at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from furka.clock import FakeClock
from furka.people.models import Person
from furka.portal.typos import likely_meant
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import changing, extending, queries, roles
from furka.tree.changing import Longer
from furka.tree.granting import Relation, Terms
from furka.tree.models import Node
from furka.tree.queries import GrantView
from furka.tree.site_users import make_link
from tests.world import NOW, TONIGHT, YESTERDAY, World, by, let_in, person

pytestmark = pytest.mark.django_db

SITE_USER = Terms(role="site-user", relation=Relation.SITE_USER)

#: Terms as the form sends them when nothing is touched.
UNTOUCHED = {
    "role": "supporter",
    "begins": "",
    "ends": "",
    "hours": "",
    "relation": "supporter",
    "reason": "Störung",
}


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def read(client: Client, someone: Person, address: str) -> str:
    client.force_login(someone)
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def post(client: Client, someone: Person, address: str, data: dict[str, Any]) -> HttpResponse:
    client.force_login(someone)
    return client.post(address, data, headers={"accept-language": "en"})  # type: ignore[return-value]


def url(node: Node, rest: str = "") -> str:
    return f"/levels/{node.key}/people/{rest}"


def grant_of(world: World, name: str, node: Node | None = None) -> GrantView:
    views = queries.grants_on(by(world.rita), node or world.ours.school)
    return next(view for view in views if view.name == name or view.email == name)


# --- One click -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("longer", "end"),
    [
        ("1h", TONIGHT + timedelta(hours=1)),
        ("4h", TONIGHT + timedelta(hours=4)),
        ("1d", TONIGHT + timedelta(days=1)),
        ("1w", TONIGHT + timedelta(weeks=1)),
        ("open", None),
    ],
)
def test_access_is_extended_with_one_click(world: World, client: Client, longer: str, end: object) -> None:
    grant = grant_of(world, "Sonja")
    answer = post(
        client,
        world.karl,
        url(world.ours.school, f"{grant.key}/extend/"),
        {"longer": longer, "version": grant.version, "back": url(world.ours.school) + "?state=ends"},
    )
    assert answer.headers["Location"] == url(world.ours.school) + "?state=ends"
    assert grant_of(world, "Sonja").valid_until == end


def test_second_click_on_an_old_page_extends_once(world: World, client: Client) -> None:
    grant = grant_of(world, "Sonja")
    for _ in range(2):
        post(
            client,
            world.karl,
            url(world.ours.school, f"{grant.key}/extend/"),
            {"longer": "1h", "version": grant.version},
        )
    assert grant_of(world, "Sonja").valid_until == TONIGHT + timedelta(hours=1)
    assert "has changed this access meanwhile" in read(client, world.karl, url(world.ours.school))


def test_pause_and_resume_from_the_list(world: World, client: Client, fake_clock: FakeClock) -> None:
    key, school = grant_of(world, "Sonja").key, world.ours.school
    post(client, world.karl, url(school, f"{key}/pause/"), {})
    assert not by(world.sonja).may(USE_REMOTE_ACCESS, school.place)
    text = read(client, world.karl, url(school))
    assert ("paused" in text, f"{key}/resume/" in text) == (True, True)

    fake_clock.advance(timedelta(minutes=1))
    post(client, world.karl, url(school, f"{key}/resume/"), {})
    assert by(world.sonja, NOW + timedelta(minutes=1)).may(USE_REMOTE_ACCESS, school.place)


def test_what_has_ended_meanwhile_is_said(world: World, client: Client) -> None:
    key, school = grant_of(world, "Sonja").key, world.ours.school
    post(client, world.karl, url(school, f"{key}/revoke/"), {})
    for rest in ("extend/", "pause/", "resume/", "change/"):
        data = {"longer": "1h"} if rest == "extend/" else {}
        assert post(client, world.karl, url(school, f"{key}/{rest}"), data).status_code == 302
        assert "already ended" in read(client, world.karl, url(school))


def test_nothing_is_done_for_a_level_elsewhere(world: World, client: Client) -> None:
    key = grant_of(world, "Sonja").key
    for rest in ("extend/", "pause/", "resume/", "change/"):
        data = {"longer": "1h"}
        assert post(client, world.rita, url(world.ours.depot, f"{key}/{rest}"), data).status_code == 404
        assert post(client, world.nora, url(world.ours.school, f"{key}/{rest}"), data).status_code == 404
        assert post(client, world.sonja, url(world.ours.school, f"{key}/{rest}"), data).status_code == 403


def test_answer_leads_to_pages_of_the_portal_only(world: World, client: Client) -> None:
    key = grant_of(world, "Sonja").key
    for back in ("https://example.com/", "//example.com", "javascript:alert(1)"):
        answer = post(client, world.karl, url(world.ours.school, f"{key}/pause/"), {"back": back})
        assert answer.headers["Location"] == url(world.ours.school)


# --- The page --------------------------------------------------------------------------------------------------------


def test_change_page_shows_what_holds_and_keeps_what_is_not_touched(world: World, client: Client) -> None:
    grant = grant_of(world, "Sonja")
    address = url(world.ours.school, f"{grant.key}/change/")
    assert "What holds now" in read(client, world.rita, address)

    data = {**UNTOUCHED, "role": "technician", "version": grant.version}
    assert post(client, world.rita, address, data).status_code == 302

    changed = grant_of(world, "Sonja")
    assert (changed.role, changed.valid_until, changed.reason) == ("technician", TONIGHT, "Störung")


def test_hours_are_painted_or_typed(world: World, client: Client) -> None:
    painted = [{"weekdays": [0, 1], "begins": "07:00", "ends": "18:00"}]
    typed = {"windows-0-days": ["0", "1"], "windows-0-begins": "07:00", "windows-0-ends": "18:00"}
    for hours in ({"windows": json.dumps(painted)}, typed):
        grant = grant_of(world, "Sonja")
        data = {**UNTOUCHED, "hours": "weekly", "version": grant.version, **hours}
        post(client, world.rita, url(world.ours.school, f"{grant.key}/change/"), data)
        assert list(grant_of(world, "Sonja").windows) == painted
        now = grant_of(world, "Sonja").version
        post(
            client,
            world.rita,
            url(world.ours.school, f"{grant.key}/change/"),
            {**UNTOUCHED, "version": now},
        )
        assert grant_of(world, "Sonja").windows == ()


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"windows": "[]"},
        {"windows": "{"},
        {"windows": '[{"weekdays": [9], "begins": "07:00", "ends": "18:00"}]'},
        {"windows": "[" * 9000},
        {"windows-0-days": ["0"], "windows-0-begins": "25:00", "windows-0-ends": "x"},
        {"windows-0-begins": "07:00", "windows-0-ends": "18:00"},
    ],
)
def test_hours_that_make_no_sense_are_said_at_the_week(
    world: World, client: Client, hours: dict[str, object]
) -> None:
    grant = grant_of(world, "Sonja")
    data = {**UNTOUCHED, "hours": "weekly", "version": grant.version, **hours}
    answer = post(client, world.rita, url(world.ours.school, f"{grant.key}/change/"), data)
    assert (answer.status_code, 'id="id_windows_errors"' in answer.content.decode()) == (422, True)


def test_two_administrators_at_once_and_nothing_typed_is_lost(world: World, client: Client) -> None:
    grant = grant_of(world, "Sonja")
    row = queries.grant_of_key(by(world.karl), world.ours.school, grant.key)
    assert row is not None
    changing.extend(by(world.karl), row, Longer(span=timedelta(hours=1)))
    data = {**UNTOUCHED, "role": "technician", "reason": "Ich war es", "version": grant.version}
    address = url(world.ours.school, f"{grant.key}/change/")

    answer = post(client, world.rita, address, data)
    text = " ".join(answer.content.decode().split())
    assert answer.status_code == 422
    assert ("Karl has changed this access meanwhile (end)" in text, 'value="Ich war es"' in text) == (
        True,
        True,
    )
    version = grant_of(world, "Sonja").version
    assert f'value="{version}"' in text

    assert post(client, world.rita, address, {**data, "version": version}).status_code == 302
    changed = grant_of(world, "Sonja")
    assert (changed.role, changed.valid_until) == ("technician", TONIGHT + timedelta(hours=1))


# --- Several ---------------------------------------------------------------------------------------------------------


def test_several_are_extended_paused_and_revoked_together(world: World, client: Client) -> None:
    anna = person("Anna")
    let_in(world.ours.depot, anna, Terms(role="supporter", valid_until=TONIGHT), world.rita)
    keys = [grant_of(world, "Sonja").key, grant_of(world, "Anna", world.ours.depot).key]
    address = url(world.ours.reseller, "several/")

    post(client, world.rita, address, {"chosen": keys, "act": "extend", "longer": "1d"})
    assert grant_of(world, "Anna", world.ours.depot).valid_until == TONIGHT + timedelta(days=1)
    assert "2 accesses extended" in read(client, world.rita, url(world.ours.reseller))
    post(client, world.rita, address, {"chosen": keys, "act": "pause"})
    assert grant_of(world, "Sonja").state == "paused"
    post(client, world.rita, address, {"chosen": keys, "act": "resume"})
    post(client, world.rita, address, {"chosen": keys, "act": "revoke"})
    assert not by(anna).may(USE_REMOTE_ACCESS, world.ours.depot.place)


def test_one_that_does_not_fit_stops_all_and_is_named(world: World, client: Client) -> None:
    keys = [grant_of(world, "Sonja").key, grant_of(world, "Max").key]  # Max has no end
    post(
        client,
        world.rita,
        url(world.ours.school, "several/"),
        {"chosen": keys, "act": "extend", "longer": "1h"},
    )
    text = read(client, world.rita, url(world.ours.school))
    assert ("Nothing was changed" in text, "Max: This access already has no end" in text) == (True, True)
    assert grant_of(world, "Sonja").valid_until == TONIGHT


@pytest.mark.parametrize("data", [{}, {"act": "fly"}, {"act": "pause"}, {"act": "extend", "longer": "9y"}])
def test_nothing_chosen_or_nothing_known_is_a_sentence(
    world: World, client: Client, data: dict[str, str]
) -> None:
    assert post(client, world.rita, url(world.ours.school, "several/"), data).status_code == 302


# --- The list --------------------------------------------------------------------------------------------------------


def test_list_is_searched_filtered_and_ordered(world: World, client: Client) -> None:
    school = world.ours.school

    def shown(query: str) -> tuple[bool, bool]:
        text = read(client, world.rita, url(school) + query)
        return "Sonja" in text, ">Max<" in text

    assert shown("") == (True, True)
    assert shown("?q=sonj") == (True, False)
    assert shown("?q=Störung") == (True, False)
    assert shown("?state=ends") == (True, False)
    assert shown("?state=paused") == (False, False)
    assert shown("?state=upcoming") == (False, False)
    assert shown("?state=active") == (True, True)
    assert shown("?relation=staff") == (False, False)
    assert shown("?sort=name&cursor=nonsense") == (True, True)
    assert shown("?sort=king&state=king&relation=king") == (True, True)


def test_those_below_are_shown_on_request_and_never_elsewhere(world: World, client: Client) -> None:
    assert "Sonja" not in read(client, world.rita, url(world.ours.reseller))
    text = read(client, world.rita, url(world.ours.reseller) + "?below=yes")
    assert ("Sonja" in text, "Schulhaus Muster" in text, "Nora" in text) == (True, True, False)
    assert f"/levels/{world.ours.school.key}/people/{grant_of(world, 'Sonja').key}/pause/" in text


def test_staff_and_supporters_stand_apart(world: World, client: Client) -> None:
    let_in(world.ours.school, person("Anna"), Terms(role="technician", relation=Relation.STAFF), world.rita)
    text = read(client, world.rita, url(world.ours.school))
    assert (
        text.index(">Supporters</h2>")
        < text.index("Sonja")
        < text.index(">Staff</h2>")
        < text.index(">Anna<")
    )


# --- Inviting --------------------------------------------------------------------------------------------------------

GOOD = {"email": "neu@example.org", "role": "supporter", "ends": "4h"}


def test_several_addresses_with_terms_in_full(world: World, client: Client) -> None:
    data = {
        **GOOD,
        "email": "a@example.org, b@example.org;c@example.org",
        "role": "-",
        "rights": ["journal", "people"],
        "begins": "moment",
        "valid_from": "2026-11-25T08:00",
        "hours": "weekly",
        "windows": '[{"weekdays": [2], "begins": "08:00", "ends": "10:00"}]',
        "relation": "staff",
        "pass_on": "on",
        "ends": "week",
    }
    answer = post(client, world.rita, url(world.ours.school, "invite/"), data)
    assert answer.headers["Location"] == url(world.ours.school)
    for name in "abc":
        grant = grant_of(world, f"{name}@example.org")
        assert (grant.rights, grant.relation, grant.depth) == (("journal", "look", "people"), "staff", 1)
        assert grant.valid_until == grant.valid_from + timedelta(weeks=1)


def test_address_that_looks_like_a_slip_is_asked_about_and_may_stay(world: World, client: Client) -> None:
    data = {**GOOD, "email": "max@gmial.com"}
    answer = post(client, world.rita, url(world.ours.school, "invite/"), data)
    text = answer.content.decode()
    assert (answer.status_code, "max@gmail.com" in text, 'name="sure"' in text) == (422, True, True)

    answer = post(client, world.rita, url(world.ours.school, "invite/"), {**data, "sure": "on"})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("max@gmial.com", "max@gmail.com"),
        ("max@gmail.con", "max@gmail.com"),
        ("max@bluewin", "max@bluewin.ch"),
        ("max@hotmial.com", "max@hotmail.com"),
        ("max@firma.con", "max@firma.com"),
        ("max@gmail.com", ""),
        ("max@mail.com", ""),
        ("max@firma.ch", ""),
        ("max@example.org", ""),
        ("nonsense", ""),
    ],
)
def test_slips_of_the_finger(typed: str, meant: str) -> None:
    assert likely_meant(typed) == meant


def test_colleague_is_invited_as_easily(world: World, client: Client) -> None:
    text = read(client, world.rita, url(world.ours.reseller, "invite/?relation=staff"))
    assert "Invite colleague" in text
    post(
        client,
        world.rita,
        url(world.ours.reseller, "invite/?relation=staff"),
        {**GOOD, "role": "technician", "ends": "open", "relation": "staff"},
    )
    grant = grant_of(world, "neu@example.org", world.ours.reseller)
    assert (grant.relation, grant.valid_until) == ("staff", None)


# --- Cost ------------------------------------------------------------------------------------------------------------


def test_list_of_levels_below_costs_the_same_with_few_and_with_many(world: World, client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as made:
            read(client, world.rita, url(world.ours.reseller) + "?below=yes")
        return len(made)

    def add(number: int) -> None:
        someone = person(f"Neu{number}")
        role = roles.create_role(by(world.rita), world.ours.reseller, f"Rolle {number}", ["look"])
        key = let_in(
            world.ours.depot, someone, Terms(role=role.key, valid_until=TONIGHT), world.rita, YESTERDAY
        )
        extending.ask_extension(by(someone), key, None, "Grund")
        make_link(by(world.rita), world.ours.depot, SITE_USER, TONIGHT)

    add(1)
    cost()  # the first request of a process reads more than once
    with_one = cost()
    add(2)
    add(3)
    assert cost() == with_one
