"""The page of all components: readable by everybody, in light and dark, from the smallest phone to the desk."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_components_have_no_serious_fault(
    page: Page, complaints: list[str], look_day_and_night: Callable[[Page], list[str]]
) -> None:
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto("/components/")
        assert look_day_and_night(page) == []
    assert complaints == []


def test_dialog_lets_destroy_only_after_the_name_was_typed(
    page: Page, look: Callable[[Page], list[str]]
) -> None:
    page.goto("/components/")
    page.get_by_role("button", name="Delete site …").click()
    dialog = page.get_by_role("dialog")
    destroy = dialog.get_by_role("button", name="Delete site")
    expect(destroy).to_be_disabled()
    dialog.get_by_role("textbox").fill("Andermatt")
    expect(destroy).to_be_enabled()
    assert look(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_theme_is_kept_and_comes_with_the_page(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/components/")
    page.locator("[data-themes] summary").click()
    page.locator("[data-theme-set=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    answer = page.goto("/components/")
    assert answer is not None
    assert 'data-bs-theme="dark"' in answer.text()


def test_language_is_switched_where_one_is(page: Page) -> None:
    page.goto("/components/")
    page.get_by_text("DE", exact=True).click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url.endswith("/components/")
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def test_chosen_rows_are_counted_and_can_be_chosen_all_at_once(page: Page) -> None:
    page.goto("/components/")
    bulk = page.locator("[data-bulk]")
    expect(bulk).to_be_hidden()
    page.get_by_label("Camera entrance").check()
    expect(bulk).to_contain_text("1 chosen")
    page.get_by_label("All", exact=True).check()
    expect(bulk).to_contain_text("3 chosen")


def test_tree_opens_and_stays_open(page: Page) -> None:
    page.goto("/components/")
    below = page.locator("#below-closed")
    expect(below).to_be_hidden()
    page.get_by_role("button", name="Gemeinde Realp aufklappen").click()
    expect(below).to_be_visible()
    page.reload()
    expect(below).to_be_visible()


def test_menu_closes_on_escape_and_gives_the_focus_back(page: Page) -> None:
    page.goto("/components/")
    summary = page.locator(".title .menu summary")
    summary.click()
    expect(page.get_by_role("link", name="Rename")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Rename")).to_be_hidden()
    expect(summary).to_be_focused()


def test_times_age_in_the_words_of_the_server(page: Page) -> None:
    page.clock.install()
    page.goto("/components/")
    seen = page.locator("time[data-age=since]").first
    left = page.locator(".timebar time")
    expect(left).to_have_text("noch 3 h 20 min")
    page.clock.fast_forward("02:00:00")
    expect(seen).to_have_text("seit 2 h")
    expect(left).to_have_text("noch 1 h 20 min")
    page.clock.fast_forward("02:00:00")
    expect(left).to_have_text("beendet")


def test_first_load_is_light(page: Page) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto("/account/login/", wait_until="networkidle")
    assert sum(sizes) < 150_000
