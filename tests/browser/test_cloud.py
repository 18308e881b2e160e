"""The state of the cloud, as somebody sees it who has just begun: on a desk and on a phone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.people import Holder


def test_state_of_the_cloud_is_one_click_away_and_fits_on_a_phone(holder: Holder) -> None:
    page = holder.page
    page.goto("/account/me/")
    page.locator("#rail").get_by_role("link", name="Cloud-Status").click()
    expect(page.get_by_role("heading", name="Cloud-Status")).to_be_visible()
    expect(page.locator("#cloud[data-live]")).to_be_visible()
    page.get_by_role("link", name="Alle anzeigen").click()
    expect(page.get_by_role("heading", name="Störungen der Cloud")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 740})
    for address in ("/cloud/", "/cloud/history/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
