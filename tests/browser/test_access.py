"""Who has access, reviews, and what others may do: as an owner uses them in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Holder, confirm_it_is_me


@pytest.fixture
def customer(holder: Holder) -> Page:
    """A customer that has just begun, on the page of its people."""
    page = holder.page
    page.goto("/welcome/")
    page.locator("[name=kind][value=customer]").check()
    page.locator("form.form [name=name]").fill("Gemeinde Andermatt")
    page.locator("form.form button.button-main").click()
    page.get_by_role("link", name="Benutzer und Supporter").click()
    return page


def looks_right(page: Page, look: Callable[[Page], list[str]]) -> None:
    """On a phone and at a desk, in light and dark."""
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert look(page) == [], (page.url, width, scheme)


def test_who_has_access_is_told_and_printed(customer: Page, look: Callable[[Page], list[str]]) -> None:
    customer.get_by_role("link", name="Wer hat Zugriff?").click()
    expect(customer.get_by_text("hat diese Ebene eröffnet")).to_be_visible()
    looks_right(customer, look)
    with customer.expect_download() as taken:
        customer.get_by_role("button", name="PDF für Audit").click()
    assert taken.value.suggested_filename.endswith(".pdf")
    asked_at = customer.url
    customer.get_by_role("link", name="Ereignisse").first.click()
    noted = customer.locator("main", has_text="Prüfsumme").inner_text()
    checksum = re.search(r"\b[0-9a-f]{64}\b", noted)
    assert checksum
    customer.goto(asked_at)
    customer.get_by_label("Prüfsumme").fill(checksum.group()[:16])
    customer.get_by_role("button", name="Prüfen").click()
    expect(customer.get_by_text("Echt: gedruckt von Petra Muster")).to_be_visible()
    customer.get_by_label("Prüfsumme").fill("0" * 16)
    customer.get_by_role("button", name="Prüfen").click()
    expect(customer.get_by_text("kein Ausdruck mit dieser Prüfsumme")).to_be_visible()
    customer.get_by_label("Stand").fill("2020-01-01T12:00")
    customer.get_by_role("button", name="Anzeigen").click()
    expect(customer.get_by_text("So war es am")).to_be_visible()
    expect(customer.get_by_text("hat diese Ebene eröffnet")).to_have_count(0)
    customer.get_by_role("link", name="Jetzt anzeigen").first.click()
    customer.get_by_role("link", name="Petra Muster").first.click()
    expect(customer.get_by_role("heading", name="Was kann Petra Muster erreichen?")).to_be_visible()
    looks_right(customer, look)


def test_review_is_begun_answered_and_signed_off(customer: Page, look: Callable[[Page], list[str]]) -> None:
    customer.get_by_role("link", name="Überprüfungen").click()
    looks_right(customer, look)
    customer.get_by_role("button", name="Überprüfung beginnen").click()
    looks_right(customer, look)
    customer.get_by_role("button", name="Behalten: Zugriff von Petra Muster").click()
    customer.get_by_role("link", name="Abschliessen").click()
    confirm_it_is_me(customer)
    customer.get_by_role("button", name="Abschliessen").click()
    expect(customer.get_by_text("Die Überprüfung ist abgeschlossen.")).to_be_visible()
    expect(customer.get_by_role("link", name="PDF herunterladen")).to_be_visible()


def test_limits_are_previewed_and_set(customer: Page, look: Callable[[Page], list[str]]) -> None:
    customer.get_by_role("link", name="Einstellungen").first.click()
    customer.get_by_role("link", name="Grenzen für andere").click()
    customer.locator("[name=bound][value=some]").check()
    customer.locator("[name=rights][value=journal]").check()
    looks_right(customer, look)
    customer.get_by_role("button", name="Vorschau: Wen begrenzt das?").click()
    expect(customer.get_by_text("Das begrenzt zurzeit niemanden.")).to_be_visible()
    expect(customer.locator("[name=rights][value=journal]")).to_be_checked()
    customer.get_by_role("button", name="Speichern").click()
    expect(customer.get_by_text("Gespeichert. Es gilt ab jetzt")).to_be_visible()
