"""The way that a gateway's tunnel takes, on the page of the site while somebody looks at it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from furka.clock import now
from furka.kernel.wireguard import generate_private_key, public_key_of
from tests.browser.hub import a_hub, call
from tests.browser.people import Holder


def a_site(page: Page) -> str:
    """A site of one's own; returns its address."""
    page.goto("/welcome/")
    page.locator("[name=kind][value=customer]").check()
    page.locator("form.form [name=name]").fill("Gemeinde Beispiel")
    page.locator("form.form button.button-main").click()
    page.wait_for_url(re.compile(r"/levels/\w+/"))
    page.goto(f"{page.url}sites/new/")
    page.locator("form.form [name=name]").fill("Pumpwerk")
    page.locator("form.form button.button-main").click()
    expect(page.get_by_role("heading", name="Pumpwerk")).to_be_visible()
    return page.url


def test_the_page_says_which_way_the_tunnel_takes_and_changes_while_one_looks(
    holder: Holder,
    base_url: str,
    portal_home: Path,
    look: Callable[[Page], list[str]],
    complaints: list[str],
) -> None:
    page = holder.page
    hub_token = a_hub(base_url, portal_home)
    address = a_site(page)
    create = page.get_by_role("button", name="Kopplungscode erzeugen")
    if create.is_visible():
        create.click()
    key = public_key_of(generate_private_key())
    claim: dict[str, object] = {
        "code": page.locator(".copy-text").first.inner_text(),
        "public_key": key,
        "hostname": "box",
        "version": "1",
    }
    token = call(base_url, "/gateway/claim", claim).json()["token"]
    seen = {"public_key": key, "online": True, "at": now().isoformat(), "endpoint": "127.0.0.1:40000"}
    call(base_url, "/hub/report", {"applied_revision": 1, "peers": [seen]}, hub_token)

    def report(path: str) -> None:
        said = {"version": "1", "applied_etag": "1", "back_end": "kernel", "path": path}
        call(base_url, "/gateway/report", said | {"path_since": now().isoformat()}, token)

    report("udp")
    page.goto(address)
    expect(page.get_by_text("UDP, direkt")).to_be_visible()
    page.evaluate("window.sameDocument = true")
    report("tls-proxy")
    expect(page.get_by_text("TLS über TCP-Port 443, durch einen HTTP-Proxy")).to_be_visible(timeout=20_000)
    assert page.evaluate("window.sameDocument") is True
    expect(page.get_by_text("127.0.0.1")).to_have_count(0)
    _looks_well(page, look)
    page.goto(f"{address}events/")
    expect(page.get_by_text("Der Tunnel nimmt einen anderen Weg")).to_be_visible()
    _its_page_has_a_log_and_the_way_to_a_new_box(page, address, base_url, look)
    assert complaints == []


def _its_page_has_a_log_and_the_way_to_a_new_box(
    page: Page, address: str, base_url: str, look: Callable[[Page], list[str]]
) -> None:
    page.goto(address)
    page.get_by_role("link", name="Seite des Gateways").click()
    log = page.locator("#log")
    expect(log.get_by_role("row", name="TLS über TCP-Port 443")).to_be_visible()
    log.get_by_role("link", name="Online").click()
    expect(log.get_by_role("row", name="TLS über TCP-Port 443")).to_have_count(0)
    expect(log.get_by_role("row", name="Online")).to_be_visible()
    page.get_by_role("search").get_by_role("textbox").first.fill("nirgends")
    page.get_by_role("button", name="Anzeigen").click()
    expect(page.get_by_text("Es ist nichts Passendes geschehen.")).to_be_visible()
    log.get_by_role("link", name="Alle anzeigen").click()

    page.get_by_role("button", name="Kopplungscode erzeugen").click()
    expect(page.get_by_text("Bis dahin läuft das alte weiter.")).to_be_visible()
    _looks_well(page, look)
    claim: dict[str, object] = {
        "code": page.locator(".copy-text").first.inner_text(),
        "public_key": public_key_of(generate_private_key()),
        "hostname": "neue-box",
        "serial": "SN-0815",
        "version": "2",
    }
    call(base_url, "/gateway/claim", claim)
    expect(log.get_by_role("row", name="neue-box")).to_be_visible()  # by itself
    page.reload()
    expect(page.get_by_text("SN-0815")).to_be_visible()
    _looks_well(page, look)
    page.goto(f"{address}events/")
    expect(page.get_by_text("Gateway durch ein neues Gerät ersetzt")).to_be_visible()


def _looks_well(page: Page, look: Callable[[Page], list[str]]) -> None:
    for width in (360, 1440):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert look(page) == []
