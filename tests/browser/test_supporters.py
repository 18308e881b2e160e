"""People and supporters in a real browser: invited, changed, extended, asked for; roles of a level; codes to scan."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.backstage import Backstage
from tests.browser.people import PASSWORD, confirm, log_in, log_in_quietly
from tests.browser.stage import Stage, build, do_duty

_numbers = itertools.count(1)


@pytest.fixture
def stage(backstage: Backstage) -> Stage:
    return build(backstage, f"p{next(_numbers)}")


@pytest.fixture
def rita(page: Page, stage: Stage) -> Page:
    log_in_quietly(page, stage.email("rita"))
    return page


@pytest.fixture
def another(browser: Browser, base_url: str) -> Callable[[], Page]:
    """Somebody else's browser."""

    def open_one() -> Page:
        context = browser.new_context(base_url=base_url, locale="de-CH", timezone_id="Europe/Zurich")
        return context.new_page()

    return open_one


def people(page: Page, key: str, rest: str = "") -> None:
    page.goto(f"/levels/{key}/people/{rest}")


def test_several_are_invited_with_painted_hours_and_a_slip_is_asked_about(
    rita: Page, stage: Stage, latest_link: Callable[[str], str], complaints: list[str]
) -> None:
    people(rita, stage.school, "invite/")
    rita.get_by_label("E-Mail-Adresse").fill(f"eins{stage.number}@gmial.com, zwei{stage.number}@example.org")
    rita.get_by_text("Beginn, Zugriffszeiten, Weitergeben").click()
    rita.get_by_label("zu bestimmten Zeiten der Woche").check()
    first, last = rita.locator("[data-at='0-16']"), rita.locator("[data-at='4-23']")
    first.scroll_into_view_if_needed()
    for day in range(5):  # painted with the mouse, day by day
        rita.locator(f"[data-at='{day}-16']").hover()
        rita.mouse.down()
        rita.locator(f"[data-at='{day}-23']").hover()
        rita.mouse.up()
    expect(rita.locator("[data-week-words]")).to_contain_text("Mo–Fr 08:00–12:00")
    last.focus()
    rita.keyboard.press("ArrowRight")
    rita.keyboard.press("Space")  # and with the keyboard
    expect(rita.locator("[data-week-words]")).to_contain_text("Fr 08:00–12:30")
    rita.get_by_role("button", name="Einladung senden").click()

    expect(rita.get_by_text(f"eins{stage.number}@gmail.com").first).to_be_visible()
    expect(rita.locator("[data-week-words]")).to_contain_text("Fr 08:00–12:30")
    rita.get_by_label("Ja, das stimmt so").check()
    rita.get_by_role("button", name="Einladung senden").click()

    expect(rita.get_by_text("2 Einladungen sind unterwegs.")).to_be_visible()
    assert "/invitations/" in latest_link(f"zwei{stage.number}@example.org")
    assert [each for each in complaints if "422" not in each] == []  # the question about the slip


def test_hours_are_typed_where_nothing_is_painted(rita: Page, stage: Stage) -> None:
    people(rita, stage.school, "invite/")
    rita.get_by_label("E-Mail-Adresse").fill(f"drei{stage.number}@example.org")
    rita.get_by_text("Beginn, Zugriffszeiten, Weitergeben").click()
    rita.get_by_label("zu bestimmten Zeiten der Woche").check()
    rita.get_by_role("button", name="Zeiten auf die Minute eingeben").click()
    rita.get_by_label("Montag").first.check()
    rita.get_by_label("von", exact=True).first.fill("07:15")
    rita.get_by_label("bis", exact=True).first.fill("08:45")
    rita.get_by_role("button", name="Einladung senden").click()
    expect(rita.get_by_role("heading", name=f"Einladung an drei{stage.number}@example.org")).to_be_visible()


def test_access_is_extended_paused_resumed_and_revoked_from_the_list(
    rita: Page, stage: Stage, complaints: list[str]
) -> None:
    people(rita, stage.school)
    sonja = rita.get_by_role("row").filter(has_text="Sonja Muster")
    expect(sonja).to_contain_text("läuft ab")
    sonja.get_by_role("button", name="Verlängern").click()
    rita.get_by_role("button", name="1 Woche").and_(rita.locator(":visible")).click()
    expect(rita.get_by_text("Der Zugriff von Sonja Muster dauert jetzt bis")).to_be_visible()
    sonja.get_by_role("button", name="Pausieren").click()
    expect(sonja).to_contain_text("pausiert")
    sonja.get_by_role("button", name="Fortsetzen").click()
    expect(sonja).to_contain_text("aktiv")

    rita.get_by_label("Alle auswählen").check()
    expect(rita.locator("[data-bulk-count]").first).to_have_text("2")
    rita.locator(".bulk").get_by_role("button", name="Entziehen").click()
    rita.get_by_role("button", name="Zugriff entziehen").and_(rita.locator(":visible")).click()
    expect(rita.get_by_text("2 Zugriffe entzogen.")).to_be_visible()
    assert complaints == []


def test_two_administrators_change_the_same_access(
    rita: Page, stage: Stage, another: Callable[[], Page]
) -> None:
    other = another()
    log_in(other, stage.email("rita"))
    other.wait_for_url(lambda url: "/account/" not in url)
    for page in (rita, other):
        people(page, stage.school)
        page.get_by_role("row").filter(has_text="Sonja Muster").get_by_role("link", name="Ändern").click()
    other.get_by_label("1 Tag länger").check()
    other.get_by_role("button", name="Zugriff ändern").click()
    expect(other.get_by_text("Der Zugriff von Sonja Muster ist geändert.")).to_be_visible()

    rita.get_by_label("Grund").fill("Neue Pumpe")
    rita.get_by_role("button", name="Zugriff ändern").click()
    expect(
        rita.get_by_text("Rita Muster hat diesen Zugriff inzwischen geändert (Ende).").first
    ).to_be_visible()
    expect(rita.get_by_label("Grund")).to_have_value("Neue Pumpe")
    rita.get_by_role("button", name="Zugriff ändern").click()
    expect(rita.get_by_text("Neue Pumpe")).to_be_visible()
    other.context.close()


def test_extension_is_asked_for_and_granted(rita: Page, stage: Stage, another: Callable[[], Page]) -> None:
    sonja = another()
    log_in(sonja, stage.email("sonja"))
    sonja.wait_for_url(lambda url: "/account/" not in url)
    sonja.goto("/access/")
    sonja.get_by_role("link", name="Verlängerung erbitten").click()
    sonja.get_by_label("4 Stunden").check()
    sonja.get_by_label("Grund").fill("Ersatzteil fehlt")
    sonja.get_by_role("button", name="Bitte senden").click()
    expect(sonja.get_by_text("Ihre Bitte ist gesendet.")).to_be_visible()

    rita.goto(f"/levels/{stage.reseller}/")
    expect(rita.get_by_text("Verlängerung erbeten").first).to_be_visible()
    people(rita, stage.school)
    rita.get_by_role("link", name="Antworten").click()
    expect(rita.get_by_text("Ersatzteil fehlt")).to_be_visible()
    rita.get_by_role("button", name="Antwort senden").click()
    expect(rita.get_by_text("Der Zugriff von Sonja Muster ist verlängert")).to_be_visible()
    sonja.reload()
    expect(sonja.get_by_text("Ihre letzte Bitte: gewährt.")).to_be_visible()
    sonja.context.close()


def test_both_sides_are_warned_before_the_end_and_the_links_lead_on(
    rita: Page,
    stage: Stage,
    another: Callable[[], Page],
    latest_link: Callable[[str], str],
    backstage: Backstage,
) -> None:
    assert do_duty(backstage, "warn_before_end", minutes=270) > 0
    rita.goto(latest_link(stage.email("rita")))
    expect(
        rita.get_by_role("heading", name=re.compile("Zugriff von (Sonja|Max) Muster ändern"))
    ).to_be_visible()
    expect(rita.get_by_role("button", name="Zugriff ändern")).to_be_visible()
    sonja = another()
    sonja.goto(latest_link(stage.email("sonja")))
    sonja.get_by_label("E-Mail").fill(stage.email("sonja"))
    sonja.get_by_label("Passwort").fill(PASSWORD)
    sonja.get_by_role("button", name="Anmelden").click()
    expect(sonja.get_by_role("button", name="Bitte senden")).to_be_visible()
    sonja.get_by_label("4 Stunden").check()
    sonja.get_by_label("Grund").fill("Noch nicht fertig")
    sonja.get_by_role("button", name="Bitte senden").click()
    expect(sonja.get_by_text("Ihre Bitte ist gesendet.")).to_be_visible()

    rita.goto(latest_link(stage.email("rita")))  # the newest: of what was just asked
    expect(rita.get_by_text("Noch nicht fertig")).to_be_visible()
    assert do_duty(backstage, "warn_before_end", minutes=271) == 0, "once is enough"
    sonja.context.close()


def test_staff_is_invited_reminded_and_the_invitation_withdrawn(
    rita: Page, stage: Stage, latest_link: Callable[[str], str]
) -> None:
    email = f"neu{stage.number}@example.org"
    people(rita, stage.reseller)
    rita.get_by_role("link", name="Mitarbeitende einladen").click()
    rita.get_by_label("E-Mail-Adresse").fill(email)
    rita.get_by_role("button", name="Einladung senden").click()
    expect(rita.get_by_role("heading", name=f"Einladung an {email}")).to_be_visible()
    link = latest_link(email)
    rita.get_by_role("button", name="Erneut senden").click()
    expect(rita.get_by_text(f"noch einmal an {email} gesendet")).to_be_visible()
    people(rita, stage.reseller)
    rita.get_by_role("row", name=email).get_by_role("button", name="Zurückziehen").click()
    rita.get_by_role("button", name="Einladung zurückziehen").and_(rita.locator(":visible")).click()
    expect(rita.get_by_role("row", name=email)).to_contain_text("zurückgezogen")
    rita.goto(link)
    expect(rita.get_by_role("button", name="Annehmen")).to_have_count(0)


def test_invitation_is_declined_and_an_access_given_back(
    rita: Page, stage: Stage, another: Callable[[], Page], latest_link: Callable[[str], str]
) -> None:
    people(rita, stage.customer, "invite/")
    rita.get_by_label("E-Mail-Adresse").fill(stage.email("sonja"))
    rita.get_by_role("button", name="Einladung senden").click()
    expect(rita.get_by_role("heading", name="Einladung an")).to_be_visible()
    sonja = another()
    log_in(sonja, stage.email("sonja"))
    sonja.wait_for_url(lambda url: "/account/" not in url)
    sonja.goto(latest_link(stage.email("sonja")))
    sonja.get_by_role("button", name="Ablehnen").click()
    people(rita, stage.customer)
    expect(rita.get_by_role("row", name=stage.email("sonja"))).to_contain_text("abgelehnt")

    sonja.goto("/access/")
    sonja.get_by_role("button", name="Zurückgeben").click()
    sonja.get_by_role("dialog").get_by_role("button", name="Zugriff zurückgeben").click()
    expect(sonja.get_by_role("link", name="Schulhaus Muster")).to_have_count(0)
    sonja.goto(f"/levels/{stage.school}/")
    expect(sonja.get_by_role("heading", name="Schulhaus Muster")).to_have_count(0)
    people(rita, stage.school)
    row = rita.get_by_role("row").filter(has_text="Sonja Muster")  # among what has ended
    expect(row.get_by_role("button", name="Entziehen")).to_have_count(0)
    sonja.context.close()


def test_level_defines_a_role_of_its_own(rita: Page, stage: Stage) -> None:
    people(rita, stage.customer)
    rita.get_by_role("link", name="Rollen").click()
    rita.get_by_role("row").filter(has_text="Betrachter").get_by_role("link", name="Kopieren").click()
    rita.get_by_label("Name").fill("Pikett")
    rita.get_by_label("Fernzugriff benutzen").check()
    rita.get_by_role("button", name="Rolle erstellen").click()
    expect(rita.get_by_role("link", name="Pikett")).to_be_visible()
    people(rita, stage.school, "invite/")
    expect(rita.get_by_text("Rolle von «Gemeinde Muster»")).to_be_visible()
    people(rita, stage.customer, "roles/")
    rita.get_by_role("link", name="Pikett").click()
    rita.get_by_role("button", name="Rolle entfernen").click()
    rita.get_by_role("button", name="Rolle entfernen").and_(rita.locator("dialog button")).click()
    expect(rita.get_by_text("Die Rolle «Pikett» ist entfernt.")).to_be_visible()


def test_code_lets_in_somebody_who_opens_an_account_on_the_way_and_nobody_after(
    rita: Page, stage: Stage, another: Callable[[], Page], latest_link: Callable[[str], str]
) -> None:
    people(rita, stage.school, "site-users/new/")
    rita.get_by_role("button", name="Weiter").click()
    expect(rita.get_by_role("img", name="QR-Code mit dem Link")).to_be_visible()
    link = rita.locator(".copy-text").text_content() or ""

    visitor = another()
    visitor.goto(link)
    visitor.get_by_role("link", name="Konto eröffnen").click()
    email = f"hauswart{stage.number}@example.org"
    visitor.get_by_label("Name").fill("Hanna Hauswart")
    visitor.get_by_label("E-Mail").fill(email)
    visitor.get_by_label("Passwort", exact=True).fill(PASSWORD)
    visitor.get_by_role("button", name="Konto eröffnen").click()
    confirm(visitor, latest_link(email))
    visitor.get_by_role("button", name="Annehmen").click()
    visitor.goto(f"/levels/{stage.school}/")
    expect(visitor.get_by_role("heading", name="Ansprechperson")).to_be_visible()
    expect(visitor.get_by_text("Heizung")).to_be_visible()
    expect(visitor.get_by_role("link", name="Einstellungen")).to_have_count(0)
    visitor.context.close()

    late = another()
    late.goto(link)
    expect(late.get_by_role("heading", name="Dieser Code wurde bereits verwendet")).to_be_visible()
    late.context.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_pages_about_people_have_no_serious_faults(
    rita: Page, stage: Stage, look_day_and_night: Callable[[Page], list[str]], width: int
) -> None:
    look = look_day_and_night
    rita.set_viewport_size({"width": width, "height": 900})
    school, customer = f"/levels/{stage.school}/people", f"/levels/{stage.customer}/people"
    pages = [
        f"{school}/",
        f"{customer}/?below=yes",
        f"{school}/invite/",
        f"{school}/site-users/new/",
        f"{customer}/roles/",
        f"{customer}/roles/new/?from=viewer",
    ]
    for address in pages:
        rita.goto(address)
        if "/invite/" in address:
            rita.get_by_text("Beginn, Zugriffszeiten, Weitergeben").click()
            rita.get_by_label("zu bestimmten Zeiten der Woche").check()
            rita.locator("[data-week-set='0-4 07:00 18:00']").click()
        assert (address, look(rita)) == (address, [])
    people(rita, stage.school)
    rita.get_by_role("row").filter(has_text="Sonja Muster").get_by_role("link", name="Ändern").click()
    assert look(rita) == []


def test_a_supporter_is_let_in_to_one_device_and_to_its_page_only(
    rita: Page, stage: Stage, look: Callable[[Page], list[str]]
) -> None:
    people(rita, stage.school, "invite/")
    rita.get_by_label("E-Mail-Adresse").fill(f"teil{stage.number}@example.org")
    rita.get_by_text("Ausgewählte Endgeräte").click()
    rita.get_by_label("Heizung (192.168.1.10)").check()
    rita.get_by_text("Nur einzelne Ports").click()
    rita.get_by_label("Webseiten (tcp/80, tcp/443)").check()
    for width in (360, 1440):
        rita.set_viewport_size({"width": width, "height": 900})
        assert look(rita) == []
    rita.get_by_role("button", name="Einladung senden").click()

    expect(rita.get_by_text("nur Heizung; nur Ports tcp/80, tcp/443")).to_be_visible()
