"""The frame around every page, its components, and the pages of one's own account."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from allauth.account import urls as account
from allauth.account.models import EmailAddress
from allauth.mfa import urls as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.core import mail
from django.template import Context, Template
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

import furka
from furka.people.models import Person
from furka.portal import borrowed

PORTAL = Path(furka.__file__).parent / "portal"
TEMPLATES = PORTAL / "templates"
LIBRARIES = ("django", "allauth")

#: Addresses that need a key in them or a step before them; the browser walks these.
NEEDS_MORE = {
    "account_confirm_email",
    "account_reset_password_from_key",
    "account_confirm_login_code",
    "mfa_authenticate",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_login_webauthn",
    "mfa_download_recovery_codes",
}

#: Addresses that lead Petra on to others, since she has a password and an app and no key.
NEVER_SHOWN = {"account_set_password", "mfa_activate_totp", "mfa_reauthenticate_webauthn"}


@pytest.fixture
def petra(db: None) -> Person:
    """Somebody with two addresses, an app and codes."""
    person = Person.objects.create_user("petra@example.org", "Gotthard tunnel 1882", name="Petra Muster")
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    EmailAddress.objects.create(user=person, email="p.muster@example.org", verified=True, primary=False)
    TOTP.activate(person, generate_totp_secret())
    RecoveryCodes.activate(person)
    return person


@pytest.fixture
def at_home(petra: Person, client: Client) -> Client:
    """Petra's browser, where she has just proved who she is."""
    client.post(reverse("account_login"), {"login": petra.email, "password": "Gotthard tunnel 1882"})
    codes = Authenticator.objects.get(user=petra, type="recovery_codes").wrap().get_unused_codes()
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    client.post(reverse("account_reauthenticate"), {"password": "Gotthard tunnel 1882"})
    assert "_auth_user_id" in client.session
    return client


def own_pages() -> list[str]:
    """Names of the account library's addresses that can be opened as they are."""

    def names(patterns: list[object]) -> list[str]:
        found: list[str] = []
        for pattern in patterns:
            below = getattr(pattern, "url_patterns", None)
            found += names(below) if below is not None else [pattern.name]  # type: ignore[attr-defined]
        return found

    every = names([*account.urlpatterns, *mfa.urlpatterns])
    ours = ["account-me", "notifications", "sessions", "account-data", "account-close"]
    return [name for name in [*every, *ours] if name not in NEEDS_MORE]


@pytest.mark.parametrize(
    "name", [str(path.relative_to(TEMPLATES)) for path in sorted(TEMPLATES.rglob("*.*"))]
)
def test_template_can_be_read(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_template_brings_no_script_or_style_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    own = r"<script(?![^>]*\s(?:src=|type=\"application/json\"))[^>]*>"  # data is no script
    assert re.findall(rf"\sstyle=|<style|\son[a-z]+=|{own}|javascript:|\|safe", text) == []


#: Words with which a text would call people by their first name, or that are not Swiss.
NOT_SAID = {
    "de": r"ß|\b[Dd](?:u|ein|eine|einen|ir|ich)\b",
    "fr": r"\b(?:[Tt]u|[Tt]on|[Tt]es|[Tt]oi|[Tt]a)\b",
    "it": r"\b(?:[Tt]uo|[Tt]ua|[Tt]uoi|[Tt]ue|[Tt]i)\b",
    "en": r"\b[Oo]k(?:ay)?\b",
}


@pytest.mark.parametrize("language", ["de", "en", "fr", "it"])
def test_own_pages_are_shown_in_each_language(at_home: Client, language: str) -> None:
    document = language if language == "en" else f"{language}-CH"
    shown: set[str] = set()
    for visitor, name in itertools.product((at_home, Client()), own_pages()):
        visitor.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        answer = visitor.get(reverse(name))
        if answer.status_code == 302:
            continue
        text = answer.content.decode()
        assert (name, answer.status_code) == (name, 200)
        assert f'<html lang="{document}"' in text
        assert re.findall(NOT_SAID[language], re.sub(r"<[^>]*>", "", text)) == []
        shown.add(name)
    assert set(own_pages()) - shown == NEVER_SHOWN


def test_account_asks_for_name_address_and_one_password(client: Client, db: None) -> None:
    form = client.get(reverse("account_signup")).context["form"]
    assert list(form.fields) == ["name", "email", "password1"]


@pytest.mark.parametrize(
    "name", sorted(path.stem.removesuffix("_message") for path in TEMPLATES.glob("*/email/[!b]*_message.txt"))
)
@pytest.mark.parametrize("language", ["de", "en", "fr", "it"])
def test_mail_of_the_account_has_one_line_as_subject_and_no_markup(name: str, language: str) -> None:
    folder = next(TEMPLATES.glob(f"*/email/{name}_message.txt")).relative_to(TEMPLATES).parent
    person = Person(name="Anna & Co <Muster>", email="anna@example.org")
    context = {"user": person, "email": "a&b@example.org", "current_site": {"domain": "furka.example.org"}}
    with translation.override(language):
        subject = get_template(f"{folder}/{name}_subject.txt").render(context).strip()
        text = get_template(f"{folder}/{name}_message.txt").render(context)
    assert len(subject.splitlines()) == 1
    # What somebody wrote who may not own the address is not sent there.
    named = not name.startswith("email_confirmation")
    assert ("Anna & Co <Muster>" in text, "&amp;" in text, "furka.example.org" in text) == (
        named,
        False,
        True,
    )


def test_mail_to_somebody_new_is_in_the_language_of_the_page(
    client: Client, db: None, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    person = {"name": "Anna", "email": "anna@example.org", "password1": "Gotthard tunnel 1882"}
    client.post(reverse("account_signup"), person, headers={"accept-language": "en"})
    assert [message.subject for message in mail.outbox] == ["Please confirm your e-mail address"]


def test_language_is_kept_for_mails(at_home: Client, petra: Person) -> None:
    at_home.post(reverse("set_language"), {"language": "en", "next": "/account/email/"})
    petra.refresh_from_db()
    assert petra.language == "en"
    at_home.post(reverse("set_language"), {"language": "xx"})
    petra.refresh_from_db()
    assert petra.language == "en"


def test_theme_comes_with_the_page_and_only_if_it_is_one(client: Client, db: None) -> None:
    login = reverse("account_login")
    assert "data-bs-theme" not in client.get(login).content.decode()
    client.cookies["furka_theme"] = "dark"
    assert 'data-bs-theme="dark"' in client.get(login).content.decode()
    client.cookies["furka_theme"] = '"><script>'
    assert "data-bs-theme" not in client.get(login).content.decode()


def test_components_are_shown_on_local_installations_alone(
    client: Client, db: None, settings: Settings
) -> None:
    settings.OUTBOX_PAGE = False
    assert client.get(reverse("components")).status_code == 404
    settings.OUTBOX_PAGE = True
    assert client.get(reverse("components")).status_code == 200


def test_what_is_not_there_says_so_with_a_way_on(client: Client, db: None) -> None:
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert reverse("account_login") in answer.content.decode()


def test_page_of_a_fault_needs_no_database() -> None:
    text = get_template("500.html").render({})
    assert "<h1>" in text


def render(source: str, **values: object) -> str:
    """A piece of template, written as the loader would have compiled it."""
    return Template(source).render(Context(values)).strip()


def test_components_escape_what_they_pass_on() -> None:
    nasty = '"x" onclick="alert(1)"'
    source = '{% cotton button :title="nasty" data-text="{{ nasty }}" %}{{ nasty }}{% endcotton %}'
    text = render(source, nasty=nasty)
    assert ('onclick="' in text, text.count("&quot;x&quot; onclick=&quot;alert(1)&quot;")) == (False, 3)


def test_components_see_only_what_they_are_given() -> None:
    source = '{% cotton status kind="ok" %}{% endcotton %}'
    assert render(source, text="around", slot="around", kind="bad") == render(source)


@pytest.mark.parametrize("kind", ["ok", "warn", "bad", "ends", "busy", "info", "done", "off"])
def test_status_always_has_shape_and_word(kind: str) -> None:
    text = render(f'{{% cotton status kind="{kind}" text="Word" %}}{{% endcotton %}}')
    assert ("<svg" in text, "Word" in text) == (True, True)


@pytest.mark.parametrize("sentence", borrowed.SENTENCES)
def test_borrowed_sentence_is_still_one_of_a_library(sentence: str) -> None:
    with translation.override("de"):
        assert translation.gettext(sentence) != sentence
    found = [
        path
        for library in LIBRARIES
        for path in Path(furka.__file__)
        .parents[1]
        .glob(f".venv/lib/python3*/site-packages/{library}/**/*.po")
        if f'msgid "{sentence}"' in path.read_text(encoding="utf-8")
    ]
    assert found
