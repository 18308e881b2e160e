"""The guide in the portal: for everybody, in every language, on the screen and on paper."""

from __future__ import annotations

import html
import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from furka.guide.book import LANGUAGES, book
from tests.world import World

PARTS = ("owners", "supporters")


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_can_read_it_without_an_account(db: None, client: Client, language: str) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    guide = book(language)

    contents = client.get(reverse("help")).content.decode()
    assert [chapter.title for chapter in guide.chapters if chapter.title not in _plain(contents)] == []

    for part in guide.parts:
        page = client.get(reverse("guide-part", kwargs={"part": part.name}))
        text = page.content.decode()
        assert page.status_code == 200
        for chapter in part.chapters:
            assert f'id="{chapter.name}"' in text
            for block in chapter.blocks:
                for line in block.lines:
                    assert "".join(run.text for run in line) in _plain(text)
                assert not block.picture or f"/guide/{language}/{block.picture}" in text


def test_whoever_is_logged_in_keeps_the_frame(world: World, client: Client) -> None:
    client.force_login(world.sonja)

    page = client.get(reverse("guide-part", kwargs={"part": "supporters"}))

    assert 'id="rail"' in page.content.decode()


def test_visitor_costs_no_query(
    db: None, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for address in (reverse("help"), *(reverse("guide-part", kwargs={"part": part}) for part in PARTS)):
        with django_assert_num_queries(0):
            client.get(address)


def test_paper_comes_in_the_language_of_its_address(client: Client, db: None) -> None:
    german = client.get(reverse("guide-paper", kwargs={"language": "de"}))
    again = client.get(reverse("guide-paper", kwargs={"language": "de"}))

    assert german["Content-Type"] == "application/pdf"
    assert german["Content-Disposition"] == 'inline; filename="furka-anleitung-supporter.pdf"'
    assert german.content.startswith(b"%PDF-")
    assert again.content == german.content


@pytest.mark.parametrize("address", ["/help/nobody/", "/help/rm.pdf", "/help/..%2fde.pdf"])
def test_there_is_nothing_else(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 404


def test_login_and_support_lead_to_it(world: World, client: Client) -> None:
    assert reverse("help") in client.get(reverse("account_login")).content.decode()
    client.force_login(world.sonja)
    support = reverse("level-support", kwargs={"key": world.ours.school.key})
    assert f'href="{reverse("help")}"' in client.get(support).content.decode()


def _plain(page: str) -> str:
    """What a page says, without its markup."""
    return html.unescape(re.sub(r"</?(?:strong|a)\b[^>]*>", "", page))
