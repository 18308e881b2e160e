"""Whom an owner limits sees it in a browser where they see what they reach, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.backstage import Backstage
from tests.browser.people import PASSWORD, log_in_quietly
from tests.browser.stage import ACTS


def test_supporter_is_told_why_not_now_and_asks(
    page: Page, backstage: Backstage, look_day_and_night: Callable[[Page], list[str]]
) -> None:
    backstage.do(ACTS, "hold_back", password=PASSWORD)
    page.emulate_media(reduced_motion="reduce")
    log_in_quietly(page, "sonja-held@example.org")
    page.goto("/access/")
    expect(page.get_by_role("heading", name="Vom Inhaber zurückgehalten")).to_be_visible()
    expect(page.get_by_text("Grenzen von Werkhof Grenzen:")).to_be_visible()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert look_day_and_night(page) == [], width
    page.get_by_role("link", name="Zugriff anfragen").first.click()
    expect(page.get_by_label("Grund")).to_be_visible()
