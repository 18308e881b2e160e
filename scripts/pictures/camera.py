"""Opens scenes in Chromium, each as its own person, and takes their pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from scripts.pictures.scenes import Scene
from scripts.pictures.stage import ROOT, Stage

LANGUAGE_COOKIE = "furka_language"
#: What fields of the browser itself speak, such as those for dates.
REGION = {"de": "de-CH", "fr": "fr-CH", "it": "it-CH", "en": "en-GB"}


@contextmanager
def chromium(language: str) -> Iterator[Browser]:
    """A browser in that language: this machine's, or else the one that playwright brings."""
    own = shutil.which("chromium") or shutil.which("google-chrome")
    found = sorted((ROOT / "build" / "browsers").glob("chromium*/*/*headless*shell*"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=own or (str(found[-1]) if found else None),
            args=["--font-render-hinting=none", f"--lang={REGION[language]}"],
            env={**os.environ, "LANGUAGE": REGION[language].replace("-", "_")},
        )
        try:
            yield browser
        finally:
            browser.close()


class Camera:
    """Keeps everybody logged in, so that each logs in once."""

    def __init__(self, browser: Browser, stage: Stage, language: str) -> None:
        self._browser, self._stage, self._language = browser, stage, language
        self._cookies: dict[str, list[dict[str, object]]] = {}

    @contextmanager
    def page(
        self, scene: Scene, width: int, height: int, *, dark: bool = False, sharp: float = 1
    ) -> Iterator[Page]:
        """The page of a scene, as it stands when everything has loaded."""
        context = self._context(scene.who, width, height, "dark" if dark else "light", sharp)
        try:
            page = context.new_page()
            page.goto(scene.address.format(**self._stage.words), wait_until="load")
            page.evaluate("document.fonts.ready")
            if scene.act:
                scene.act(page)
            page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
            yield page
        finally:
            context.close()

    def _context(
        self, who: str, width: int, height: int, theme: Literal["dark", "light"], sharp: float
    ) -> BrowserContext:
        context = self._browser.new_context(
            base_url=self._stage.url,
            viewport={"width": width, "height": height},
            device_scale_factor=sharp,
            color_scheme=theme,
            reduced_motion="reduce",
            locale=REGION[self._language],
            timezone_id="Europe/Zurich",
        )
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": self._language, "url": self._stage.url}])
        if who:
            if who not in self._cookies:
                self._log_in(context, who)
            context.add_cookies(self._cookies[who])  # type: ignore[arg-type]  # they came from a context
        return context

    def _log_in(self, context: BrowserContext, who: str) -> None:
        page = context.new_page()
        page.goto("/account/login/")
        page.locator("input[name=login]").fill(who)
        page.locator("input[name=password]").fill(self._stage.password)
        page.locator("main form button[type=submit], main form button:not([type])").first.click()
        page.wait_for_url(lambda url: "/account/login" not in url)
        page.close()
        self._cookies[who] = [dict(cookie) for cookie in context.cookies()]
