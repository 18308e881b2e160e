"""A portal of its own for the tests that drive a browser: the real server, an empty database, mails on a page."""

from __future__ import annotations

import itertools
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.backstage import Backstage
from tests.browser.people import Holder, join_quietly
from tests.installed import as_installed, own_environment

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "build" / "axe.min.js"
#: How long a portal may take until it answers, in seconds.
START = 180.0

# Milliseconds: a portal on a loaded machine takes its time, and a page that is right is right later too.
expect.set_options(timeout=15_000)

#: Rules of axe that ask for colours.
OF_COLOURS = ("color-contrast", "link-in-text-block")

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def portal_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the portal that runs for these tests."""
    return as_installed(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def base_url(portal_home: Path) -> Iterator[str]:
    """The address of a portal that runs for these tests alone; by name, since passkeys do not know numbers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    home = portal_home
    log = (home / "portal.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "furka.cli", "portal", "--home", str(home), "--port", str(port)],
        cwd=ROOT,
        env={**own_environment(), "FURKA_URL": url, "FURKA_OUTBOX_PAGE": "yes"},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait(url, process, home / "portal.log")
        yield url
    finally:
        process.terminate()
        process.wait(15)
        log.close()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START  # noqa: TID251  # waits for another process, outside of any clock of ours
    while time.monotonic() < end:  # noqa: TID251
        if process.poll() is not None:
            break
        try:
            httpx.get(f"{url}/account/login/", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the portal did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def backstage(base_url: str, portal_home: Path) -> Iterator[Backstage]:
    """Where things are done in the portal's database that nobody has to see in a browser."""
    ready = Backstage(portal_home, base_url)
    yield ready
    ready.end()


@pytest.fixture(autouse=True)
def nobody_has_tried(base_url: str, portal_home: Path) -> None:
    """All tests come from one address: what one of them tried must not count against the next."""
    with closing(sqlite3.connect(portal_home / "furka.db", timeout=20)) as database, database:
        database.execute("DELETE FROM cache")


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """People here read German."""
    return {**browser_context_args, "locale": "de-CH", "timezone_id": "Europe/Zurich"}


@pytest.fixture
def complaints(context: BrowserContext) -> list[str]:
    """What pages say to the console as a warning or an error: blocked by the policy, failed, missing."""
    said: list[str] = []

    def listen(page: Page) -> None:
        page.on(
            "console",
            lambda message: said.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: said.append(str(error)))

    context.on("page", listen)
    for page in context.pages:
        listen(page)
    return said


@pytest.fixture(scope="session")
def latest_link(base_url: str) -> Callable[[str], str]:
    """The first link of the newest mail to an address, as the page of mails shows it."""

    def find(recipient: str) -> str:
        page = httpx.get(f"{base_url}/outbox/", timeout=10).text
        mail = page[page.index(recipient) :]
        found = re.search(rf"{re.escape(base_url)}/[^\s\"<]+", mail)
        assert found, f"no link in the mail to {recipient}"
        return found.group()

    return find


@pytest.fixture
def holder(page: Page, latest_link: Callable[[str], str]) -> Holder:
    """Somebody with a confirmed account, logged in."""
    email = f"holder{next(_numbers)}@example.org"
    join_quietly(page, email, latest_link)
    return Holder(page, email)


@pytest.fixture(scope="session")
def look() -> Callable[[Page], list[str]]:
    """Serious faults that a screen reader, a keyboard or weak eyes would meet on a page, and its width in excess."""
    source = AXE.read_text(encoding="utf-8")

    def faults(page: Page, rules: Sequence[str] = ()) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        found: list[str] = page.evaluate(
            """async (rules) => {
              const only = rules.length ? {runOnly: rules} : {};
              const {violations} = await axe.run(document, {resultTypes: ["violations"], preload: false, ...only});
              const serious = violations.filter((fault) => ["serious", "critical"].includes(fault.impact));
              return serious.flatMap((fault) => fault.nodes.map((node) => `${fault.id}: ${node.html}`));
            }""",
            list(rules),
        )
        wide: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return found + ([f"{wide} pixels too wide"] if wide > 0 else [])

    return faults


@pytest.fixture(scope="session")
def look_day_and_night(look: Callable[..., list[str]]) -> Callable[[Page], list[str]]:
    """The same in both lights; at night only colours can be wrong that were right by day."""

    def faults(page: Page) -> list[str]:
        found = []
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
            expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
            rules = OF_COLOURS if scheme == "dark" else ()
            found += [f"{scheme}: {fault}" for fault in look(page, rules)]
        return found

    return faults
