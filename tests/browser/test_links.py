"""Links between sites in a browser: made, filled with sites, given rules, asked, paused, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.backstage import Backstage
from tests.browser.people import log_in_quietly
from tests.browser.stage import build

Look = Callable[[Page], list[str]]


def looks_right(page: Page, look: Look) -> None:
    """On the smallest phone by day, at a desk by night."""
    for width, scheme in ((360, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        assert look(page) == [], (page.url, width, scheme)


def add(page: Page, site: str) -> None:
    """Put a site into the link whose page is open, with what is proposed."""
    page.get_by_role("link", name="Anlage hinzufügen").first.click()
    page.get_by_role("link", name=f"Wählen {site}").click()
    page.locator("main form .button-main").click()
    expect(page.get_by_role("link", name=site).first).to_be_visible()


def test_two_sites_with_the_same_network_are_linked(
    page: Page, backstage: Backstage, look: Look, complaints: list[str]
) -> None:
    stage = build(backstage, "links", twin=True)
    log_in_quietly(page, stage.email("rita"))
    page.goto(f"/levels/{stage.reseller}/services/")
    page.get_by_role("link", name="Standortvernetzung").click()
    looks_right(page, look)
    page.get_by_role("link", name="Neue Vernetzung").click()
    page.get_by_label("Name").fill("Wärmeverbund")
    page.locator("[name=mode][value=routed]").check(force=True)
    expect(page.get_by_label("Adressbereich")).to_be_hidden()
    looks_right(page, look)
    page.get_by_role("button", name="Vernetzung anlegen").click()

    add(page, "Schulhaus Muster")
    add(page, "Werkhof Muster")
    looks_right(page, look)
    expect(page.locator("svg.link-picture-wide")).to_be_visible()
    expect(page.locator("svg.link-picture-narrow")).to_be_hidden()
    link = page.url

    page.get_by_role("link", name="Zu den Regeln").click()
    page.get_by_role("link", name="Neue Regel").first.click()
    page.get_by_label("Von", exact=True).select_option(label="Ganz Schulhaus Muster")
    page.get_by_label("Zu wem", exact=True).select_option(label="Zähler (192.168.1.20)")
    page.get_by_label("Was", exact=True).select_option("tcp")
    page.get_by_label("Ports").fill("502")
    looks_right(page, look)
    page.get_by_role("button", name="Regel hinzufügen").click()
    expect(page.get_by_text("TCP 502")).to_be_visible()
    question = page.locator("#reach")
    question.get_by_label("Von").select_option(label="Heizung (192.168.1.10)")
    question.get_by_label("Zu wem").select_option(label="Zähler (192.168.1.20)")
    question.get_by_label("Port").fill("502")
    question.get_by_role("button").click()
    # Nobody has connected a gateway yet, and the answer says so.
    expect(page.locator("#reach").get_by_text("Nein, das geht nicht durch.")).to_be_visible()
    looks_right(page, look)

    page.goto(link)
    page.get_by_role("table").get_by_role("link", name="Schulhaus Muster").click()
    expect(page.get_by_text("Nächster Schritt")).to_be_visible()
    looks_right(page, look)
    page.get_by_role("button", name="Anlage entfernen").click()
    page.get_by_role("dialog").get_by_role("button", name="Anlage entfernen").click()
    page.wait_for_url(link)
    expect(page.get_by_role("table").get_by_role("link", name="Schulhaus Muster")).to_be_hidden()

    page.get_by_role("link", name="Einstellungen der Vernetzung").click()
    page.get_by_role("button", name="Pausieren").click()
    expect(page.get_by_text("Die Vernetzung ist pausiert: Nichts geht durch.")).to_be_visible()
    page.get_by_role("button", name="Fortsetzen").click()
    page.get_by_role("link", name="Einstellungen der Vernetzung").click()
    looks_right(page, look)
    page.get_by_role("button", name="Vernetzung löschen").click()
    page.get_by_role("dialog").get_by_role("button", name="Vernetzung löschen").click()
    page.wait_for_url(re.compile(r"/links/$"))
    expect(page.get_by_text("Eine Vernetzung verbindet mehrere Anlagen")).to_be_visible()
    # The page of a site that is just taken out may ask for itself once more, in vain; nothing else may go wrong.
    in_vain = [each for each in complaints if "404 from ?part=member" in each]
    assert len(in_vain) <= 1
    assert len(complaints) == 2 * len(in_vain), complaints  # the browser says it, too


def test_a_central_site_gets_devices_and_other_addresses(
    page: Page, backstage: Backstage, look: Look
) -> None:
    stage = build(backstage, "central", twin=True)
    log_in_quietly(page, stage.email("rita"))
    page.goto(f"/levels/{stage.reseller}/links/new/")
    page.get_by_label("Name").fill("Leitstelle")
    page.locator("[name=mode][value=central]").check(force=True)
    page.get_by_label("Adressbereich").fill("10.64.0.0/24")
    page.get_by_role("button", name="Vernetzung anlegen").click()
    page.get_by_role("link", name="Anlage hinzufügen").first.click()
    page.get_by_role("link", name="Wählen Werkhof Muster").click()
    page.get_by_label("Das ist die zentrale Anlage").check()
    looks_right(page, look)
    page.locator("main form .button-main").click()
    add(page, "Schulhaus Muster")
    looks_right(page, look)

    page.get_by_role("link", name="Erreichte Endgeräte").click()
    page.get_by_role("link", name="Endgeräte hinzufügen").first.click()
    page.get_by_label("Heizung").check()
    looks_right(page, look)
    page.get_by_role("button", name="Endgeräte hinzufügen").click()
    expect(page.get_by_text("10.64.0.1", exact=True)).to_be_visible()
    looks_right(page, look)
    page.get_by_role("link", name="Adressen ändern").click()
    page.get_by_label("Neuer Adressbereich").fill("10.65.0.0/24")
    page.locator("main form .button-main").first.click()
    expect(page.get_by_text("10.65.0.1", exact=True)).to_be_visible()
    looks_right(page, look)
    page.get_by_role("button", name="Adressen jetzt ändern").click()
    expect(page.get_by_role("table").get_by_text("10.65.0.1", exact=True)).to_be_visible()

    page.goto(f"/levels/{stage.reseller}/addresses/?check=192.168.1.0/25")
    expect(page.get_by_text("überschneidet sich mit")).to_be_visible()
    looks_right(page, look)
    page.goto(f"/levels/{stage.school}/")
    expect(page.get_by_role("heading", name="Vernetzung mit anderen Anlagen")).to_be_visible()
    looks_right(page, look)
