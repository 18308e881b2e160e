"""What people do with the portal in a browser, from the outside: open an account, log in, log out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

PASSWORD = "Furka pass road 2429"


@dataclass
class Holder:
    """Somebody who has just opened an account, in the browser in which they did."""

    page: Page
    email: str


def open_account(page: Page, email: str) -> None:
    """Ask for an account; afterwards the mail with the link is there."""
    page.goto("/account/signup/")
    page.get_by_label("Name").fill("Petra Muster")
    page.get_by_label("E-Mail").fill(email)
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Konto eröffnen").click()
    expect(page.get_by_role("heading", name="E-Mail-Adresse bestätigen")).to_be_visible()


def confirm(page: Page, link: str) -> None:
    """Follow the link of the mail; afterwards they are logged in."""
    page.goto(link)
    page.get_by_role("button", name="Ja, bestätigen").click()
    page.wait_for_url(lambda url: "/account/" not in url)


def log_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill in and send the form; where that leads is up to the portal."""
    page.goto("/account/login/")
    page.get_by_label("E-Mail").fill(email)
    page.get_by_label("Passwort").fill(password)
    page.get_by_role("button", name="Anmelden").click()


def join_quietly(page: Page, email: str, latest_link: Callable[[str], str]) -> None:
    """The same as opening an account and confirming it, without looking at the pages: that takes a browser long."""
    _send(page, "/account/signup/", name="Petra Muster", email=email, password1=PASSWORD)
    _send(page, latest_link(email))


def log_in_quietly(page: Page, email: str) -> None:
    """The same as logging in, without looking at the page."""
    _send(page, "/account/login/", login=email, password=PASSWORD)


def _send(page: Page, address: str, **fields: str) -> None:
    """Send the form of a page, as the browser would: cookies are shared with it."""
    sender = page.context.request
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', sender.get(address).text())[:1]
    form: dict[str, str | float | bool] = {**fields, "csrfmiddlewaretoken": token}
    answer = sender.post(address, form=form, max_redirects=0)
    assert answer.status == 302, answer.text()


def log_out(page: Page) -> None:
    """End the session."""
    page.goto("/account/logout/")
    page.get_by_role("button", name="Abmelden").last.click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


def confirm_it_is_me(page: Page) -> None:
    """Give the password again, if the page asks for it."""
    if page.get_by_role("heading", name="Sind Sie es?").is_visible():
        page.get_by_label("Passwort").fill(PASSWORD)
        page.get_by_role("button", name="Bestätigen").click()
