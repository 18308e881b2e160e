"""One's own account in a real browser: opened, confirmed, lost, protected by app and passkey."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.people import Holder, confirm, confirm_it_is_me, log_in, log_out, open_account
from tests.browser.totp import set_up_app


@pytest.fixture
def key(context: BrowserContext, page: Page) -> Iterator[str]:
    """A key that checks its owner, as in a phone; its id."""
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    yield session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    session.detach()


def test_account_needs_its_address_confirmed(page: Page, latest_link: Callable[[str], str]) -> None:
    open_account(page, "new@example.org")
    log_in(page, "new@example.org")
    expect(page.get_by_role("heading", name="E-Mail-Adresse bestätigen")).to_be_visible()
    confirm(page, latest_link("new@example.org"))


def test_wrong_password_is_said_and_the_address_is_kept(holder: Holder) -> None:
    page = holder.page
    log_out(page)
    log_in(page, holder.email, "not the password")
    expect(page.get_by_role("alert")).to_contain_text("stimmt nicht")
    expect(page.get_by_label("E-Mail")).to_have_value(holder.email)


def test_forgotten_password_is_replaced_by_mail(holder: Holder, latest_link: Callable[[str], str]) -> None:
    page = holder.page
    log_out(page)
    page.goto("/account/password/reset/")
    page.get_by_label("E-Mail").fill(holder.email)
    page.get_by_role("button", name="Link senden").click()
    page.goto(latest_link(holder.email))
    page.get_by_label("Neues Passwort", exact=True).fill("Another road over the pass")
    page.get_by_label("Neues Passwort wiederholen").fill("Another road over the pass")
    page.get_by_role("button", name="Passwort speichern").click()
    log_in(page, holder.email, "Another road over the pass")
    page.wait_for_url(lambda url: "/account/" not in url)


def test_app_is_asked_for_at_login_and_a_recovery_code_replaces_it_once(holder: Holder) -> None:
    page = holder.page
    codes = set_up_app(page)
    assert len(codes) == 10
    log_out(page)
    log_in(page, holder.email)
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert")).to_contain_text("Code stimmt nicht")
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/account/factors/")
    expect(page.get_by_text("noch 9 Codes")).to_be_visible()


def test_passkey_replaces_password_and_code(holder: Holder, key: str, complaints: list[str]) -> None:
    page = holder.page
    page.goto("/account/factors/webauthn/add/")
    confirm_it_is_me(page)
    page.get_by_label("Name des Schlüssels").fill("Telefon")
    page.get_by_label("Als Passkey verwenden").check()
    page.get_by_role("button", name="Schlüssel hinzufügen").click()
    expect(page.locator(".code pre")).to_be_visible()
    log_out(page)
    page.get_by_role("button", name="Mit einem Passkey").click()
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/account/factors/webauthn/")
    expect(page.get_by_role("row", name="Telefon")).to_contain_text("Passkey")
    assert complaints == []


def test_other_devices_are_logged_out_at_once(
    holder: Holder, browser: Browser, browser_context_args: dict[str, Any]
) -> None:
    with browser.new_context(**browser_context_args) as elsewhere:
        other = elsewhere.new_page()
        log_in(other, holder.email)
        other.wait_for_url(lambda url: "/account/" not in url)
        holder.page.goto("/account/sessions/")
        holder.page.get_by_role("button", name="Überall sonst abmelden").click()
        other.goto("/account/email/")
        expect(other.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_pages_of_the_account_have_no_serious_fault(
    holder: Holder, complaints: list[str], look_day_and_night: Callable[[Page], list[str]]
) -> None:
    page = holder.page
    page.set_viewport_size({"width": 360, "height": 800})
    for address in (
        "email/",
        "password/change/",
        "factors/",
        "factors/webauthn/",
        "sessions/",
        "logout/",
        "factors/totp/activate/",
        "factors/webauthn/add/",
    ):
        page.goto(f"/account/{address}")
        confirm_it_is_me(page)
        assert look_day_and_night(page) == [], address
    assert complaints == []


def test_rail_opens_as_a_sheet_on_a_phone(holder: Holder, look: Callable[[Page], list[str]]) -> None:
    page = holder.page
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/account/email/")
    overview = page.get_by_role("link", name="Übersicht")
    expect(overview).to_be_hidden()
    page.get_by_role("link", name="Navigation").click()
    expect(overview).to_be_visible()
    assert look(page) == []
    page.keyboard.press("Escape")
    expect(overview).to_be_hidden()
