"""Gateways without a claim code: a router of one's own, whose private key stays in the browser, and prepared boxes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from furka.kernel.wireguard import public_key_of
from tests.browser.hub import a_hub
from tests.browser.people import Holder


@pytest.fixture
def site(holder: Holder, base_url: str, portal_home: Path) -> str:
    """The address of a site with a network, without a gateway."""
    a_hub(base_url, portal_home)
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
    address = page.url
    page.goto(f"{address}networks/new/")
    page.locator("[name=subnet]").fill("192.168.7.0/24")
    page.get_by_role("button", name="Netz hinzufügen").click()
    page.goto(address)
    return address


def test_router_gets_its_configuration_and_the_portal_only_the_public_key(
    holder: Holder,
    site: str,
    context: BrowserContext,
    look: Callable[[Page], list[str]],
    complaints: list[str],
) -> None:
    page = holder.page
    said: list[str] = []
    context.on("request", lambda request: said.append(f"{request.url} {request.headers} {request.post_data}"))

    page.get_by_role("link", name="Einen eigenen Router verwenden").click()
    looks_well(page, look)
    page.get_by_label("OpenWrt ≥ 22.03").first.check()
    page.get_by_role("button", name="Konfiguration erstellen").first.click()
    expect(page.locator("[data-profile-text]")).to_contain_text("uci batch")
    looks_well(page, look)

    text = page.locator("[data-profile-text]").text_content() or ""
    found = re.search(r"private_key='([^']{44})'", text)
    assert found is not None
    told = page.request.get(site.replace("/levels/", "/api/v1/sites/") + "router").json()
    key = public_key_of(found[1])
    assert [each for each in said if key in each]
    assert [each for each in said if found[1] in each] == []
    assert told["configuration"] == text.replace(found[1], "PRIVATE_KEY")
    with page.expect_download() as saved:
        page.get_by_role("link", name="speichern").click()
    assert Path(saved.value.path()).read_text() == text
    page.get_by_role("link", name="Fertig").click()
    expect(page.get_by_text("OpenWrt ≥ 22.03")).to_be_visible()

    page.goto(f"{site}networks/new/")
    page.locator("[name=subnet]").fill("192.168.8.0/24")
    page.get_by_role("button", name="Netz hinzufügen").click()
    page.get_by_role("link", name="Die neue Konfiguration zeigen").click()
    looks_well(page, look)
    expect(page.locator("pre").first).to_contain_text("192.168.8.0/24")
    page.get_by_role("button", name="Sie ist im Router").click()
    expect(page.get_by_text("Die neue Konfiguration zeigen")).to_have_count(0)
    assert complaints == []


def test_gateways_are_prepared_printed_shipped_and_assigned(
    holder: Holder, site: str, look: Callable[[Page], list[str]], complaints: list[str]
) -> None:
    page = holder.page
    page.goto(site)
    page.get_by_role("link", name="Gemeinde Beispiel").first.click()
    page.get_by_role("link", name="Gateways", exact=True).click()
    page.locator("form.form [name=name]").fill("Lieferung im März")
    page.locator("[name=serials]").fill("SN-1\nSN-2")
    page.get_by_role("button", name="Gateways vorbereiten").click()
    expect(page.get_by_text("SN-2")).to_be_visible()
    looks_well(page, look)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Etiketten (PDF)").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"%PDF-")
    with page.expect_download() as table:
        page.get_by_role("button", name="Tabelle für die Geräte").click()
    lines = Path(table.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[1] for line in lines] == ["serial", "SN-1", "SN-2"]
    page.get_by_role("button", name="Sie sind verschickt").click()
    expect(page.get_by_role("button", name="Etiketten (PDF)")).to_have_count(0)

    page.goto(lines[2].split(",")[2].partition("#")[0])  # where the label leads whoever scans it
    looks_well(page, look)
    page.get_by_label("Anlage", exact=True).select_option("Turnhalle")
    page.get_by_role("button", name="Zuteilen").click()
    expect(page.get_by_text("wartet auf das vorbereitete Gateway")).to_be_visible()
    looks_well(page, look)
    page.get_by_role("button", name="Nicht darauf warten").click()
    page.get_by_text("Ein vorbereitetes Gateway zuteilen").click()
    page.get_by_label("Nummer auf der Etikette").fill("sn-1")
    looks_well(page, look)
    page.get_by_role("button", name="Zuteilen").click()
    expect(page.get_by_text("wartet auf das vorbereitete Gateway")).to_be_visible()
    assert complaints == []


def looks_well(page: Page, look: Callable[[Page], list[str]]) -> None:
    """In light and dark, on a phone and at a desk."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert look(page) == []
