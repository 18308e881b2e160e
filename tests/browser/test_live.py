"""A page that stays open: it changes by itself, and says so when it can not hear the portal."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Holder


@pytest.fixture
def sites(holder: Holder) -> Page:
    """The list of sites of a customer that has just begun."""
    page = holder.page
    page.goto("/welcome/")
    page.locator("[name=kind][value=customer]").check()
    page.locator("form.form [name=name]").fill("Gemeinde Andermatt")
    page.locator("form.form button.button-main").click()
    page.get_by_role("link", name="Anlagen", exact=True).click()
    expect(page.locator("[data-live]").first).to_be_visible()
    return page


def create_site(page: Page, name: str) -> None:
    page.locator("form.form [name=name]").fill(name)
    page.locator("form.form button.button-main").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_new_site_appears_in_a_list_that_is_open_elsewhere(sites: Page) -> None:
    with sites.context.expect_page() as opened:
        sites.evaluate("window.open(location.href + 'new/')")
    create_site(opened.value, "Wasserwerk")
    expect(sites.get_by_role("link", name="Wasserwerk").first).to_be_visible()


def test_lost_connection_is_said_and_what_was_missed_is_fetched(sites: Page) -> None:
    said = sites.get_by_text("Die Verbindung ist unterbrochen")
    expect(said).to_be_hidden()
    with sites.context.expect_page() as opened:
        sites.evaluate("window.open(location.href + 'new/')")
    other = opened.value
    sites.route("**/live/**", lambda route: route.abort())
    sites.reload()
    expect(said).to_be_visible(timeout=15_000)
    create_site(other, "Wasserwerk")
    sites.unroute("**/live/**")
    expect(said).to_be_hidden(timeout=20_000)
    expect(sites.get_by_role("link", name="Wasserwerk").first).to_be_visible()


def test_page_in_which_somebody_types_waits_until_they_are_done(sites: Page) -> None:
    with sites.context.expect_page() as opened:
        sites.evaluate("window.open(location.href + 'new/')")
    # In one go, since news of the level itself may come in between and take away what nobody types in.
    sites.evaluate("""() => {
      const note = document.createElement("textarea");
      document.querySelector("[data-live]").append(note);
      note.focus();
    }""")
    note = sites.locator("[data-live] textarea")
    note.press_sequentially("Heating")
    create_site(opened.value, "Wasserwerk")
    note.press_sequentially(" room")
    expect(note).to_have_value("Heating room")
    sites.locator("h1").click()
    expect(sites.get_by_role("link", name="Wasserwerk").first).to_be_visible()
