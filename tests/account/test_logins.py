"""Where one is logged in, ending that, and the mail about a browser that is new."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from furka.account import sessions
from furka.account.sessions import sessions_of
from furka.errors import NotThere
from furka.gate.tokens import issue_token
from furka.people.models import ApiToken, Person
from tests.world import NOW, PASSWORD, World, a_login, by


@pytest.fixture
def sonja(world: World) -> Person:
    """Sonja with a password."""
    world.sonja.set_password(PASSWORD)
    world.sonja.save()
    EmailAddress.objects.create(user=world.sonja, email=world.sonja.email, verified=True, primary=True)
    return world.sonja


def log_in(client: Client, person: Person, password: str = PASSWORD) -> Client:
    client.post("/account/login/", {"login": person.email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/me/").status_code == 200


def test_one_browser_is_logged_out_from_another(sonja: Person) -> None:
    here, there, elsewhere = (log_in(Client(), sonja) for _ in range(3))
    views = sessions_of(by(sonja), here.session.session_key)
    assert [view.is_current for view in views] == [True, False, False]
    here.post(f"/account/sessions/{views[1].key}/end/")
    assert sorted([is_in(there), is_in(elsewhere)]) == [False, True]
    here.post("/account/sessions/")
    assert [is_in(each) for each in (here, there, elsewhere)] == [True, False, False]


def test_nobody_ends_the_login_of_somebody_else(world: World, sonja: Person) -> None:
    with pytest.raises(NotThere):
        sessions.end_session(by(world.nora), a_login(sonja))


def test_new_browser_is_told_by_mail_once(sonja: Person) -> None:
    first = log_in(Client(), sonja)
    assert mail.outbox == []  # the first one is no news
    first.post("/account/logout/")
    log_in(first, sonja)
    assert mail.outbox == []
    stranger = log_in(Client(), sonja)
    assert [each.subject for each in mail.outbox] == ["Anmeldung von einem neuen Gerät"]
    stranger.post("/account/logout/")
    log_in(stranger, sonja)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(("ticked", "left"), [({"end_tokens": "on"}, 0), ({}, 1)])
def test_tokens_end_with_the_old_password_unless_they_are_kept(
    sonja: Person, ticked: dict[str, str], left: int
) -> None:
    issue_token(by(sonja), "Skript", NOW + timedelta(days=300))
    client = log_in(Client(), sonja)
    form = client.get("/account/password/change/").context["form"]
    assert form["end_tokens"].value() is True
    new = "Another road over the pass"
    given = {"oldpassword": PASSWORD, "password1": new, "password2": new, **ticked}
    client.post("/account/password/change/", given)
    assert ApiToken.objects.filter(person=sonja, revoked_at=None).count() == left
    assert is_in(log_in(Client(), sonja, new))


def test_list_needs_as_many_queries_for_many_as_for_one(sonja: Person, client: Client) -> None:
    """Each login is looked up once when it is listed, since ended ones are forgotten there."""
    log_in(client, sonja)
    a_login(sonja)
    assert len(sessions_of(by(sonja))) == 1  # a session without anybody in it is forgotten
