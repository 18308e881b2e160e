"""A device's page in a browser, without a client: a click opens it, through the hub, and revoking ends it at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from furka.cli.logins import PASSWORD
from tests.thread.installation import wait_for
from tests.thread.stage import Stage

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.usefixtures("closed")]

SOON = 30_000  # milliseconds

#: What a hostile page of a device would try; it answers with what it got hold of.
ATTACK = """
async ([portal, other]) => {
  const attempts = {};
  const tried = async (name, attempt) => {
    try { attempts[name] = await attempt(); } catch (error) { attempts[name] = `refused ${error.name}`; }
  };
  attempts.cookies = document.cookie;
  document.cookie = "furka_session=stolen; domain=localhost; path=/";
  document.cookie = "parent=yes; domain=" + location.hostname.split(".").slice(1).join(".");
  attempts.tossed = document.cookie;
  await tried("read", async () => (await fetch(portal + "/access/", {credentials: "include"})).status);
  await tried("other", async () => (await fetch(other, {credentials: "include", mode: "no-cors"})).status);
  await tried("worker", async () => { await navigator.serviceWorker.register("/"); return "registered"; });
  await tried("frame", () => new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.src = portal + "/account/login/";
    frame.onload = () => { try { done(frame.contentDocument ? "blank" : "shut"); } catch (e) { done("shut"); } };
    document.body.append(frame);
  }));
  attempts.opener = String(window.opener);
  return attempts;
}
"""


@pytest.fixture
def desk(browser: Browser, stage: Stage) -> Iterator[Any]:
    """Makes browsers, each with somebody logged in."""
    made: list[BrowserContext] = []

    def sit_down(email: str) -> Page:
        context = browser.new_context(base_url=stage.url, locale="de-CH", timezone_id="Europe/Zurich")
        context.set_default_timeout(SOON)
        made.append(context)
        page = context.new_page()
        page.goto("/account/login/")
        page.locator("[name=login]").fill(email)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(lambda url: "/account/" not in url)
        return page

    yield sit_down
    for context in made:
        context.close()


def opened(portal: Page, stage: Stage, plant: str = "a") -> Page:
    """Click on the button at the site's page; the device's page in its own tab."""
    portal.goto(f"/levels/{stage.sites[plant]['key']}/")
    with portal.context.expect_page() as tab:
        portal.get_by_role("button", name=re.compile("^Seite öffnen")).first.click()
    page = tab.value
    page.wait_for_url(re.compile(r"^http://[a-z2-7]{26}\.localhost:\d+/(?!\.furka)"), timeout=SOON)
    return page


def test_a_click_opens_the_page_and_revoking_ends_it(stage: Stage, desk: Any) -> None:
    grant = stage.let_in("a")
    portal: Page = desk("sonja@example.org")
    page = opened(portal, stage)

    # The device's own login leads, by its own address, to its page with live values.
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Heating controller")).to_be_visible()
    expect(page.locator("#live")).to_have_text(re.compile(r"\d+"))
    expect(page.locator("#visitor")).to_have_text(re.compile(r"^192\.168\.1\.2$"))  # the gateway of the plant
    label = page.url.split(".")[0].split("//")[1]

    # It counts as an access of hers.
    key = stage.sites["a"]["key"]
    wait_for(
        "the journal tells of it",
        lambda: any(
            event["action"] == "access.began" and event["after"].get("page")
            for event in stage.rita.get(f"/levels/{key}/events")["items"]
        ),
        60,
    )

    # Nothing but its own device is reached from its address, and what is not open to it is not reached at all.
    from_page = page_address(stage)
    assert curl(stage, from_page, stage.heating["a"]) == 0
    assert curl(stage, from_page, stage.heating["b"]) != 0
    assert curl(stage, from_page, stage.heating["a"].removesuffix(".10") + ".11:502") != 0
    assert curl(stage, "100.66.200.200", stage.heating["a"]) != 0

    attacks(stage, page, desk)

    stage.revoke("a", grant)

    expect(page.locator("#live")).to_have_text("closed", timeout=10_000)
    page.reload()
    expect(page.get_by_role("heading", name="Ihr Zugriff auf diese Seite ist beendet")).to_be_visible()
    assert curl(stage, from_page, stage.heating["a"]) != 0
    assert label in page.url


def attacks(stage: Stage, page: Page, desk: Any) -> None:
    """What the page of a device, or somebody who has seen its address, can try."""
    rita: Page = desk("rita@example.org")
    theirs = opened(rita, stage, "b")
    before = {(cookie["name"], cookie["domain"]) for cookie in page.context.cookies()}

    got = page.evaluate(ATTACK, [stage.url, theirs.url])

    assert "furka" not in got["cookies"], got
    assert "stolen" not in got["tossed"], got
    assert "parent" not in got["tossed"], got
    for attempt in ("read", "other", "worker"):
        assert str(got[attempt]).startswith("refused"), got
    assert got["frame"] == "shut", got
    assert got["opener"] == "null", got
    assert {(cookie["name"], cookie["domain"]) for cookie in page.context.cookies()} == before
    # Neither another person's browser nor one without a login gets in under that address.
    rita.goto(page.url)
    expect(rita.get_by_role("heading", name="Diese Seite ist hier nicht offen")).to_be_visible()


def page_address(stage: Stage) -> str:
    """The source address of the page that was opened last, as the hub's kernel has it."""
    listed = stage.lab.run(
        "hub", ["nft", "list", "set", "inet", "furka", "door_host_ports"], check=True
    ).stdout
    found: list[str] = re.findall(r"(100\.66\.\d+\.\d+) \. ", listed)
    assert found, listed
    return min(found)


def curl(stage: Stage, source: str, address: str) -> int:
    """How it ends to ask that address from the hub, from that source address."""
    argv = ["curl", "--silent", "--output", "/dev/null", "--max-time", "2", "--interface", source]
    return stage.lab.run("hub", [*argv, f"http://{address}/"]).returncode
