"""What an owner decides, in real browsers: limits for others, requests, emergencies; and seeing as somebody sees."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.backstage import Backstage
from tests.browser.hub import a_hub, call
from tests.browser.people import log_in_quietly
from tests.browser.stage import Stage, build
from tests.browser.totp import set_up_app
from tests.world import public_key

Look = Callable[[Page], list[str]]
As = Callable[[str], Page]

_numbers = itertools.count(1)


@pytest.fixture
def stage(backstage: Backstage) -> Stage:
    return build(backstage, f"o{next(_numbers)}", owned=True)


@pytest.fixture
def seen_by(browser: Browser, base_url: str, stage: Stage) -> Iterator[As]:
    """The browser of one of the people, logged in."""
    opened: dict[str, BrowserContext] = {}

    def page_of(name: str) -> Page:
        if name not in opened:
            opened[name] = browser.new_context(
                base_url=base_url, locale="de-CH", timezone_id="Europe/Zurich", reduced_motion="reduce"
            )
            page = opened[name].new_page()
            log_in_quietly(page, stage.email(name))
        return opened[name].pages[0]

    yield page_of
    for context in opened.values():
        context.close()


def looks_right(page: Page, look: Look) -> None:
    """On the smallest phone by day, at a desk by night."""
    for width, scheme in ((360, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert look(page) == [], (page.url, width, scheme)


def ask(page: Page, school: str, reason: str) -> None:
    """Fill in what a request needs; it is not sent yet."""
    page.goto(f"/levels/{school}/")
    page.get_by_role("link", name="Zugriff anfragen").click()
    page.get_by_label("Fernzugriff benutzen").check()
    page.get_by_label("Grund").fill(reason)
    page.get_by_label("Wie lange").select_option(label="2 Stunden")


def test_owner_limits_others_who_ask_each_time(
    seen_by: As, stage: Stage, latest_link: Callable[[str], str], look: Look
) -> None:
    karl, sonja = seen_by("karl"), seen_by("sonja")
    karl.goto(f"/levels/{stage.school}/settings/")
    karl.get_by_role("link", name="Grenzen für andere").click()
    karl.locator("[name=approval][value='connect.use']").check()
    karl.locator("[name=emergency]").check()
    karl.get_by_role("button", name="Vorschau: Wen begrenzt das?").click()
    expect(karl.get_by_text("Das begrenzt zurzeit")).to_contain_text("Sonja Muster")
    karl.get_by_role("button", name="Speichern").click()
    expect(karl.get_by_text("Gespeichert. Es gilt ab jetzt")).to_be_visible()

    ask(sonja, stage.school, "Heizung läuft nicht")
    expect(sonja.get_by_text("Der Inhaber von Schulhaus Muster begrenzt")).to_be_visible()
    looks_right(sonja, look)
    sonja.get_by_role("button", name="Zugriff anfragen").click()
    expect(sonja.get_by_text("Ihre Anfrage ist unterwegs.")).to_be_visible()
    looks_right(sonja, look)

    karl.goto(latest_link(stage.email("karl")))  # the mail leads to the answer
    expect(karl.get_by_text("Heizung läuft nicht")).to_be_visible()
    looks_right(karl, look)
    karl.get_by_label("Für wie viele Minuten").fill("30")
    karl.get_by_label("Worte an die anfragende Person").fill("Nur die Heizung")
    karl.get_by_role("button", name="Freigeben").click()
    expect(karl.get_by_text("Freigegeben. Sonja Muster erhält Nachricht.")).to_be_visible()
    looks_right(karl, look)

    sonja.reload()
    expect(sonja.get_by_text("Karl Muster: Nur die Heizung")).to_be_visible()
    sonja.get_by_role("button", name="Jetzt beginnen").click()
    expect(sonja.get_by_text("noch 29 min").or_(sonja.get_by_text("noch 30 min"))).to_be_visible()
    sonja.get_by_role("button", name="Zurückgeben").click()
    expect(sonja.get_by_role("button", name="Zurückgeben")).to_have_count(0)

    ask(sonja, stage.school, "Noch einmal")
    sonja.get_by_role("button", name="Zugriff anfragen").click()
    expect(sonja.get_by_text("Ihre Anfrage ist unterwegs.")).to_be_visible()
    karl.goto(latest_link(stage.email("karl")))
    karl.get_by_label("Worte an die anfragende Person").fill("Morgen wieder")
    karl.get_by_role("button", name="Ablehnen").click()
    expect(karl.get_by_text("Abgelehnt. Sonja Muster erhält Nachricht.")).to_be_visible()
    sonja.reload()
    expect(sonja.get_by_text("Karl Muster: Morgen wieder")).to_be_visible()


def test_supporter_is_prepared_and_let_in_at_the_plant_by_a_code_over_the_phone(
    seen_by: As, stage: Stage, base_url: str, portal_home: Path, look: Look
) -> None:
    a_hub(base_url, portal_home)
    karl, sonja = seen_by("karl"), seen_by("sonja")
    karl.goto(f"/levels/{stage.school}/limits/")
    karl.locator("[name=approval][value='connect.use']").check()
    karl.get_by_role("button", name="Speichern").click()
    expect(karl.get_by_text("Gespeichert. Es gilt ab jetzt")).to_be_visible()
    karl.goto(f"/levels/{stage.school}/releases/")
    looks_right(karl, look)
    karl.get_by_label("Supporter").select_option(label="Sonja Muster")
    karl.get_by_role("button", name="Vorbereiten").click()
    expect(karl.get_by_role("heading", name="PIN für Sonja Muster")).to_be_visible()
    looks_right(karl, look)
    pin = re.findall(r"code=(\d+)", karl.content())[0]
    karl.goto(karl.url)
    expect(karl.get_by_role("row", name="Sonja Muster")).to_be_visible()
    assert pin not in karl.content(), "it was shown once"

    gateway = {"code": stage.claim_code, "public_key": public_key(), "version": "1"}
    token = call(base_url, "/gateway/claim", gateway).json()["token"]
    sonja.goto("/access/requests/")
    code = sonja.locator("code").first.inner_text()
    typed = {"code": code.replace(" ", ""), "language": "de"}
    assert call(base_url, "/gateway/release", typed, token).json()["person"] == "Sonja Muster"
    sonja.reload()
    expect(sonja.get_by_role("button", name="Zurückgeben")).to_be_visible()
    looks_right(sonja, look)

    karl.reload()
    expect(karl.get_by_role("row", name="Sonja Muster")).not_to_contain_text("noch nie")
    karl.get_by_role("button", name="Zurücknehmen").click()
    expect(karl.get_by_text("kann vor Ort nicht mehr hereingelassen werden")).to_be_visible()
    with pytest.raises(httpx.HTTPStatusError) as refused:
        call(base_url, "/gateway/release", {**typed, "code": pin}, token)
    assert refused.value.response.json()["code"] == "release-unknown"


def test_emergency_lets_in_at_once_alarms_and_is_justified(
    seen_by: As, stage: Stage, base_url: str, latest_link: Callable[[str], str], look: Look
) -> None:
    karl, sonja = seen_by("karl"), seen_by("sonja")
    karl.goto(f"/levels/{stage.school}/limits/")
    karl.locator("[name=approval][value='connect.use']").check()
    karl.locator("[name=emergency]").check()
    karl.get_by_role("button", name="Speichern").click()
    expect(karl.get_by_text("Gespeichert. Es gilt ab jetzt")).to_be_visible()

    ask(sonja, stage.school, "Wasser im Keller")
    sonja.get_by_role("button", name="Notfall: jetzt eintreten").click()
    expect(sonja.get_by_text("Sie haben Zugriff. Die Inhaber sind alarmiert.")).to_be_visible()
    assert latest_link(stage.email("karl")) == f"{base_url}/levels/{stage.school}/people/"
    sonja.get_by_role("button", name="Zurückgeben").click()
    expect(sonja.get_by_role("button", name="Zurückgeben")).to_have_count(0)

    ask(sonja, stage.school, "Es tropft wieder")
    sonja.get_by_role("button", name="Zugriff anfragen").click()
    expect(sonja.get_by_text("Bitte begründen Sie zuerst Ihren letzten Notfallzugriff.")).to_be_visible()
    expect(sonja.get_by_label("Grund")).to_have_value("Es tropft wieder")
    sonja.goto("/access/requests/")
    sonja.get_by_role("link", name="Begründen").click()
    looks_right(sonja, look)
    sonja.get_by_label("Was war der Notfall?").fill("Rohrbruch, Pumpe abgestellt")
    sonja.get_by_role("button", name="Begründen").click()
    expect(sonja.get_by_text("Danke. Die Inhaber erhalten Nachricht.")).to_be_visible()

    karl.goto(f"/levels/{stage.school}/requests/")
    expect(karl.get_by_text("Rohrbruch, Pumpe abgestellt")).to_be_visible()
    karl.goto(f"/levels/{stage.school}/events/")
    for said in ("Notfallzugriff genommen", "Notfallzugriff begründet"):
        expect(karl.get_by_text(said).first).to_be_visible()


def test_connection_is_confirmed_with_a_reason_and_a_second_factor_and_ended(
    seen_by: As, stage: Stage, look: Look
) -> None:
    karl, sonja = seen_by("karl"), seen_by("sonja")
    karl.goto(f"/levels/{stage.school}/limits/")
    for name in ("confirm", "confirm_reason", "confirm_factor"):
        karl.locator(f"[name={name}]").check()
    looks_right(karl, look)
    karl.get_by_role("button", name="Speichern").click()
    expect(karl.get_by_text("Gespeichert. Es gilt ab jetzt")).to_be_visible()

    connect = f"/levels/{stage.school}/connect/"
    sonja.goto(connect)
    expect(sonja.get_by_text("Richten Sie zuerst einen zweiten Nachweis ein")).to_be_visible()
    looks_right(sonja, look)
    spare = set_up_app(sonja)
    sonja.goto("/access/")
    sonja.get_by_role("link", name="Verbinden").first.click()
    sonja.get_by_role("link", name="Zweiten Nachweis zeigen").click()
    sonja.get_by_label("Code", exact=False).fill(spare[0])
    sonja.locator("main form button").first.click()
    sonja.wait_for_url(f"**{connect}")
    sonja.get_by_role("button", name="Verbinden").click()
    expect(sonja.get_by_text("Bitte sagen Sie in wenigen Worten, warum.", exact=True)).to_be_visible()
    looks_right(sonja, look)
    sonja.get_by_label("Warum verbinden Sie sich?").fill("Pumpe prüfen")
    sonja.get_by_role("button", name="Verbinden").click()
    expect(sonja.get_by_text("Sie sind verbunden, längstens bis")).to_be_visible()

    sonja.goto(connect)
    looks_right(sonja, look)
    sonja.get_by_role("button", name="Trennen").click()
    expect(sonja.get_by_text("Sie sind getrennt.")).to_be_visible()
    karl.goto(f"/levels/{stage.school}/events/")
    for said in ("Nach Bestätigung verbunden", "Bestätigte Verbindung beendet", "Pumpe prüfen"):
        expect(karl.get_by_text(said).first).to_be_visible()


def test_administrator_sees_the_portal_as_somebody_else_and_changes_nothing(
    seen_by: As, stage: Stage, look: Look
) -> None:
    rita = seen_by("rita")
    rita.goto(f"/levels/{stage.customer}/access/")
    rita.get_by_role("link", name="Karl Muster").first.click()
    rita.get_by_role("button", name="Ansicht als diese Person").click()
    rita.get_by_role("dialog").get_by_role("button", name="Ansicht als diese Person").click()
    banner = rita.get_by_role("status").filter(has_text="Sie sehen Gemeinde Muster wie Karl Muster.")
    expect(banner).to_be_visible()
    expect(rita.get_by_role("link", name=f"Muster {stage.number} AG")).to_have_count(
        0
    )  # Karl knows no reseller
    looks_right(rita, look)

    rita.goto(f"/levels/{stage.school}/settings/")
    rita.get_by_label("Name", exact=True).fill("Umbenannt")
    rita.get_by_role("button", name="Namen speichern").click()
    expect(rita.get_by_text("Sie können alles ansehen und nichts ändern.")).to_be_visible()
    rita.goto("/account/me/")
    expect(rita.get_by_role("textbox")).to_have_count(0)  # Karl's own pages stay his

    banner.get_by_role("button", name="Ansicht beenden").click()
    expect(rita.get_by_text("Sie sehen das Portal wieder als Sie selbst.")).to_be_visible()
    rita.goto(f"/levels/{stage.customer}/events/")
    expect(rita.get_by_text("Portal wie jemand anderes angesehen").first).to_be_visible()
    expect(rita.get_by_text("Umbenannt")).to_have_count(0)


def test_second_factor_is_demanded_of_everybody_at_a_level(seen_by: As, stage: Stage, look: Look) -> None:
    karl, rita = seen_by("karl"), seen_by("rita")
    karl.goto(f"/levels/{stage.customer}/limits/")
    karl.locator("[name=two_factor]").check()
    karl.get_by_role("button", name="Speichern").click()
    expect(karl.get_by_text("Sie würden sich selbst aussperren.").first).to_be_visible()
    set_up_app(karl)
    karl.goto(f"/levels/{stage.customer}/limits/")
    karl.locator("[name=two_factor]").check()
    karl.get_by_role("button", name="Speichern").click()
    expect(karl.get_by_text("Gespeichert. Es gilt ab jetzt")).to_be_visible()

    rita.goto(f"/levels/{stage.school}/people/")
    expect(rita.get_by_role("heading", name="Hier ist ein zweiter Nachweis nötig")).to_be_visible()
    looks_right(rita, look)
    set_up_app(rita)
    rita.goto(f"/levels/{stage.school}/people/")
    expect(rita.get_by_role("link", name="Supporter einladen")).to_be_visible()
