"""Benutzer und Supporter: what the page says, letting people in, ending their access."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from furka.access.rights import LOOK, PEOPLE
from furka.clock import FakeClock
from furka.connections.models import Connection
from furka.errors import Invalid
from furka.people.models import Person
from furka.portal.people_forms import InviteForm
from furka.portal.refusals import errors_on
from furka.services.connect.manifest import USE_REMOTE_ACCESS
from furka.tree import granting, queries
from furka.tree.endings import ended_lately, falling_with
from furka.tree.granting import Relation, Terms
from furka.tree.models import Node
from furka.tree.operation import program
from furka.tree.operations import set_time_zone
from furka.tree.queries import GrantView
from furka.tree.staff import open_operator_session
from tests.world import NOW, TONIGHT, YESTERDAY, World, by, let_in, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing(fake_clock: FakeClock) -> None:
    """Every page is made at NOW."""


def read(client: Client, someone: Person, address: str) -> str:
    answer = get(client, someone, address)
    assert answer.status_code == 200
    return text_of(answer)


def get(client: Client, someone: Person, address: str) -> HttpResponse:
    client.force_login(someone)
    return client.get(address, headers={"accept-language": "en"})  # type: ignore[return-value]


def post(client: Client, someone: Person, address: str, data: dict[str, Any] | None = None) -> HttpResponse:
    client.force_login(someone)
    return client.post(address, data or {}, headers={"accept-language": "en"})  # type: ignore[return-value]


def text_of(answer: HttpResponse) -> str:
    return " ".join(answer.content.decode().split())


def url(node: Node, rest: str = "") -> str:
    return f"/levels/{node.key}/people/{rest}"


def grant_of(world: World, name: str, node: Node | None = None) -> GrantView:
    on = node or world.ours.school
    return next(grant for grant in queries.grants_on(by(world.rita), on) if grant.name == name)


def invitation_to(world: World, email: str, node: Node | None = None) -> GrantView | None:
    waiting = (grant for grant in queries.grants_on(by(world.rita), node or world.ours.school))
    return next((grant for grant in waiting if grant.email == email and grant.state == "invited"), None)


GOOD = {"email": "neu@example.org", "role": "supporter", "ends": "4h", "reason": "Störung"}


# --- The page --------------------------------------------------------------------------------------------------------


def test_page_says_who_may_enter_with_what_until_when(world: World, client: Client) -> None:
    text = read(client, world.karl, url(world.ours.school))

    assert ("Sonja" in text, "sonja@example.org" in text, "Supporter" in text) == (True, True, True)
    assert "4 h left" in text
    assert ("Max" in text, "Viewer" in text, "until revoked" in text) == (True, True, True)


def test_page_names_those_from_above_and_their_level(world: World, client: Client) -> None:
    text = read(client, world.karl, url(world.ours.school))
    above = text[text.index("Access from above") :]

    assert ("Rita" in above, "Muster AG" in above) == (True, True)
    assert ("Karl" in above, "Gemeinde Muster" in above) == (True, True)


def test_who_is_inside_or_was_last_is_said(world: World, client: Client) -> None:
    site = world.ours.school
    made = {"hub": world.hub, "node": site, "customer_id": site.customer_id, "reseller_id": site.reseller_id}
    Connection.objects.create(
        **made, token="a", person=world.sonja, began_at=NOW - timedelta(minutes=5), told_at=NOW
    )
    Connection.objects.create(
        **made,
        token="b",
        person=world.rita,
        began_at=NOW - timedelta(hours=3),
        told_at=NOW - timedelta(hours=2),
        ended_at=NOW - timedelta(hours=2),
    )

    text = read(client, world.karl, url(site))

    assert ("for 5 min" in text, "2 h ago" in text) == (True, True)


def test_what_ended_lately_says_why_and_by_whom(world: World, client: Client, fake_clock: FakeClock) -> None:
    row = queries.grant_of_key(by(world.karl), world.ours.school, grant_of(world, "Max").key)
    assert row is not None
    granting.revoke(by(world.karl), row)
    fake_clock.advance(timedelta(minutes=1))

    text = read(client, world.rita, url(world.ours.school))
    ended = text[text.index("Ended in the last") :]

    assert ("Max" in ended, "revoked" in ended, "by Karl" in ended) == (True, True, True)


def test_what_time_has_ended_is_no_longer_among_those_with_access(world: World, client: Client) -> None:
    text = read(client, world.rita, url(world.ours.reseller))
    has_access, ended = text.split("Ended in the last", 1)

    assert ("Ernst" in has_access, "Ernst" in ended, "expired" in ended) == (False, True, True)


def test_what_ended_long_ago_is_not_shown(world: World) -> None:
    later = NOW + timedelta(days=40)
    assert ended_lately(by(world.rita, later), world.ours.reseller, later - timedelta(days=30), 10) == []


def test_names_of_people_are_escaped(world: World, client: Client) -> None:
    world.sonja.name = '<script>alert("x")</script>'
    world.sonja.save()
    assert "<script>alert" not in read(client, world.rita, url(world.ours.school))


def test_page_costs_the_same_with_one_and_with_three_of_each(world: World, client: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries_made:
            read(client, world.rita, url(world.ours.depot))
        return len(queries_made)

    def add(number: int) -> None:
        depot = world.ours.depot
        let_in(depot, person(f"Neu{number}"), Terms(role="supporter", valid_until=TONIGHT), world.rita)
        granting.invite(by(world.rita), depot, f"wartet{number}@example.org", Terms(role="viewer"))
        gone = granting.invite(by(world.rita), depot, f"weg{number}@example.org", Terms(role="viewer"))
        granting.revoke(by(world.rita), gone)

    client.force_login(world.rita)
    add(1)
    cost()  # the first request of a process reads more than once
    with_one = cost()
    add(2)
    add(3)
    assert cost() == with_one


def test_strangers_get_not_found_and_supporters_are_refused(world: World, client: Client) -> None:
    for rest in ("", "invite/", "xyz/"):
        assert get(client, world.nora, url(world.ours.school, rest)).status_code == 404
        assert get(client, world.fremd, url(world.ours.school, rest)).status_code == 404
        assert get(client, world.sonja, url(world.ours.school, rest)).status_code == 403
    client.logout()
    assert client.get(url(world.ours.school)).status_code == 302


def test_times_are_those_of_the_level_and_say_so(world: World, client: Client) -> None:
    set_time_zone(by(world.rita), world.ours.school, "America/New_York")
    text = read(client, world.rita, url(world.ours.school))
    assert "Tue 24 Nov 2026, 12:00 EST" in text


def test_session_of_an_operator_is_told_to_the_owner_with_its_reason(world: World, client: Client) -> None:
    open_operator_session(program("test", NOW), world.fremd, "The hub was moved")

    text = read(client, world.karl, url(world.ours.school))
    above = text[text.index("Access from above") :]
    assert ("Fremd" in above, "Operator" in above, "The hub was moved" in above) == (True, True, True)
    at_the_root = read(client, world.fremd, url(queries.operator()))
    assert ("Fremd" in at_the_root, "invite nobody" in at_the_root) == (True, True)


def test_part_of_the_page_is_fetched_alone_for_live_refresh(world: World, client: Client) -> None:
    text = read(client, world.rita, url(world.ours.school, "?part=lists"))
    assert ("<html" in text, 'id="people"' in text, "Sonja" in text) == (False, True, True)


# --- Letting in ------------------------------------------------------------------------------------------------------


def test_invitation_is_sent_and_leads_to_its_page_with_the_link(world: World, client: Client) -> None:
    answer = post(client, world.rita, url(world.ours.school, "invite/"), GOOD)

    grant = invitation_to(world, "neu@example.org")
    assert grant is not None
    assert answer.headers["Location"] == url(world.ours.school, f"{grant.key}/")
    assert grant.valid_until == NOW + timedelta(hours=4)
    secret = queries.invitation_secret(grant.key)
    assert secret is not None
    assert f"/invitations/{secret}/" in read(client, world.rita, answer.headers["Location"])
    assert [message.to for message in mail.outbox] == [["neu@example.org"]]


@pytest.mark.parametrize(
    ("ends", "end"),
    [
        ("1h", NOW + timedelta(hours=1)),
        ("4h", NOW + timedelta(hours=4)),
        ("today", datetime(2026, 11, 24, 23, 0, tzinfo=UTC)),  # midnight in Zurich
        ("week", NOW + timedelta(weeks=1)),
        ("open", None),
    ],
)
def test_quick_ends_mean_what_they_say(world: World, client: Client, ends: str, end: datetime | None) -> None:
    post(client, world.rita, url(world.ours.school, "invite/"), {**GOOD, "ends": ends})
    grant = invitation_to(world, "neu@example.org")
    assert grant is not None
    assert grant.valid_until == end


def test_moment_is_read_on_the_clock_of_the_level(world: World, client: Client) -> None:
    set_time_zone(by(world.rita), world.ours.school, "America/New_York")
    page = read(client, world.rita, url(world.ours.school, "invite/"))
    assert "America/New_York" in page

    data = {**GOOD, "ends": "moment", "valid_until": "2026-11-24T18:00"}
    post(client, world.rita, url(world.ours.school, "invite/"), data)

    grant = invitation_to(world, "neu@example.org")
    assert grant is not None
    assert grant.valid_until == datetime(2026, 11, 24, 18, 0, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"role": "king"}, "role"),
        ({"ends": ""}, "ends"),
        ({"ends": "moment", "valid_until": ""}, "valid_until"),
        ({"ends": "moment", "valid_until": "soon"}, "valid_until"),
        ({"ends": "moment", "valid_until": "2020-01-01T10:00"}, "valid_until"),
        ({"ends": "moment", "valid_until": "2027-03-28T02:30"}, "valid_until"),  # skipped in Zurich
        ({"ends": "moment", "valid_until": "0001-01-01T00:00"}, "valid_until"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
    world: World, client: Client, changes: dict[str, str], field: str
) -> None:
    data = {**GOOD, **changes}
    answer = post(client, world.rita, url(world.ours.school, "invite/"), data)

    text = text_of(answer)
    assert answer.status_code == 422
    assert f'id="id_{field}_errors"' in text
    assert f'value="{data["email"]}"' in text
    assert 'value="Störung"' in text
    assert mail.outbox == []


def test_moment_that_does_not_count_is_no_fault(world: World, client: Client) -> None:
    data = {**GOOD, "ends": "1h", "valid_until": "nonsense"}
    assert post(client, world.rita, url(world.ours.school, "invite/"), data).status_code == 302


def test_quick_end_that_does_not_fit_is_said_where_it_was_chosen(world: World) -> None:
    form = InviteForm(by(world.rita), world.ours.school, {**GOOD, "ends": "week"})
    assert form.is_valid()
    with errors_on(form):
        raise Invalid.at("valid_until", "too-long", "Too long.")
    assert form.errors == {"ends": ["Too long."]}


def test_second_invitation_to_the_same_address_is_refused_at_the_form(world: World, client: Client) -> None:
    post(client, world.rita, url(world.ours.school, "invite/"), GOOD)
    answer = post(client, world.rita, url(world.ours.school, "invite/"), GOOD)
    assert (answer.status_code, "already invited" in text_of(answer)) == (422, True)


def test_form_sent_twice_invites_once(world: World, client: Client) -> None:
    data = {**GOOD, "once": "same-mark"}
    first = post(client, world.rita, url(world.ours.school, "invite/"), data)
    second = post(client, world.rita, url(world.ours.school, "invite/"), data)
    assert first.headers["Location"] == second.headers["Location"]
    assert [message.to for message in mail.outbox] == [["neu@example.org"]]


def test_roles_say_what_they_allow(world: World, client: Client) -> None:
    text = read(client, world.rita, url(world.ours.school, "invite/"))
    assert text.count('name="role"') == 5  # the last one: rights picked one by one
    assert "Use remote access" in text


def test_owner_for_a_while_is_not_an_owner_who_passes_on(world: World, client: Client) -> None:
    post(client, world.rita, url(world.ours.school, "invite/"), {**GOOD, "role": "owner"})
    post(
        client,
        world.rita,
        url(world.ours.school, "invite/"),
        {**GOOD, "email": "staff@example.org", "role": "owner", "ends": "open"},
    )
    a_while, always = (invitation_to(world, f"{name}@example.org") for name in ("neu", "staff"))
    assert a_while is not None
    assert always is not None
    assert (a_while.relation, always.relation) == (Relation.STAFF, Relation.STAFF)

    deputy = person("Neu", "neu@example.org")
    secret = queries.invitation_secret(a_while.key)
    assert secret is not None
    granting.accept(by(deputy), secret)
    text = read(client, deputy, url(world.ours.school, "invite/"))
    assert ("you can invite nobody here" in text, "<form action" in text.split("<main")[1]) == (True, False)
    assert post(client, deputy, url(world.ours.school, "invite/"), GOOD).status_code == 422


def test_whoever_ends_themselves_is_offered_no_longer_end(world: World) -> None:
    deputy = person("Deputy")
    until = NOW + timedelta(hours=2)
    let_in(world.ours.school, deputy, Terms(role="owner", valid_until=until, depth=1), world.rita)

    form = InviteForm(by(deputy), world.ours.school)

    assert form.own_end == until
    assert [key for key, _text in form.fields["ends"].choices] == ["1h", "moment"]  # type: ignore[attr-defined]


def test_end_beyond_ones_own_is_said_at_the_moment(world: World, client: Client) -> None:
    deputy = person("Deputy")
    until = NOW + timedelta(hours=2)
    let_in(world.ours.school, deputy, Terms(role="owner", valid_until=until, depth=1), world.rita)

    data = {**GOOD, "ends": "moment", "valid_until": "2026-11-24T20:00"}
    answer = post(client, deputy, url(world.ours.school, "invite/"), data)

    assert (answer.status_code, 'id="id_valid_until_errors"' in text_of(answer)) == (422, True)


# --- The invitation that waits ---------------------------------------------------------------------------------------


def test_invitation_is_sent_again_and_withdrawn(world: World, client: Client) -> None:
    post(client, world.rita, url(world.ours.school, "invite/"), GOOD)
    grant = invitation_to(world, "neu@example.org")
    assert grant is not None

    post(client, world.rita, url(world.ours.school, f"{grant.key}/resend/"))
    assert [message.to for message in mail.outbox] == [["neu@example.org"]] * 2

    post(client, world.rita, url(world.ours.school, f"{grant.key}/revoke/"))
    assert invitation_to(world, "neu@example.org") is None
    assert "has ended" in read(client, world.rita, url(world.ours.school, f"{grant.key}/"))


def test_page_of_the_invitation_says_that_it_was_accepted(world: World, client: Client) -> None:
    text = read(client, world.rita, url(world.ours.school, f"{grant_of(world, 'Sonja').key}/"))
    assert "has accepted" in text


def test_link_that_is_too_late_is_not_offered(world: World, client: Client, fake_clock: FakeClock) -> None:
    post(client, world.rita, url(world.ours.school, "invite/"), {**GOOD, "ends": "open"})
    fake_clock.advance(timedelta(days=15))

    text = read(client, world.rita, url(world.ours.school))

    assert ("too late" in text, "/invitations/" in text) == (True, False)


def test_invitation_of_another_level_is_not_found_under_this_one(world: World, client: Client) -> None:
    key = grant_of(world, "Sonja").key
    for rest in (f"{key}/", f"{key}/revoke/", f"{key}/resend/"):
        address = url(world.ours.depot, rest)
        answer = get(client, world.rita, address) if rest == f"{key}/" else post(client, world.rita, address)
        assert answer.status_code == 404
    assert by(world.sonja).may(LOOK, world.ours.school.place)


# --- Ending ----------------------------------------------------------------------------------------------------------


def test_revoked_access_ends_at_once(world: World, client: Client, fake_clock: FakeClock) -> None:
    key = grant_of(world, "Sonja").key
    fake_clock.advance(timedelta(minutes=1))

    answer = post(client, world.karl, url(world.ours.school, f"{key}/revoke/"))

    assert answer.headers["Location"] == url(world.ours.school)
    assert (
        by(world.sonja, NOW + timedelta(minutes=1)).may(USE_REMOTE_ACCESS, world.ours.school.place) is False
    )


def test_revoking_twice_is_no_fault(world: World, client: Client) -> None:
    address = url(world.ours.school, f"{grant_of(world, 'Sonja').key}/revoke/")
    assert [post(client, world.karl, address).status_code for _ in range(2)] == [302, 302]


def test_access_is_ended_by_posting_only(world: World, client: Client) -> None:
    assert (
        get(client, world.karl, url(world.ours.school, f"{grant_of(world, 'Sonja').key}/revoke/")).status_code
        == 405
    )


def test_last_owner_has_no_button_and_stays(world: World, client: Client) -> None:
    key = grant_of(world, "Rita", world.ours.reseller).key
    address = url(world.ours.reseller, f"{key}/revoke/")

    assert address not in read(client, world.rita, url(world.ours.reseller))
    post(client, world.rita, address)
    assert by(world.rita).may(PEOPLE, world.ours.reseller.place)


def test_dialog_says_who_else_loses_access(world: World, client: Client) -> None:
    deputy, helper = person("Deputy"), person("Helper")
    let_in(
        world.ours.school, deputy, Terms(role="owner", valid_until=TONIGHT, depth=1), world.rita, YESTERDAY
    )
    let_in(world.ours.school, helper, Terms(role="viewer", valid_until=TONIGHT), deputy)
    key = grant_of(world, "Deputy").key

    falling = falling_with(by(world.rita), world.ours.school, [key, grant_of(world, "Sonja").key])

    assert falling == {key: ("Helper",)}
    assert "other person who was let in by that access" in read(client, world.rita, url(world.ours.school))
    assert falling_with(by(world.sonja), world.ours.school, [key]) == {}


def test_whoever_ends_their_own_access_is_led_home(world: World, client: Client) -> None:
    deputy = person("Deputy")
    let_in(world.ours.school, deputy, Terms(role="owner", valid_until=TONIGHT), world.rita)
    key = grant_of(world, "Deputy").key
    assert post(client, deputy, url(world.ours.school, f"{key}/revoke/")).headers["Location"] == "/"
