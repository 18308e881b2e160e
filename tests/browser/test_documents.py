"""Documents and the photo of a site, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.attachments.files import a_picture
from tests.browser.people import Holder

PLAN: FilePayload = {"name": "Heizungsplan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 plan"}
NEXT_PLAN: FilePayload = {
    "name": "Heizungsplan.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.7 plan 2",
}
LIST: FilePayload = {"name": "Zähler.csv", "mimeType": "text/csv", "buffer": b"a;b\n"}
PROGRAM: FilePayload = {"name": "Programm.exe", "mimeType": "application/x", "buffer": b"MZ\x00\x01"}
HOUSE: FilePayload = {"name": "Haus.jpg", "mimeType": "image/jpeg", "buffer": a_picture("JPEG", (800, 500))}


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


def test_several_documents_are_sent_and_each_says_how_it_went(
    holder: Holder, site: str, look: Callable[[Page], list[str]], complaints: list[str]
) -> None:
    page = holder.page
    page.get_by_role("link", name="Dokumente hinzufügen").click()
    page.get_by_label("Dokumente").set_input_files([PLAN, PROGRAM])
    page.get_by_role("button", name="Dokumente hinzufügen").click()
    sent = page.get_by_role("list", name="Was gesendet wird")
    expect(sent.get_by_role("listitem").first).to_contain_text("Hinzugefügt")
    expect(sent.get_by_role("listitem").last).to_contain_text("Diese Art von Datei wird nicht angenommen")
    _is_sound(page, look)
    page.get_by_label("Dokumente").set_input_files([LIST])
    page.get_by_role("button", name="Dokumente hinzufügen").click()
    page.wait_for_url(re.compile(r"/documents/$"))
    expect(page.get_by_role("row")).to_have_count(3)  # one of them is the head
    with page.expect_download() as download:
        page.get_by_role("link", name="Heizungsplan.pdf", exact=True).click()
    assert download.value.suggested_filename == "Heizungsplan.pdf"
    _is_sound(page, look)
    page.get_by_role("link", name="Versionen von Heizungsplan.pdf").click()
    page.get_by_role("link", name="Neue Version").click()
    page.get_by_label("Datei").set_input_files([NEXT_PLAN])
    page.get_by_role("button", name="Version speichern").click()
    expect(page.get_by_role("row", name="neuste")).to_contain_text("Heizungsplan.pdf")
    _is_sound(page, look)
    page.get_by_role("button", name="Version 1 entfernen").click()
    page.get_by_role("dialog").get_by_role("button", name="Version entfernen").click()
    expect(page.get_by_text("Version 1 wurde entfernt.")).to_be_visible()
    page.get_by_role("link", name="Zurück zu den Dokumenten").click()
    page.get_by_role("button", name="Heizungsplan.pdf entfernen").click()
    page.get_by_role("dialog").get_by_role("button", name="Dokument entfernen").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.goto(site)
    expect(page.get_by_role("link", name="Zähler.csv")).to_be_visible()
    assert [each for each in complaints if "422" not in each] == []  # browsers note every answer like that


def test_photo_stands_on_the_page_of_the_site(
    holder: Holder, site: str, look: Callable[[Page], list[str]], complaints: list[str]
) -> None:
    page = holder.page
    page.get_by_role("link", name="Foto hinzufügen").click()
    page.get_by_label("Foto", exact=True).set_input_files(HOUSE)
    page.get_by_role("button", name="Foto speichern").click()
    photo = page.get_by_role("img", name="Foto von Turnhalle")
    photo.scroll_into_view_if_needed()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=_element(photo))
    _is_sound(page, look)
    page.get_by_role("link", name="Foto ändern").click()
    _is_sound(page, look)
    page.get_by_role("button", name="Foto entfernen").click()
    page.get_by_role("dialog").get_by_role("button", name="Foto entfernen").click()
    expect(page.get_by_text("Das Foto wurde entfernt.")).to_be_visible()
    expect(photo).to_have_count(0)
    assert complaints == []


def test_without_scripts_a_form_sends_them(holder: Holder, site: str, base_url: str) -> None:
    browser = holder.page.context.browser
    assert browser is not None
    state = holder.page.context.storage_state()
    context = browser.new_context(
        java_script_enabled=False, storage_state=state, base_url=base_url, locale="de-CH"
    )
    page = context.new_page()
    page.goto(f"{site}documents/new/")
    page.get_by_label("Dokumente").set_input_files([PLAN, LIST])
    page.get_by_role("button", name="Dokumente hinzufügen").click()
    expect(page.get_by_text("2 Dokumente wurden hinzugefügt.")).to_be_visible()
    context.close()


def _element(locator: Any) -> Any:
    return locator.element_handle()


def _is_sound(page: Page, look: Callable[[Page], list[str]]) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert look(page) == []
    page.emulate_media(color_scheme="light")
