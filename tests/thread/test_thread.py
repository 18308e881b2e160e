"""From opening an account to a packet in a plant, and cut off on time: the tour in six steps, as a person does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from furka import clock
from furka.lab.programs import connect
from tests.thread.installation import Installation, Transfer, installation, opens, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.browser]

PASSWORD = "Furka pass road 2429"
SOON = 20_000  # milliseconds


@pytest.fixture(scope="module")
def furka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("tour")) as started:
        yield started


@pytest.fixture
def desk(browser: Browser, furka: Installation) -> Iterator[Any]:
    """Makes browsers, one for each person."""
    made: list[BrowserContext] = []

    def sit_down() -> Page:
        context = browser.new_context(base_url=furka.url, locale="en-GB", timezone_id="Europe/Zurich")
        context.set_default_timeout(SOON)
        made.append(context)
        return context.new_page()

    yield sit_down
    for context in made:
        context.close()


def open_account(furka: Installation, page: Page, name: str, email: str) -> None:
    """From the sign-up form to the confirmed address."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main form button[type=submit]").last.click()
    link = furka.link_in_mail(rf"{re.escape(furka.url)}/account/confirm-email/[^\s\"<]+")
    page.goto(link)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(lambda url: "/account/" not in url)


def test_the_six_steps(furka: Installation, desk: Any, tmp_path: Path) -> None:
    # 2. An account, a level of one's own, a customer, a site with its network and a device.
    owner: Page = desk()
    owner.goto("/account/signup/")
    open_account(furka, owner, "Olga Owner", "olga@example.org")
    owner.get_by_label("Name of the company").fill("Thread AG")
    owner.locator("main form button[type=submit]").last.click()
    expect(owner.get_by_role("heading", name="Thread AG")).to_be_visible()
    reseller = owner.url.rstrip("/")
    owner.goto(f"{reseller}/customers/new/")
    owner.get_by_label("Name").fill("Town")
    owner.locator("main form button[type=submit]").last.click()
    expect(owner.get_by_role("heading", name="Town")).to_be_visible()
    owner.goto(f"{owner.url.rstrip('/')}/sites/new/")
    owner.get_by_label("Name").fill("School")
    owner.locator("main form button[type=submit]").last.click()
    expect(owner.get_by_role("heading", name="School")).to_be_visible()
    site = owner.url.rstrip("/")
    owner.goto(f"{site}/networks/new/")
    owner.locator("[name=subnet]").fill("192.168.1.0/24")
    owner.locator("main form button[type=submit]").last.click()
    owner.goto(f"{site}/devices/new/")
    owner.locator("[name=name]").fill("Heating")
    owner.locator("[name=address]").fill("192.168.1.10")
    owner.locator("main form button[type=submit]").last.click()

    # 3. The claim code, typed on the plant's gateway; the page shows it online without a reload.
    owner.goto(site)
    create = owner.get_by_role("button", name="Create claim code")
    if create.is_visible():
        create.click()
    code = owner.locator(".copy-text").first.inner_text()
    owner.evaluate("window.sameDocument = true")
    claimed = furka.lab.run("gateway-b", ["furka", "gateway", "claim", code])
    assert claimed.returncode == 0, claimed.stderr
    expect(owner.get_by_text("Online", exact=False).first).to_be_visible(timeout=SOON)
    assert owner.evaluate("window.sameDocument") is True
    again = furka.lab.run("gateway-a", ["furka", "gateway", "claim", code])
    assert again.returncode == 1
    assert "already been used" in again.stderr

    # 4. A supporter is invited until a moment a few minutes away, accepts, and gets a profile.
    owner.goto(f"{site}/people/invite/")
    owner.get_by_label("E-mail address").fill("sam@example.org")
    owner.locator("[name=role][value=supporter]").check()
    owner.locator("[name=ends][value=moment]").check()
    end = datetime.now(ZoneInfo("Europe/Zurich")) + timedelta(minutes=4)  # noqa: TID251  # as a person reads a clock
    owner.locator("[name=valid_until]").fill(end.strftime("%Y-%m-%dT%H:%M"))
    owner.locator("main form button[type=submit]").last.click()
    expect(owner.get_by_text("sam@example.org").first).to_be_visible()
    invitation = furka.link_in_mail(rf"{re.escape(furka.url)}/invitations/[^\s\"<]+")
    stranger: Page = desk()
    stranger.goto("/account/signup/")
    open_account(furka, stranger, "Ivan Intruder", "ivan@example.org")
    stranger.goto(invitation)
    expect(stranger.get_by_text("sam@example.org").first).to_be_visible()
    assert not stranger.get_by_role("button", name="Accept").is_visible()
    supporter: Page = desk()
    sent: list[str] = []
    supporter.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
    supporter.goto(invitation)
    supporter.get_by_role("link", name="Open an account").click()
    open_account(furka, supporter, "Sam Supporter", "sam@example.org")
    supporter.goto(invitation)
    supporter.get_by_role("button", name="Accept").click()
    supporter.wait_for_url("**/access/**")
    supporter.locator("[name=name]").first.fill("Laptop")
    supporter.locator("form[data-wireguard-profile] button[type=submit]").click()
    expect(supporter.locator("[data-profile-qr] svg")).to_be_visible()
    profile = supporter.locator("[data-profile-text]").inner_text()
    private = re.search(r"PrivateKey = (\S{44})", profile)
    assert private is not None
    assert not [request for request in sent if private.group(1) in request], (
        "the private key stays in the browser"
    )

    # 5. With the ordinary tools, from the technician's laptop, the page of the heating controller opens.
    connect(furka.lab, "laptop", profile)
    supporter.goto("/access/")
    address = supporter.locator("text=/10\\.\\d+\\.\\d+\\.10/").first.inner_text().strip()
    wait_for("the heating controller's page opens", lambda: opens(furka.lab, "laptop", address), 20)
    transfer = Transfer(furka.lab, "laptop", address, tmp_path / "transfer")
    owner.goto(f"{site}/events/")
    expect(owner.get_by_text("Sam Supporter").first).to_be_visible()
    owner.goto(site)
    expect(owner.get_by_text("Sam Supporter").first).to_be_visible()

    # 6. The owner clicks: the transfer that is running stops.
    owner.goto(f"{site}/people/")
    owner.get_by_role("button", name="Revoke", exact=True).last.click()
    click = clock.monotonic()
    owner.get_by_role("button", name="Revoke access").click()
    stopped = transfer.last_arrival()
    transfer.stop()
    assert stopped - click < 10
    assert not opens(furka.lab, "laptop", address)
    expect(owner.get_by_text("sam@example.org").first).to_be_visible()
