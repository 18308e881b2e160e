"""The codes of an authenticator app, and setting one up."""

from __future__ import annotations

import base64
import hmac
import struct
import time

from playwright.sync_api import Page, expect

from tests.browser.people import confirm_it_is_me


def code_of(secret: str) -> str:
    """What an app shows now for this secret (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30)  # noqa: TID251  # the server's own clock runs, too
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def set_up_app(page: Page) -> list[str]:
    """Set one up for whoever is logged in; returns the recovery codes."""
    page.goto("/account/factors/totp/activate/")
    confirm_it_is_me(page)
    secret = page.locator(".copy-text").inner_text()
    page.get_by_label("Code", exact=True).fill(code_of(secret))
    page.get_by_role("button", name="Einschalten").click()
    codes = page.locator(".code pre")
    expect(codes).to_be_visible()
    return codes.inner_text().split()
