"""Whoever gets a mail reads it in their language; whoever logs in finds the pages in theirs."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from furka.people.languages import in_language_of, language_of
from furka.people.models import Person
from furka.people.operations import make_person
from furka.tree import granting
from furka.tree.granting import Terms
from tests.world import TONIGHT, World, by

PASSWORD = "Gotthard tunnel 1882"


@pytest.fixture
def gina(db: None) -> Person:
    """Somebody from the Ticino, with a second address that is not confirmed and a third that is."""
    person = make_person("gina@example.org", "Gina Bernasconi", PASSWORD)
    Person.objects.filter(pk=person.pk).update(language="it")
    EmailAddress.objects.create(user=person, email="later@example.org", verified=False)
    EmailAddress.objects.create(user=person, email="office@example.org", verified=True)
    return person


@pytest.mark.parametrize(
    ("email", "language"),
    [
        (" Gina@example.org ", "it"),
        ("office@example.org", "it"),
        ("later@example.org", None),  # nobody has shown that it is theirs
        ("nobody@example.org", None),
    ],
)
def test_language_of_an_address_is_that_of_its_person(gina: Person, email: str, language: str | None) -> None:
    assert language_of(email) == language


def test_language_that_there_is_no_more_does_not_count(gina: Person) -> None:
    Person.objects.filter(pk=gina.pk).update(language="rm")

    assert language_of(gina.email) is None


def test_what_is_written_to_a_stranger_stays_in_the_language_of_the_moment(db: None) -> None:
    with translation.override("fr"), in_language_of("nobody@example.org"):
        assert translation.get_language() == "fr"


def test_mail_of_the_account_is_in_the_language_of_its_person(gina: Person, client: Client) -> None:
    client.post(reverse("account_reset_password"), {"email": gina.email}, headers={"accept-language": "de"})

    [letter] = mail.outbox
    assert letter.subject == "Scegliere una nuova password"
    assert "Buongiorno" in letter.body
    assert "Guten Tag" not in letter.body


@pytest.mark.parametrize(
    ("language", "subject", "lines"),
    [
        ("de", "Einladung zu «Werkhof Muster»", ["Guten Tag", "bis Di 24. Nov. 2026, 18:00 (Europe/Zurich)"]),
        (
            "en",
            "Invitation to “Werkhof Muster”",
            ["Good day", "until Tue 24 Nov 2026, 18:00 (Europe/Zurich)"],
        ),
        ("fr", "Invitation : « Werkhof Muster »", ["Bonjour", "jusqu’au mar. 24 nov. 2026, 18:00"]),
        ("it", "Invito: «Werkhof Muster»", ["Buongiorno", "fino al mar 24 nov 2026, 18:00"]),
    ],
)
def test_invitation_is_in_the_language_of_whoever_is_invited(
    world: World, language: str, subject: str, lines: list[str]
) -> None:
    Person.objects.filter(pk=world.fremd.pk).update(language=language)

    with translation.override("de" if language != "de" else "it"):
        terms = Terms(role="supporter", valid_until=TONIGHT)
        granting.invite(by(world.rita), world.ours.depot, world.fremd.email, terms)

    letter = mail.outbox[-1]
    assert letter.subject.replace("\u00a0", " ") == subject
    assert [line for line in lines if line not in letter.body] == []


@pytest.mark.parametrize(("chosen", "shown"), [("", "it"), ("fr", "fr")])
def test_pages_follow_the_person_unless_the_browser_was_told_otherwise(
    gina: Person, client: Client, chosen: str, shown: str
) -> None:
    if chosen:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = chosen
    client.post(
        reverse("account_login"),
        {"login": gina.email, "password": PASSWORD},
        headers={"accept-language": "de"},
    )

    page = client.get("/", headers={"accept-language": "de"}, follow=True)

    assert f'<html lang="{shown}-CH"' in page.content.decode()
