"""One's own account in a real browser: personal data, mails, logins, another address, the export and the end."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import PASSWORD, Holder, confirm_it_is_me, log_in, log_out

Look = Callable[[Page], list[str]]


def link_to(base_url: str, recipient: str) -> str:
    """The link about a change of address in the newest mail to somebody."""
    page = httpx.get(f"{base_url}/outbox/", timeout=10).text
    found = re.search(rf"{re.escape(base_url)}/account/email/change/[\w-]+/", page[page.index(recipient) :])
    assert found is not None
    return found.group()


def looks_right(page: Page, look: Look) -> None:
    """On the smallest phone by day, at a desk by night."""
    page.emulate_media(reduced_motion="reduce")
    for width, scheme in ((360, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert look(page) == [], (page.url, width, scheme)


def test_personal_data_is_kept_and_a_wrong_number_is_said_beside_its_field(holder: Holder) -> None:
    page = holder.page
    page.goto("/account/me/")
    page.get_by_label("Firma").fill("Muster AG")
    page.get_by_label("Mobiltelefon").fill("nach sechs")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Bitte geben Sie eine Telefonnummer ein").first).to_be_visible()
    expect(page.get_by_label("Firma")).to_have_value("Muster AG")
    page.get_by_label("Mobiltelefon").fill("+41 79 123 45 67")
    page.get_by_label("Zeitzone").select_option("Europe/Lisbon")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Ihre Angaben sind gespeichert.")).to_be_visible()
    page.get_by_label("Sprache").select_option("en")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()


def test_mails_can_be_switched_off_and_those_about_security_can_not(holder: Holder) -> None:
    page = holder.page
    page.goto("/account/notifications/")
    box = page.get_by_label("Anmeldung von einem neuen Gerät")
    box.uncheck()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Ihre Wahl ist gespeichert.")).to_be_visible()
    expect(box).not_to_be_checked()
    expect(page.get_by_text("kommen immer.")).to_be_visible()


def test_one_other_browser_is_logged_out(
    holder: Holder, browser: Browser, browser_context_args: dict[str, Any]
) -> None:
    with browser.new_context(**browser_context_args) as elsewhere:
        other = elsewhere.new_page()
        log_in(other, holder.email)
        other.wait_for_url(lambda url: "/account/" not in url)
        holder.page.goto("/account/sessions/")
        holder.page.get_by_role("button", name="Dort abmelden").click()
        expect(holder.page.get_by_text("Jener Browser ist abgemeldet.")).to_be_visible()
        other.goto("/account/me/")
        expect(other.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_address_changes_once_both_have_said_yes(holder: Holder, base_url: str) -> None:
    page, old = holder.page, holder.email
    new = old.replace("@", ".neu@")
    page.goto("/account/email/")
    page.get_by_label("Neue E-Mail-Adresse").fill(new)
    page.get_by_role("button", name="Adresse ändern").click()
    confirm_it_is_me(page)
    expect(page.get_by_text("Diese Änderung wartet")).to_be_visible()
    for address in (new, old):
        page.goto(link_to(base_url, address))
        page.get_by_role("button", name="Ja, bestätigen").click()
    expect(page.get_by_text(f"Ab jetzt melden Sie sich mit {new} an.")).to_be_visible()
    page.goto("/account/email/")
    expect(page.get_by_role("definition").get_by_text(new)).to_be_visible()


def test_export_is_a_file_of_files(holder: Holder) -> None:
    page = holder.page
    page.goto("/account/data/")
    page.get_by_role("link", name="Meine Daten herunterladen").click(no_wait_after=True)
    page.wait_for_url("**/reauthenticate/**")
    with page.expect_download() as caught:
        confirm_it_is_me(page)
    with zipfile.ZipFile(io.BytesIO(caught.value.path().read_bytes())) as archive:
        assert holder.email in archive.read("person.json").decode()


def test_account_is_closed_and_taken_back(holder: Holder) -> None:
    page = holder.page
    page.goto("/account/data/")
    page.get_by_role("link", name="Konto schliessen").click()
    confirm_it_is_me(page)
    expect(page.get_by_text("0 API-Token")).to_be_visible()
    page.get_by_role("button", name="Konto schliessen").click()
    expect(page.get_by_role("heading", name="Konto geschlossen")).to_be_visible()
    log_in(page, holder.email)
    expect(page.get_by_text("Sie haben dieses Konto geschlossen.")).to_be_visible()
    page.goto("/account/me/")
    expect(page.get_by_role("button", name="Zurücknehmen")).to_be_visible()
    page.get_by_role("button", name="Zurücknehmen").click()
    page.goto("/account/me/")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Petra Muster")
    log_out(page)


def test_token_is_made_used_and_blocked(holder: Holder, base_url: str, look: Look) -> None:
    page = holder.page
    page.goto("/account/tokens/")
    looks_right(page, look)
    page.get_by_label("Name", exact=True).fill("Leitsystem")
    page.get_by_role("button", name="Token erstellen").click()
    confirm_it_is_me(page)
    secret = page.locator(".copy-text").inner_text()
    looks_right(page, look)
    ask = partial(
        httpx.get, f"{base_url}/api/v1/me", headers={"Authorization": f"Bearer {secret}"}, timeout=30
    )
    assert ask().status_code == 200
    page.get_by_role("link", name="Ich habe es kopiert").click()
    page.get_by_role("row", name="Leitsystem").get_by_role("button", name="Sperren").click()
    page.get_by_role("dialog").get_by_role("button", name="Token sperren").click()
    expect(page.get_by_role("row", name="Leitsystem")).to_have_count(0)
    assert ask().status_code == 401


def test_password_is_changed_and_everybody_logs_in_anew(holder: Holder) -> None:
    page, new = holder.page, "Another road over the pass"
    page.goto("/account/password/change/")
    confirm_it_is_me(page)
    page.get_by_label("Bisheriges Passwort").fill(PASSWORD)
    page.get_by_label("Neues Passwort", exact=True).fill(new)
    page.get_by_label("Neues Passwort wiederholen").fill(new)
    page.get_by_role("button", name="Passwort speichern").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    log_in(page, holder.email, new)
    page.wait_for_url(lambda url: "/account/" not in url)


def test_pages_have_no_serious_fault(holder: Holder, complaints: list[str], look_day_and_night: Look) -> None:
    page = holder.page
    for address in ("me/", "email/", "notifications/", "sessions/", "data/", "close/"):
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"/account/{address}")
            confirm_it_is_me(page)
            assert look_day_and_night(page) == []
    assert complaints == []
