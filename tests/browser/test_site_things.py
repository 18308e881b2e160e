"""What is known of networks and devices of a site, in a browser."""

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


def test_network_and_device_say_what_one_needs_in_the_plant_room(
    holder: Holder, site: str, look: Callable[[Page], list[str]], complaints: list[str]
) -> None:
    page = holder.page
    page.goto(f"{site}networks/new/")
    page.locator("[name=subnet]").fill("192.168.7.0/24")
    page.get_by_label("VLAN").fill("20")
    page.get_by_role("button", name="Netz hinzufügen").click()
    expect(page.get_by_text("VLAN 20")).to_be_visible()
    page.goto(f"{site}devices/new/")
    page.locator("form.form [name=name]").fill("Pumpe")
    page.locator("[name=address]").fill("192.168.7.9")
    page.locator("form.form button.button-main").click()

    page.get_by_role("link", name="Pumpe ändern").click()
    page.get_by_label("MAC-Adresse").fill("00-1A-2B-3C-4D-5E")
    page.get_by_label("Ports").fill("502/tcp Modbus\n80 Web")
    page.get_by_label("Link").fill("javascript:alert(1)")
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_role("paragraph").filter(has_text="http:// oder https://")).to_be_visible()
    expect(page.get_by_label("Ports")).to_have_value(re.compile("502/tcp Modbus"))
    _looks_well(page, look)
    page.get_by_label("Link").fill("https://visu.example/login")
    page.get_by_role("button", name="Speichern", exact=True).click()

    expect(page.get_by_text("00:1a:2b:3c:4d:5e")).to_be_visible()
    expect(page.get_by_text("80/tcp Web, 502/tcp Modbus")).to_be_visible()
    link = page.get_by_role("link", name="https://visu.example/login")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    _looks_well(page, look)
    page.goto(f"{site}devices/new/")
    page.locator("form.form [name=name]").fill("Kessel")
    page.locator("[name=address]").fill("192.168.7.10")
    page.locator("form.form button.button-main").click()
    page.get_by_role("main").get_by_role("link", name="Labels", exact=True).click()
    page.get_by_label("Pumpe (192.168.7.9)").check()
    page.get_by_label("Kessel (192.168.7.10)").check()
    page.get_by_label("Labels hinzufügen").fill("Heizung")
    _looks_well(page, look)
    page.get_by_role("button", name="Labels ändern").click()
    expect(page.get_by_text("Die Labels von 2 Endgeräten sind geändert.")).to_be_visible()
    page.get_by_role("link", name="192.168.7.0/24 ändern").click()
    page.get_by_label("Bemerkung").or_(page.get_by_label("Notiz")).fill("Schrank 2")
    _looks_well(page, look)
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_text("Schrank 2")).to_be_visible()
    # The browser notes the answer to the wrong link.
    assert [each for each in complaints if "422" not in each] == []


def _looks_well(page: Page, look: Callable[[Page], list[str]]) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert look(page) == []
