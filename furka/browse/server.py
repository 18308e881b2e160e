"""What browsers speak to: finds the page by the name it is asked under, and lets in whom it belongs to."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from furka.browse import words
from furka.browse.device import Devices
from furka.browse.headers import cookie_name, our_cookies
from furka.browse.origin import Origin
from furka.browse.pages import Because, OpenPage, Pages
from furka.browse.relay import Cut, pass_on, pass_on_socket
from furka.browse.words import Notice
from furka.clock import monotonic
from furka.wire.pages import ENTRANCE

log = logging.getLogger(__name__)

#: The plan of the hub may be this much slower than the browser, in seconds.
PATIENCE = 8.0
#: So many browsers at most may wait for a page that is not known yet.
MOST_WAITING = 200
#: So many requests of one page may run at once.
MOST_AT_ONCE = 64

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_WHY = {Because.TIME: words.TIME_OVER, Because.ENDED: words.ENDED, Because.IDLE: words.IDLE}


@dataclass(frozen=True, slots=True)
class Outside:
    """Under which addresses pages open: the setting of the hub, such as `https://*.pages.example.org`."""

    pattern: str

    def label_of(self, host: str) -> str | None:
        """The label in a host name that was asked for; None if it is none of ours."""
        _, _, wanted = self.pattern.partition("://")
        found = re.fullmatch(re.escape(wanted).replace(r"\*", "([a-z0-9]{20,40})"), host.lower())
        return found[1] if found else None

    def origin_of(self, label: str) -> str:
        return self.pattern.replace("*", label)

    @property
    def is_secure(self) -> bool:
        return self.pattern.startswith("https:")


class Server:
    """Answers browsers."""

    def __init__(self, outside: Outside, pages: Pages) -> None:
        self._outside = outside
        self._pages = pages
        self._devices = Devices()
        self._waiting = 0
        self._running: dict[OpenPage, int] = {}

    def answering(self) -> web.Server:
        """For aiohttp's runners."""
        return web.Server(
            self._answer,
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            max_line_size=16 * 1024,
            max_field_size=16 * 1024,
            keepalive_timeout=75,
        )

    async def look(self) -> None:
        """Every moment: what is over ends."""
        self._pages.look()
        await self._devices.part(lambda page: not page.is_open)

    async def close(self) -> None:
        """Let go of all devices."""
        await self._devices.part(lambda _page: True)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        say = partial(_say, language=words.language_of(request.headers.get("Accept-Language", "")))
        hosts = request.headers.getall("Host", [])
        label = self._outside.label_of(hosts[0]) if len(hosts) == 1 else None
        if label is None or not request.raw_path.startswith("/"):
            return say(words.NOT_OPEN)  # also for addresses in absolute form
        if request.raw_path.partition("?")[0] == ENTRANCE:
            return await self._enter(request, label, say)
        page = self._pages.find(label)
        if page is None or not self._pages.admits(
            page, our_cookies(request.headers.items(), self._outside.is_secure)
        ):
            return say(words.NOT_OPEN)
        say = partial(_say, language=page.page.language, title=page.page.title, back=page.page.back)
        if page.because is not None:
            return say(_WHY[page.because])
        origin = Origin.of(page.page, self._outside.origin_of(label), page.way)
        if request.method not in _METHODS or not _is_own(request, origin):
            return say(words.REFUSED)
        return await self._while_open(request, page, origin, say)

    async def _enter(
        self, request: web.BaseRequest, label: str, say: Callable[..., web.Response]
    ) -> web.StreamResponse:
        """With the ticket of the portal, once: from then on the browser is known by a cookie of this origin alone."""
        if request.method != "GET" or self._waiting >= MOST_WAITING:
            return say(words.NOT_OPEN)
        self._waiting += 1
        try:
            page = await self._pages.wait_for(label, PATIENCE)
        finally:
            self._waiting -= 1
        if page is None:
            return say(words.NOT_OPEN)
        say = partial(_say, language=page.page.language, title=page.page.title, back=page.page.back)
        if page.because is not None:
            return say(_WHY[page.because])
        secure = self._outside.is_secure
        is_known = self._pages.admits(page, our_cookies(request.headers.items(), secure))
        tickets = parse_qs(urlsplit(request.raw_path).query).get("t", [])
        cookie = self._pages.redeem(page, tickets[0]) if len(tickets) == 1 else None
        if cookie is None and not is_known:
            return say(words.TICKET_USED)
        response = web.Response(status=303, headers={"Location": page.page.path, **words.headers()})
        if cookie is not None:
            response.set_cookie(
                cookie_name(secure), cookie, path="/", httponly=True, secure=secure, samesite="Lax"
            )
        return response

    async def _while_open(
        self, request: web.BaseRequest, page: OpenPage, origin: Origin, say: Callable[..., web.Response]
    ) -> web.StreamResponse:
        if self._running.get(page, 0) >= MOST_AT_ONCE:
            return say(words.TOO_MUCH)
        page.used_at = monotonic()
        self._running[page] = self._running.get(page, 0) + 1
        try:
            client = self._devices.client_of(page)
            if _wants_socket(request):
                return await pass_on_socket(request, page, origin, client, say)
            begun = asyncio.Event()
            work = pass_on(request, page, origin, client, say, begun)
            return await _unless_ended(request, page, work, say, begun)
        finally:
            self._running[page] -= 1
            if not self._running[page]:
                del self._running[page]


async def _unless_ended(
    request: web.BaseRequest,
    page: OpenPage,
    work: Coroutine[Any, Any, web.StreamResponse],
    say: Callable[..., web.Response],
    begun: asyncio.Event,
) -> web.StreamResponse:
    """The answer; if the page ends before it has begun, why; if in the middle of it, the connection is cut."""
    working = asyncio.ensure_future(work)
    over = asyncio.ensure_future(page.ended.wait())
    try:
        await asyncio.wait((working, over), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
    except Cut:
        raise _hang_up(request) from None
    finally:
        for each in (working, over):
            each.cancel()
        await asyncio.gather(working, over, return_exceptions=True)
    if begun.is_set():
        raise _hang_up(request)
    assert page.because is not None
    return say(_WHY[page.because])


def _hang_up(request: web.BaseRequest) -> asyncio.CancelledError:
    """Cut the connection; the result, raised, tells aiohttp that nothing can be answered any more."""
    if request.transport is not None:
        request.transport.abort()
    return asyncio.CancelledError()


def _is_own(request: web.BaseRequest, origin: Origin) -> bool:
    """Whether the page itself asks, or the person by going there: no other page may speak with the device."""
    headers = request.headers
    if headers.get("Service-Worker") is not None:
        return False  # it would outlive the page
    if headers.get("Origin", origin.outside) != origin.outside and not (
        headers["Origin"] == "null" and request.method in ("GET", "HEAD")
    ):
        return False
    if headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none"):
        return True
    return (
        request.method == "GET"
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


def _wants_socket(request: web.BaseRequest) -> bool:
    words_of = {word.strip().lower() for word in request.headers.get("Connection", "").split(",")}
    return (
        request.method == "GET"
        and "upgrade" in words_of
        and request.headers.get("Upgrade", "").lower() == "websocket"
    )


def _say(
    notice: Notice, *, language: str, title: str = "", back: str = "", address: str = ""
) -> web.Response:
    text = words.shown(notice, language, title=title, back=back, address=address)
    return web.Response(status=notice.status, body=text, headers=words.headers())
