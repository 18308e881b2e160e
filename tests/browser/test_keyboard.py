"""By keyboard alone: where the focus goes, that one sees it, and that a supporter can be invited that way."""

from __future__ import annotations

import itertools
from typing import TypedDict

import pytest
from playwright.sync_api import Page, expect

from tests.browser.backstage import Backstage
from tests.browser.people import log_in_quietly
from tests.browser.stage import Stage, build

#: More stops than any page here has.
MOST = 150

_numbers = itertools.count(1)

#: What has the focus now: what it is called, whether one sees a ring and itself, and whether it comes after the last.
STOP = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const last = window.lastStop;
  window.lastStop = element;
  const ringed = (one) => {
    const style = one && getComputedStyle(one);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  };
  const said = element.getAttribute("aria-label") || element.textContent.trim() || element.name || "";
  const label = element.closest("label");
  const box = element.getBoundingClientRect();
  const x = Math.min(Math.max((box.left + box.right) / 2, 1), innerWidth - 2);
  const y = Math.min(Math.max((box.top + box.bottom) / 2, 1), innerHeight - 2);
  const hit = document.elementFromPoint(x, y);
  return {
    name: `${element.tagName} ${said.slice(0, 60)}`,
    field: element.getAttribute("name") || "",
    ring: Boolean(ringed(element) || ringed(label)),
    seen: Boolean(hit && (element.contains(hit) || hit.contains(element) || label?.contains(hit))),
    after: !last || Boolean(last.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING),
    again: last === element,
  };
}"""


class Stop(TypedDict):
    """One thing that can have the focus."""

    name: str
    field: str
    ring: bool
    seen: bool
    after: bool
    again: bool


@pytest.fixture
def stage(backstage: Backstage) -> Stage:
    return build(backstage, f"k{next(_numbers)}", owned=True)


@pytest.fixture
def karl(page: Page, stage: Stage) -> Page:
    page.emulate_media(reduced_motion="reduce")
    log_in_quietly(page, stage.email("karl"))
    return page


def stops(page: Page) -> list[Stop]:
    """Everything that Tab comes by, until it leaves the page or begins anew."""
    page.evaluate("window.lastStop = null")
    found: list[Stop] = []
    for _press in range(MOST):
        page.keyboard.press("Tab")
        stop: Stop | None = page.evaluate(STOP)
        if stop is None or (found and (stop["again"] or stop["name"] == found[0]["name"])):
            return found
        found.append(stop)
    raise AssertionError(f"no end after {found[-1]}")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    for _press in range(MOST):
        page.keyboard.press("Tab")
        stop: Stop | None = page.evaluate(STOP)
        if stop and name in (stop["field"], stop["name"].partition(" ")[2]):
            return
    raise AssertionError(f"nothing called {name} can have the focus")


def test_focus_is_seen_everywhere_and_goes_in_order(karl: Page, stage: Stage) -> None:
    for width, address in (
        (1440, f"/levels/{stage.customer}/"),
        (1440, f"/levels/{stage.customer}/people/?below=yes"),
        (360, f"/levels/{stage.customer}/sites/"),
        (360, f"/levels/{stage.school}/"),
        (360, f"/levels/{stage.school}/limits/"),
    ):
        karl.set_viewport_size({"width": width, "height": 800})
        karl.goto(address)
        found = stops(karl)
        assert found[0]["name"] == "A Zum Inhalt", address
        assert len(found) > 8, address
        unseen = [stop["name"] for stop in found if not (stop["ring"] and stop["seen"])]
        assert unseen == [], (address, width)
        assert [stop["name"] for stop in found if not stop["after"]] == [], (address, width)


def test_supporter_is_invited_without_a_mouse(karl: Page, stage: Stage) -> None:
    karl.goto(f"/levels/{stage.school}/people/")
    karl.keyboard.press("Tab")
    karl.keyboard.press("Enter")  # past the frame, to the content
    tab_to(karl, "Supporter einladen")
    karl.keyboard.press("Enter")
    karl.wait_for_url("**/people/invite/")
    tab_to(karl, "email")
    karl.keyboard.type("ohne.maus@example.org")
    tab_to(karl, "role")
    karl.keyboard.press("ArrowDown")
    expect(karl.locator("[name=role]:checked")).to_be_focused()
    tab_to(karl, "Einladung senden")
    karl.keyboard.press("Enter")
    expect(karl.get_by_role("heading", name="Einladung an ohne.maus@example.org")).to_be_visible()
