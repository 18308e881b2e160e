"""Address, labels and whom to call, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Holder


@pytest.fixture
def site(holder: Holder) -> str:
    """The address of a site of a customer that has just begun."""
    page = holder.page
    page.goto("/welcome/")
    page.locator("[name=kind][value=customer]").check()
    page.locator("form.form [name=name]").fill("Gemeinde Beispiel")
    page.locator("form.form button.button-main").click()
    page.wait_for_url(re.compile(r"/levels/\w+/"))
    page.goto(f"{page.url}sites/new/")
    page.locator("form.form [name=name]").fill("Turnhalle")
    page.locator("form.form button.button-main").click()
    expect(page.get_by_role("heading", name="Turnhalle")).to_be_visible()
    return page.url


def test_contact_address_and_labels_are_there_for_whoever_stands_in_the_plant_room(
    holder: Holder, site: str, look: Callable[[Page], list[str]], complaints: list[str]
) -> None:
    page = holder.page
    page.get_by_role("link", name="Ausfüllen").click()
    page.get_by_role("link", name="Kontakt hinzufügen").click()
    page.get_by_label("Name").fill("Frida Beispiel")
    page.get_by_label("Wofür").fill("Abwartin")
    page.get_by_label("Telefon").fill("+41 31 555 00 11")
    page.get_by_role("button", name="Kontakt speichern").click()
    expect(page.get_by_role("link", name="Frida Beispiel")).to_be_visible()
    page.get_by_label("Ort").fill("Musterwil")
    page.get_by_label("Labels").fill("Pikett, Winter")
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert look(page) == []
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_role("link", name="+41 31 555 00 11")).to_have_attribute("href", "tel:+41315550011")
    expect(page.get_by_text("Musterwil")).to_be_visible()
    expect(page.get_by_text("Pikett", exact=True)).to_be_visible()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert look(page) == []
    assert complaints == []


def test_place_is_chosen_by_a_click_and_by_keys(
    holder: Holder, site: str, look: Callable[[Page], list[str]], complaints: list[str]
) -> None:
    page = holder.page
    page.get_by_role("link", name="Ausfüllen").click()
    map_ = page.get_by_role("application")
    map_.click()
    latitude, longitude = page.get_by_label("Breite"), page.get_by_label("Länge")
    # Where nothing is known yet it begins in the middle of the country; a click in the middle of the map is there.
    assert abs(float(latitude.input_value()) - 46.8) < 0.05
    assert abs(float(longitude.input_value()) - 8.23) < 0.05
    before = float(longitude.input_value())
    map_.press("+")
    map_.press("ArrowRight")
    assert before < float(longitude.input_value()) < before + 0.1
    page.get_by_role("button", name="Verkleinern").click()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert look(page) == []
    chosen = float(latitude.input_value())
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_text(f"Breite {chosen:.5f}")).to_be_visible()
    assert complaints == []


def test_number_of_a_site_is_set_in_its_settings_and_found(holder: Holder, site: str) -> None:
    page = holder.page
    page.goto(f"{site}settings/")
    page.get_by_label("Nummer in Ihren Büchern").fill("A-20417")
    page.get_by_role("button", name="Nummer speichern").click()
    expect(page.get_by_text("Gespeichert.")).to_be_visible()
    page.goto("/search/?q=A-20417")
    expect(page.get_by_role("main").get_by_role("link", name=re.compile("Turnhalle"))).to_be_visible()


def test_site_is_renamed_gets_its_zone_and_is_found_on_the_map(
    holder: Holder, site: str, look: Callable[[Page], list[str]], complaints: list[str]
) -> None:
    page = holder.page
    page.goto(f"{site}settings/")
    page.get_by_label("Name", exact=True).fill("Turnhalle Ost")
    page.get_by_role("button", name="Namen speichern").click()
    expect(page.get_by_role("heading", name="Turnhalle Ost", level=1)).to_be_visible()
    page.get_by_label("Zeitzone").select_option(value="Europe/London")
    page.get_by_role("button", name="Zeitzone speichern").click()
    expect(page.get_by_label("Zeitzone")).to_have_value("Europe/London")

    page.goto(f"{site}particulars/")
    page.get_by_label("Geografische Breite").fill("46.758")
    page.get_by_label("Geografische Länge").fill("7.628")
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_role("img").and_(page.locator("svg.map"))).to_be_visible()

    page.get_by_role("navigation", name="Wo Sie sind").get_by_role("link", name="Gemeinde Beispiel").click()
    page.wait_for_url(lambda url: url != f"{site}particulars/")
    customer = page.url
    page.goto(f"{customer}particulars/")
    page.get_by_label("Firma").fill("Gemeinde Beispiel, Bauamt")
    page.get_by_role("button", name="Speichern", exact=True).click()
    page.goto(site)
    expect(page.get_by_text("Gemeinde Beispiel, Bauamt")).to_be_visible()  # whom it belongs to
    page.goto(f"{customer}map/")
    for width, scheme in ((360, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert look(page) == []
    page.get_by_text("Die Anlagen der Karte als Liste").click()
    page.get_by_role("listitem").get_by_role("link", name="Turnhalle Ost").last.click()
    expect(page.get_by_role("heading", name="Turnhalle Ost", level=1)).to_be_visible()
    assert complaints == []
