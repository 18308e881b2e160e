"""A device's page from the portal: the button, the link that is handed on, the way there, what is open."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from furka import clock
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.wire import PREFIX
from tests.browser.hub import a_hub, call
from tests.browser.people import Holder


@pytest.fixture(scope="module")
def hub(base_url: str, portal_home: Path) -> str:
    """The token of a hub that opens pages; nothing stands behind it."""
    return a_hub(base_url, portal_home)


@pytest.fixture
def site(holder: Holder, hub: str, base_url: str) -> str:
    """The address of a site with a device, served by a gateway."""
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
    page.goto(f"{address}devices/new/")
    page.locator("form.form [name=name]").fill("Heizung")
    page.locator("[name=address]").fill("192.168.7.9")
    page.locator("[name=web]").check()
    page.locator("form.form button.button-main").click()
    expect(page.get_by_text("Heizung").first).to_be_visible()
    page.goto(address)
    create = page.get_by_role("button", name="Kopplungscode erzeugen")
    if create.is_visible():
        create.click()
    claim = {
        "code": page.locator(".copy-text").first.inner_text(),
        "public_key": public_key_of(generate_private_key()),
        "hostname": "box",
        "version": "1",
    }
    call(base_url, "/gateway/claim", claim)
    page.goto(address)
    return address


def test_a_click_leads_to_the_device_and_the_link_can_be_handed_on(
    holder: Holder,
    site: str,
    hub: str,
    base_url: str,
    portal_home: Path,
    look: Callable[[Page], list[str]],
    complaints: list[str],
) -> None:
    page = holder.page
    page.context.route(
        re.compile(r"^http://\w+\.localhost:9/"),
        lambda route: route.fulfill(body="<title>Heizung</title>the device", content_type="text/html"),
    )
    _looks_well(page, look)
    with page.context.expect_page() as tab:
        page.get_by_role("button", name="Seite öffnen Heizung").click()
    device = tab.value
    device.wait_for_url(re.compile(r"^http://[a-z2-7]{26}\.localhost:9/\.furka/open\?t="))
    assert device.evaluate("document.referrer") == ""
    assert device.evaluate("window.opener") is None
    device.close()

    page.goto("/access/")
    row = page.get_by_role("row", name="Heizung").filter(has=page.get_by_role("button", name="Schliessen"))
    expect(row).to_be_visible()
    _looks_well(page, look)
    row.get_by_role("button", name="Schliessen").click()
    expect(page.get_by_text("Die Seite wurde geschlossen.")).to_be_visible()
    expect(row).to_have_count(0)

    page.goto(site)
    link = page.locator("form[target=_blank]").first.get_attribute("action")
    assert link is not None
    page.goto(link)
    expect(page.get_by_role("heading", name="Heizung")).to_be_visible()
    _looks_well(page, look)
    page.get_by_role("button", name="Seite öffnen").click()
    page.wait_for_url(re.compile(r"^http://[a-z2-7]{26}\.localhost:9/\.furka/open\?t="))
    _why_it_is_reached_and_what_a_test_finds(page, site, base_url, portal_home, hub, look)
    assert complaints == []


def _why_it_is_reached_and_what_a_test_finds(
    page: Page, site: str, base_url: str, portal_home: Path, hub: str, look: Callable[[Page], list[str]]
) -> None:
    page.goto(f"{site}services/connect/zones/")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader"))
    expect(row.first).to_contain_text("alle Ports")
    _looks_well(page, look)
    page.get_by_role("link", name="Warum?").last.click()
    expect(
        page.get_by_text("Erlaubt, aber jetzt nicht erreichbar.")
    ).to_be_visible()  # the gateway was never there
    _looks_well(page, look)
    page.get_by_label("Port", exact=False).last.fill("80")
    page.get_by_role("button", name="Antwort anzeigen").click()
    page.clock.install()
    page.get_by_role("button", name="Ausprobieren").click()
    expect(page.get_by_text("Der Hub probiert es aus …")).to_be_visible()
    with closing(sqlite3.connect(portal_home / "furka.db", timeout=20)) as database, database:
        database.execute("UPDATE trials_trial SET asked_at = datetime(asked_at, '-1 minute')")
    page.clock.fast_forward(35_000)
    expect(page.get_by_text("Der Hub hat nicht innert einer halben Minute geantwortet")).to_be_visible()
    page.clock.resume()
    page.get_by_role("button", name="Ausprobieren").click()
    expect(page.get_by_text("Der Hub probiert es aus …")).to_be_visible()
    _looks_well(page, look)

    asked = httpx.get(
        f"{base_url}{PREFIX}/hub/plan?since=0", headers={"Authorization": f"Bearer {hub}"}
    ).json()
    [trial] = asked["trials"]  # not the one that lapsed
    found = {"name": trial["name"], "doors": [], "tunnel": False, "reply": "silent"}
    call(base_url, "/hub/report", {"applied_revision": 1, "trials": [found]}, hub)

    expect(page.get_by_text("Es schweigt:")).to_be_visible()  # without a click
    _looks_well(page, look)


def test_device_of_a_person_shows_whether_it_is_in_and_reaches_one_plant_under_its_real_addresses(
    holder: Holder,
    site: str,
    hub: str,
    base_url: str,
    look: Callable[[Page], list[str]],
    complaints: list[str],
) -> None:
    page = holder.page
    page.goto(site)
    # With an ending, if another site was called so before.
    name = page.locator(".hostname", has_text=re.compile(r"heizung\.turnhalle[^.]*\.gemeinde-beispiel"))
    expect(name).to_be_visible()
    page.goto("/access/")
    form = page.locator("form[data-wireguard-profile]")
    form.get_by_label("Name des Geräts").fill("Werkzeug")
    form.get_by_label("Auch echte Adressen").check()
    page.get_by_role("button", name="Gerät hinzufügen").first.click()
    config = page.locator("[data-profile-text]")
    expect(config).to_contain_text("PresharedKey = ")
    expect(config).to_contain_text("192.168.0.0/16")
    state = page.locator("#profile-state")
    expect(state).to_contain_text("Noch nie verbunden")

    [mine] = page.request.get("/api/v1/profiles").json()["items"]
    now = mine["created_at"]
    peer = {"public_key": mine["public_key"], "online": True, "at": now, "handshake_at": now}
    report = {"applied_revision": 1, "peers": [peer | {"endpoint": "192.0.2.7:4711"}]}
    call(base_url, "/hub/report", report, hub)
    expect(state).to_contain_text("192.0.2.7")  # by itself
    expect(state).to_contain_text("Verbunden")

    page.goto("/access/")
    expect(page.locator("#my-devices")).to_contain_text("Keine aktive Anlage")
    page.get_by_role("link", name="Werkzeug").click()
    _looks_well(page, look)
    page.get_by_label("Anlage", exact=True).select_option(label="Turnhalle, Gemeinde Beispiel")
    page.get_by_role("button", name="Anlage wählen").click()
    expect(page.get_by_text("Turnhalle ist jetzt die aktive Anlage.")).to_be_visible()
    page.get_by_role("button", name="Neue Schlüssel erstellen").click()
    expect(config).to_contain_text("PresharedKey = ")
    _looks_well(page, look)
    again = page.request.get("/api/v1/profiles").json()["items"][0]
    assert again["public_key"] != mine["public_key"]
    assert again["plant"]["name"] == "Turnhalle"
    assert complaints == []


def _looks_well(page: Page, look: Callable[[Page], list[str]]) -> None:
    """On a phone and on a desk, by day and by night."""
    for width in (360, 1440):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert look(page) == []
    page.emulate_media(color_scheme="light")


def test_a_connection_appears_by_itself_and_is_ended_with_a_click(
    holder: Holder,
    site: str,
    hub: str,
    base_url: str,
    look: Callable[[Page], list[str]],
    complaints: list[str],
) -> None:
    page = holder.page
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    made = page.request.post(
        f"{base_url}/api/v1/profiles",
        data={"name": "Laptop", "public_key": public_key_of(generate_private_key())},
        headers={"X-CSRFToken": token, "Origin": base_url},
    ).json()
    page.goto(f"{site}connections/")
    expect(page.get_by_text("Im Moment ist niemand in der Anlage")).to_be_visible()

    def report(**said: object) -> None:
        seen = {
            "token": "a-connection",
            "profile": made["key"],
            "site_name": site.rstrip("/").rsplit("/", 1)[1],
            "began_at": clock.now().isoformat(),
            **said,
        }
        call(base_url, "/hub/report", {"applied_revision": 1, "accesses": [seen]}, hub)

    report(bytes=3_000_000, answered_bytes=2_000_000)
    inside = page.locator("#now")
    expect(inside.get_by_text("Laptop")).to_be_visible()
    assert look(page) == []
    inside.get_by_role("button", name="Beenden").click()
    page.get_by_role("dialog").get_by_role("button", name="Verlassen").click()
    expect(page.locator("#now").get_by_role("heading", name="Ausgesperrt")).to_be_visible()

    page.goto("/access/")
    page.get_by_role("button", name="Zurückkommen").click()
    expect(page.get_by_role("button", name="Zurückkommen")).to_have_count(0)
    report(bytes=4_000_000, ended_at=clock.now().isoformat(), ended_by="idle")
    page.goto("/access/connections/")
    expect(page.get_by_role("row", name="Laptop")).to_contain_text("Turnhalle")
    assert look(page) == []
    assert complaints == []
