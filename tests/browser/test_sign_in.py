"""Logging in by one's organisation in a real browser: set up by a reseller, confirmed by mail, used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Holder, confirm_it_is_me, log_in, log_out
from tests.identity.provider import CLIENT_ID, SECRET, Provider, Somebody, running_provider

Look = Callable[[Page], list[str]]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider(Somebody("sub-9", "nina@firma.example", "Nina Neu")) as running:
        yield running


def test_organisation_lets_its_people_in(
    holder: Holder,
    provider: Provider,
    latest_link: Callable[[str], str],
    complaints: list[str],
    look: Look,
) -> None:
    page = holder.page
    page.emulate_media(reduced_motion="reduce")
    page.goto("/welcome/")
    page.get_by_label("Name der Firma").fill("Firma Muster AG")
    page.get_by_role("button", name="Beginnen").click()
    page.get_by_role("link", name="Einstellungen").click()
    page.get_by_role("link", name="Anmeldung einrichten").click()
    address = page.url
    page.get_by_label("Name auf der Schaltfläche").fill("Firma Muster")
    page.get_by_label("Aussteller (Issuer)").fill(provider.url)
    page.get_by_label("Client-ID").fill(CLIENT_ID)
    page.get_by_label("Client-Geheimnis").fill(SECRET)
    page.get_by_label("Domains von E-Mail-Adressen").fill("firma.example")
    page.get_by_role("button", name="Speichern").click()
    page.get_by_role("button", name="Ausprobieren").click()
    expect(page.get_by_text("Der Anbieter antwortet, wie er soll.")).to_be_visible()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert look(page) == []
    page.goto(address.replace("/sign-in/", "/people/invite/"))
    page.get_by_label("E-Mail").first.fill("nina@firma.example")
    page.get_by_role("button", name="Einladung senden").click()
    page.goto(address)
    login_page = page.locator(".copy-text").last.inner_text()
    log_out(page)

    page.goto(login_page)
    assert look(page) == []
    page.get_by_role("link", name="Anmelden über «Firma Muster»").click()
    expect(page.get_by_text("Beim ersten Mal muss auch das Postfach Ja sagen")).to_be_visible()
    page.goto(latest_link("nina@firma.example"))
    page.get_by_role("button", name="Ja, mein Konto verbinden").click()
    page.get_by_role("link", name="Anmelden über «Firma Muster»").click()
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/account/me/")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Nina Neu")
    page.goto("/account/organisations/")
    expect(page.get_by_text("Das ist der einzige Weg, auf dem Sie sich anmelden können.")).to_be_visible()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert look(page) == []
    assert complaints == []


def test_link_with_an_organisation_is_undone(
    holder: Holder, provider: Provider, latest_link: Callable[[str], str], look_day_and_night: Look
) -> None:
    page = holder.page
    page.emulate_media(reduced_motion="reduce")
    page.goto("/account/organisations/")
    expect(page.get_by_text("Ihr Konto ist mit keiner Organisation verknüpft.")).to_be_visible()
    page.goto("/welcome/")
    page.get_by_label("Name der Firma").fill("Beispiel AG")
    page.get_by_role("button", name="Beginnen").click()
    page.get_by_role("link", name="Einstellungen").click()
    page.get_by_role("link", name="Anmeldung einrichten").click()
    page.get_by_label("Name auf der Schaltfläche").fill("Beispiel")
    page.get_by_label("Aussteller (Issuer)").fill("https://10.1.2.3")
    page.get_by_label("Client-ID").fill(CLIENT_ID)
    page.get_by_label("Client-Geheimnis").fill(SECRET)
    page.get_by_label("Domains von E-Mail-Adressen").fill("example.org")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Diese Adresse liegt in einem privaten Netz").first).to_be_visible()
    page.get_by_label("Aussteller (Issuer)").fill(provider.url)
    page.get_by_label("Client-Geheimnis").fill(SECRET)
    page.get_by_role("button", name="Speichern").click()
    login_page = page.locator(".copy-text").last.inner_text()
    provider.who = Somebody("sub-8", holder.email)
    log_out(page)
    page.goto(login_page)
    page.get_by_role("link", name="Anmelden über «Beispiel»").click()
    expect(page.get_by_text("Beim ersten Mal muss auch das Postfach Ja sagen")).to_be_visible()
    page.goto(latest_link(holder.email))
    page.get_by_role("button", name="Ja, mein Konto verbinden").click()

    log_in(page, holder.email)
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/account/organisations/")
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert look_day_and_night(page) == [], width
    page.get_by_role("button", name="Verknüpfung lösen").click()
    page.get_by_role("dialog").get_by_role("button", name="Verknüpfung lösen").click()
    confirm_it_is_me(page)
    expect(page.get_by_text("Die Verknüpfung ist gelöst.")).to_be_visible()
    expect(page.get_by_text("Ihr Konto ist mit keiner Organisation verknüpft.")).to_be_visible()


def test_address_without_an_organisation_gets_a_sentence(page: Page, look: Look) -> None:
    page.goto("/account/login/")
    page.get_by_role("link", name="Anmeldung über Ihre Organisation").click()
    page.get_by_label("E-Mail").fill("wer@nirgends.example")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("alert").first).to_contain_text("Keine Organisation")
    assert look(page) == []
