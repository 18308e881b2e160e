"""The guide, as a visitor and as a supporter read it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from playwright.sync_api import Page, expect

from tests.browser.people import Holder


def test_visitor_finds_it_before_logging_in_and_reads_on_in_their_language(page: Page) -> None:
    page.goto("/account/login/")
    page.get_by_role("link", name="Anleitung für Supporter").click()
    expect(page.get_by_role("heading", name="Anleitung für Supporter", level=1)).to_be_visible()
    page.get_by_role("link", name="Eine Einladung annehmen").click()
    expect(page.get_by_role("heading", name="Eine Einladung annehmen")).to_be_in_viewport()
    page.get_by_text("DE", exact=True).click()
    page.get_by_role("button", name="Italiano").click()
    expect(page.locator("html")).to_have_attribute("lang", "it-CH")
    expect(page.get_by_role("heading", name="Accettare un invito")).to_be_visible()


def test_paper_is_for_taking_along(page: Page) -> None:
    page.goto("/help/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Anleitung als PDF").click()
    assert download.value.suggested_filename == "furka-anleitung-supporter.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_pictures_are_shown(page: Page) -> None:
    page.goto("/help/owners/")
    pictures = page.locator(".guide-text img")
    assert pictures.count() >= 3
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("image => image.naturalWidth") >= 1000


def test_rail_leads_to_it(holder: Holder) -> None:
    holder.page.goto("/help/")
    expect(holder.page.locator("#rail").get_by_role("link", name="Hilfe")).to_have_attribute(
        "aria-current", "page"
    )


def test_guide_has_no_serious_fault(
    page: Page, complaints: list[str], look_day_and_night: Callable[[Page], list[str]]
) -> None:
    for width, address in product((360, 1440), ("/help/", "/help/owners/", "/help/supporters/")):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(address)
        assert look_day_and_night(page) == []
    assert complaints == []
