"""Looking around first, in a real browser: into a sample world, around in it, and out to an account."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Look = Callable[[Page], list[str]]


def test_visitor_looks_around_and_opens_an_account(page: Page, complaints: list[str], look: Look) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/account/signup/")
    page.get_by_role("link", name="In einer Beispielwelt umsehen").click()
    page.set_viewport_size({"width": 360, "height": 800})
    assert look(page) == []
    page.get_by_role("button", name="Beispielwelt betreten").click()
    expect(page.get_by_role("heading", name="Muster Gebäudetechnik AG")).to_be_visible()
    expect(page.get_by_text("Alles hier ist erfunden")).to_be_visible()
    assert look(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="dark")
    assert look(page) == []
    page.get_by_role("link", name="Hallenbad Thun (Beispiel)").first.click()
    expect(page.get_by_text("Offline").first).to_be_visible()
    page.goto("/account/me/")
    expect(page.get_by_role("heading", name="Hier gibt es kein Konto")).to_be_visible()
    assert look(page) == []
    page.get_by_role("main").get_by_role("button", name="Eigenes Konto eröffnen").last.click()
    expect(page.get_by_role("heading", name="Konto eröffnen")).to_be_visible()
    assert complaints == []


def test_two_visitors_have_a_world_each(page: Page) -> None:
    page.goto("/explore/")
    page.get_by_role("button", name="Beispielwelt betreten").click()
    expect(page.get_by_role("heading", name="Muster Gebäudetechnik AG")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/explore/")
    page.get_by_role("button", name="Beispielwelt betreten").click()
    expect(page.get_by_role("heading", name="Muster Gebäudetechnik AG")).to_be_visible()
