"""Whom an owner limits sees it in a browser where they see what they reach, and what to do about it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.people import PASSWORD, log_in

ROOT = Path(__file__).resolve().parents[2]

#: A site of a reseller, who wants to be asked each time, with a supporter; in the database of a portal that runs.
A_STAGE = """
import sys
from pathlib import Path
from furka.cli.django import start
start(Path(sys.argv[1]))
from furka import clock
from furka.people.operations import make_person
from furka.tree import ceilings, operations
from furka.tree.ceilings import CeilingTerms
from furka.tree.granting import Terms
from furka.tree.models import Kind
from tests.world import by, let_in
at = clock.now()
rita, sonja = (make_person(f"{name}-held@example.org", name.title(), sys.argv[2]) for name in ("rita", "sonja"))
reseller = operations.open_level(by(rita, at), Kind.RESELLER, "Muster Grenzen AG")
depot = operations.create_site(by(rita, at), reseller, "Werkhof Grenzen")
let_in(depot, sonja, Terms(role="supporter"), rita, at)
ceilings.set_ceiling(by(rita, at), depot, CeilingTerms(approval=("connect.use",)))
"""


def test_supporter_is_told_why_not_now_and_asks(
    page: Page, base_url: str, portal_home: Path, look: Callable[[Page], list[str]]
) -> None:
    command = [sys.executable, "-c", A_STAGE, str(portal_home), PASSWORD]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120, capture_output=True)
    page.emulate_media(reduced_motion="reduce")
    log_in(page, "sonja-held@example.org")
    page.wait_for_url(lambda url: "/account/" not in url)
    page.goto("/access/")
    expect(page.get_by_role("heading", name="Vom Inhaber zurückgehalten")).to_be_visible()
    expect(page.get_by_text("Grenzen von Werkhof Grenzen:")).to_be_visible()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert look(page) == [], (width, scheme)
    page.get_by_role("link", name="Zugriff anfragen").first.click()
    expect(page.get_by_label("Grund")).to_be_visible()
