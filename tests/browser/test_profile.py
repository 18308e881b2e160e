"""Letting somebody in, from the invitation to their device, in a real browser; the private key stays in it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from furka.kernel.wireguard import public_key_of
from tests.browser.hub import a_hub
from tests.browser.people import PASSWORD, Holder, confirm


@pytest.fixture(scope="module", autouse=True)
def _hub(base_url: str, portal_home: Path) -> None:
    a_hub(base_url, portal_home)


@pytest.fixture
def reseller(holder: Holder) -> Page:
    """Somebody who has opened a level of their own."""
    page = holder.page
    page.goto("/welcome/")
    page.get_by_label("Name der Firma").fill("Muster Gebäudetechnik AG")
    page.get_by_role("button", name="Beginnen").click()
    page.get_by_role("link", name="Benutzer und Supporter").click()
    return page


def add_device(page: Page, name: str) -> str:
    """Add a device; returns the configuration that the page shows."""
    page.goto("/access/")
    page.locator("form[data-wireguard-profile]").get_by_label("Name des Geräts").fill(name)
    page.get_by_role("button", name="Gerät hinzufügen").first.click()
    text = page.locator("[data-profile-text]")
    expect(text).to_contain_text("[Interface]")
    return text.text_content() or ""


def private_key_in(config: str) -> str:
    found = re.search(r"^PrivateKey = (\S+)$", config, re.M)
    assert found is not None
    assert len(base64.b64decode(found[1])) == 32
    return found[1]


def test_private_key_stays_in_the_browser_and_fits_the_public_one(
    holder: Holder, context: BrowserContext, complaints: list[str]
) -> None:
    said: list[str] = []
    heard: list[str] = []
    context.on("request", lambda request: said.append(f"{request.url} {request.headers} {request.post_data}"))
    context.on("response", lambda response: heard.append(response.url))

    private = private_key_in(add_device(holder.page, "Laptop"))

    stored = holder.page.request.get("/api/v1/profiles").json()["items"]
    assert [(each["name"], each["public_key"]) for each in stored] == [("Laptop", public_key_of(private))]
    sent = [text for text in said if "/access/new/" in text]
    assert len(sent) == 1
    assert stored[0]["public_key"] in sent[0]
    forms = (private, private.rstrip("="), base64.b64decode(private).hex(), private.replace("/", "%2F"))
    assert [text for text in said if any(form in text for form in forms)] == []
    assert private not in holder.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    holder.page.goto("/access/")
    assert private not in holder.page.content()
    assert complaints == []


def test_configuration_is_saved_copied_and_scanned(holder: Holder, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = holder.page
    config = add_device(page, "Büro")
    with page.expect_download() as saved:
        page.get_by_role("link", name="speichern").click()
    assert saved.value.suggested_filename == "furka-buero.conf"
    assert Path(saved.value.path()).read_text() == config
    page.get_by_role("button", name="Konfiguration kopieren").click()
    expect(page.get_by_text("Kopiert")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == config
    expect(page.get_by_role("img", name="Konfiguration als Code")).to_be_visible()


def test_name_that_is_missing_is_said_at_its_field_and_the_form_goes_on(holder: Holder) -> None:
    page = holder.page
    page.goto("/access/")
    page.get_by_role("button", name="Gerät hinzufügen").first.click()
    expect(page.locator("form[data-wireguard-profile] .wrong")).to_be_visible()
    page.locator("form[data-wireguard-profile]").get_by_label("Name des Geräts").fill("Tablet")
    page.get_by_role("button", name="Gerät hinzufügen").first.click()
    expect(page.locator("[data-profile-text]")).to_contain_text("[Interface]")


def test_new_device_appears_in_the_list_and_can_be_blocked(holder: Holder) -> None:
    page = holder.page
    add_device(page, "Laptop")
    row = page.locator("#my-devices tr", has_text="Laptop")
    expect(row).to_be_visible()  # the list was fetched anew: something is new with this person's devices
    row.get_by_role("button", name="Sperren").click()
    page.get_by_role("dialog").get_by_role("button", name="Gerät sperren").click()
    expect(page.get_by_text("Das Profil ist gesperrt")).to_be_visible()
    expect(page.locator("#my-devices tr", has_text="Laptop")).to_have_count(0)


def test_supporter_is_invited_opens_an_account_and_enters(
    reseller: Page, latest_link: Callable[[str], str], new_context: Callable[..., BrowserContext]
) -> None:
    email = "supporter@example.org"
    reseller.get_by_role("link", name="Supporter einladen").first.click()
    reseller.get_by_label("E-Mail-Adresse").fill(email)
    moment = reseller.get_by_label("Zeitpunkt des Endes")
    expect(moment).to_be_hidden()
    reseller.locator("[name=ends][value=moment]").check()
    expect(moment).to_be_visible()
    reseller.get_by_label("1 Woche").check()
    expect(moment).to_be_hidden()
    reseller.get_by_role("button", name="Einladung senden").click()
    expect(reseller.get_by_text("wartet auf Antwort")).to_be_visible()

    invited = new_context().new_page()
    invited.goto(latest_link(email))
    invited.get_by_role("link", name="Konto eröffnen").click()
    expect(invited.get_by_label("E-Mail")).to_have_value(email)
    invited.get_by_label("Name").fill("Sonja Beispiel")
    invited.get_by_label("Passwort", exact=True).fill(PASSWORD)
    invited.get_by_role("button", name="Konto eröffnen").click()
    invited.wait_for_url("**/confirm-email/")
    confirm(invited, latest_link(email))
    invited.get_by_role("button", name="Annehmen").click()
    expect(invited.get_by_role("heading", name="Meine Zugänge")).to_be_visible()

    # The page of whoever invited them has heard of it.
    expect(reseller.get_by_text("Sonja Beispiel hat angenommen")).to_be_visible()
    reseller.get_by_role("link", name="Benutzer und Supporter").first.click()
    reseller.locator("tr", has_text=email).get_by_role("button", name="Entziehen").click()
    reseller.get_by_role("dialog").get_by_role("button", name="Zugriff entziehen").click()
    expect(reseller.get_by_text("Sonja Beispiel hat keinen Zugriff mehr")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1440, "light")])
def test_pages_have_no_serious_fault(
    reseller: Page,
    look: Callable[[Page], list[str]],
    complaints: list[str],
    width: int,
    theme: Literal["dark", "light"],
) -> None:
    page = reseller
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    people = page.url
    faults = {}
    page.goto(f"{people}invite/")
    faults["invite"] = look(page)
    page.get_by_label("E-Mail-Adresse").fill("jemand@example.org")
    page.get_by_role("button", name="Einladung senden").click()
    faults["invitation"] = look(page)
    link = page.locator(".copy-text").text_content() or ""
    for name, address in (
        ("people", people),
        ("answer", link),
        ("welcome", "/welcome/"),
        ("access", "/access/"),
        ("tokens", "/account/tokens/"),
        ("mails", "/outbox/"),
    ):
        page.goto(address)
        faults[name] = look(page)
    page.goto(people)
    page.get_by_role("button", name="Zurückziehen").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    faults["dialog"] = look(page)
    add_device(page, "Telefon")
    faults["device"] = look(page)
    assert {name: found for name, found in faults.items() if found} == {}
    assert complaints == []
