"""Long lists in a browser: the palette, filters, views, rows changed together, a table taken in; by keyboard too."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from tests.browser.people import Holder

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

TABLE = """Kunde;Anlage;Anlagennummer;Zeitzone
Klinik Süd;Haus A;A-1;
Klinik Süd;Haus B;A-2;Europa/Zürich
Gemeinde Nord;Turnhalle;A-3;
;Äussere Pumpe;A-4;
"""


@pytest.fixture
def reseller(holder: Holder) -> Page:
    """Somebody who has just begun as a reseller, on the overview of their level."""
    page = holder.page
    page.goto("/welcome/")
    page.locator("label", has_text="Reseller").first.click()
    page.get_by_label("Name").fill("Haustechnik Muster")
    page.get_by_role("button", name=re.compile("Beginnen|Los|eröffnen|anlegen", re.IGNORECASE)).first.click()
    page.wait_for_url(re.compile(r"/levels/\w+/"))
    return page


@pytest.fixture
def filled(reseller: Page) -> Page:
    """The same with three sites and two customers from a table; on the list of sites."""
    bring(reseller)
    page = reseller
    page.get_by_label("Die Zeilen mit Fehlern weglassen").check()
    page.get_by_role("button", name="Importieren").click()
    expect(page.get_by_text("Importiert: 3 neu, 0 geändert.")).to_be_visible()
    page.get_by_role("link", name="Zu den Anlagen").click()
    expect(page.get_by_role("link", name="Turnhalle")).to_be_visible()
    page.wait_for_load_state()  # with its scripts
    return page


def level_of(page: Page) -> str:
    found = re.search(r"/levels/\w+/", page.url)
    assert found
    return found.group()


def bring(page: Page) -> None:
    """Up to the preview."""
    page.goto(f"{level_of(page)}import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "anlagen.csv", "mimeType": "text/csv", "buffer": TABLE.encode("cp1252")}
    )
    page.get_by_role("button", name="Tabelle ansehen").click()
    expect(page.get_by_label("Anlagennummer")).to_have_value("2")
    page.get_by_role("button", name="Jede Zeile prüfen").click()
    expect(page.get_by_text("Die Zeitzone «Europa/Zürich» ist nicht bekannt.")).to_be_visible()


def test_table_is_taken_in_after_its_faults_were_shown(filled: Page, complaints: list[str]) -> None:
    names = filled.locator("tbody .name").all_inner_texts()

    assert names == ["Äussere Pumpe", "Haus A", "Turnhalle"]
    filled.goto(f"{level_of(filled)}import/")
    expect(filled.get_by_role("cell", name="importiert")).to_be_visible()
    assert complaints == []


def test_palette_goes_anywhere_by_keyboard_alone(filled: Page, look: Callable[[Page], list[str]]) -> None:
    page = filled
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Suchen")
    expect(field).to_be_focused()
    expect(page.get_by_role("option", name="Supporter einladen")).to_have_attribute("aria-selected", "true")
    assert look(page) == []

    field.fill("aussere")
    chosen = page.get_by_role("option", name="Äussere Pumpe")
    expect(chosen).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", re.compile("palette-found-1"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Äussere Pumpe")).to_be_visible()

    page.keyboard.press("/")
    field.fill("neues")
    expect(page.get_by_role("option", name="Neues Netz")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Suche und Aktionen")).to_be_hidden()


def test_without_scripts_the_same_link_leads_to_the_search(filled: Page) -> None:
    state = filled.context.storage_state()
    browser = filled.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, storage_state=state, locale="de-CH")
    page = plain.new_page()
    page.goto(filled.url)
    page.get_by_role("link", name="Suche und Aktionen").first.click()
    page.get_by_label("Anlage, Endgerät, Person").fill("turn")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Turnhalle")).to_be_visible()
    plain.close()


def test_rows_are_ticked_and_changed_together(filled: Page, look: Callable[[Page], list[str]]) -> None:
    page = filled
    bar = page.get_by_role("group", name="Mit den gewählten Zeilen")
    expect(bar).to_be_hidden()
    page.get_by_label("Haus A").check()
    page.get_by_label("Turnhalle").check()
    expect(bar).to_contain_text("2 ausgewählt")
    assert look(page) == []
    page.get_by_role("button", name="Connect Basic ausschalten").click()
    expect(page.get_by_text("wird bei diesen 2 Anlagen ausgeschaltet")).to_be_visible()
    page.get_by_role("button", name="Connect Basic ausschalten").click()
    expect(page.get_by_text("Bei 2 Ebenen erledigt.")).to_be_visible()
    assert look(page) == []

    page.get_by_role("link", name="Zurück zur Liste").click()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("link", name="Connect Basic ausgeschaltet").click()
    expect(page.locator("tbody .name")).to_have_count(2)


def test_labels_are_given_to_many_and_what_fits_is_taken_out(filled: Page) -> None:
    page = filled
    page.get_by_label("Haus A").check()
    page.get_by_label("Turnhalle").check()
    page.get_by_role("button", name="Labels hinzufügen oder entfernen").click()
    page.get_by_label("Labels hinzufügen").fill("Pikett")
    page.locator("main form .button-main").click()
    expect(page.get_by_text("Bei 2 Ebenen erledigt.")).to_be_visible()
    page.get_by_role("link", name="Zurück zur Liste").click()
    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("link", name="Pikett").click()
    expect(page.locator("tbody .name")).to_have_text(["Haus A", "Turnhalle"])
    page.get_by_label("Reihenfolge: nach Name").click()
    page.get_by_role("link", name="nach Kunde").click()
    expect(page.locator("tbody .name")).to_have_text(["Turnhalle", "Haus A"])

    page.get_by_label("Import und Export").click()
    with page.expect_download() as whole:
        page.get_by_role("link", name="Diese Liste exportieren").click()
    book = load_workbook(io.BytesIO(whole.value.path().read_bytes()), read_only=True)
    rows = book.worksheets[0].iter_rows(values_only=True)
    assert {cell for row in rows for cell in row} >= {"Haus A", "Turnhalle"}
    page.get_by_label("Turnhalle").check()
    with page.expect_download() as chosen:
        page.get_by_role("button", name="Exportieren").click()
    assert chosen.value.suggested_filename.startswith("sites-")


def test_supporter_is_invited_on_all_chosen_sites(filled: Page, latest_link: Callable[[str], str]) -> None:
    page = filled
    page.get_by_label("Alle auf dieser Seite").check()
    page.get_by_role("button", name="Supporter einladen").click()
    page.get_by_label("E-Mail-Adresse").fill("alle.anlagen@example.org")
    page.get_by_role("button", name="Supporter einladen").click()
    expect(page.get_by_text("Bei 3 Ebenen erledigt.")).to_be_visible()
    assert "/invitations/" in latest_link("alle.anlagen@example.org")


def test_view_is_saved_and_the_list_opens_with_it(filled: Page, look: Callable[[Page], list[str]]) -> None:
    page = filled
    page.get_by_label("Nach Name, Kunde, Endgerät oder Adresse suchen").fill("haus")
    expect(page.locator("tbody .name")).to_have_text(["Haus A"])
    page.get_by_text("Ansichten", exact=True).click()
    page.get_by_role("link", name="Ansichten speichern oder verwalten").click()
    assert look(page) == []
    page.get_by_label("Name der Ansicht").fill("Häuser")
    page.get_by_label("Die Liste öffnet sich für mich damit").check()
    page.get_by_role("button", name="Ansicht speichern").click()
    page.goto(f"{level_of(page)}sites/")
    expect(page.locator("tbody .name")).to_have_text(["Haus A"])
    expect(page.locator("summary", has_text="Häuser")).to_be_visible()


def test_pages_of_lists_have_no_serious_fault(
    filled: Page, complaints: list[str], look_day_and_night: Callable[[Page], list[str]]
) -> None:
    page, look = filled, look_day_and_night
    level = level_of(page)
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        for rest in ("sites/?attention=1&sort=state", "customers/", "import/", "views/sites/"):
            page.goto(f"{level}{rest}")
            assert look(page) == [], rest
        bring(page)
        assert look(page) == []
        page.goto("/search/?q=haus")
        assert look(page) == []
    assert complaints == []


def test_workbook_brings_address_place_and_labels(reseller: Page, complaints: list[str]) -> None:
    page = reseller
    page.goto(f"{level_of(page)}import/")
    book = Workbook()
    book.worksheets[0].append(["Anlage", "Strasse", "PLZ", "Ort", "Breite", "Länge", "Labels"])
    book.worksheets[0].append(["Klinik", "Seeweg 1", 3600, "Thun", 46.758, 7.628, "Pikett, Winter"])
    saved = io.BytesIO()
    book.save(saved)
    page.locator("input[type=file]").set_input_files(
        {"name": "anlagen.xlsx", "mimeType": _XLSX, "buffer": saved.getvalue()}
    )
    page.get_by_role("button", name="Tabelle ansehen").click()
    page.get_by_role("button", name="Jede Zeile prüfen").click()
    page.get_by_role("button", name="Importieren").click()
    expect(page.get_by_text("Importiert: 1 neu, 0 geändert.")).to_be_visible()
    page.get_by_role("link", name="Zu den Anlagen").click()
    page.get_by_role("main").get_by_role("link", name="Klinik").click()
    expect(page.get_by_text("Seeweg 1, 3600 Thun")).to_be_visible()
    expect(page.get_by_role("link", name="Pikett")).to_be_visible()
    assert complaints == []
