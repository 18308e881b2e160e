"""One request of a browser, answered by a device: passed on piece by piece, both ways, in both kinds of speech."""

from __future__ import annotations

import asyncio
import contextlib
import mimetypes
from collections.abc import Callable

import aiohttp
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, web
from yarl import URL

from furka.browse import words
from furka.browse.body import Rewriter, has_addresses
from furka.browse.device import Client
from furka.browse.headers import to_browser, to_device
from furka.browse.origin import Elsewhere, Origin, redirected
from furka.browse.pages import OpenPage
from furka.clock import monotonic

#: The largest message of a WebSocket.
_LARGEST_MESSAGE = 16 * 1024 * 1024
_HEARTBEAT = 30.0
_NO_BODY = (204, 205, 304)

Say = Callable[..., web.Response]
_Socket = web.WebSocketResponse | ClientWebSocketResponse


class Cut(Exception):
    """The device's answer ended before its end: the browser must not take it for whole."""


async def pass_on(
    request: web.BaseRequest, page: OpenPage, origin: Origin, client: Client, say: Say, begun: asyncio.Event
) -> web.StreamResponse:
    """Ask the device what the browser asks, and give its answer back. Raises Cut in the middle of one.

    `begun` is set before anything is sent to the browser.
    """
    has_body = request.body_exists
    try:
        answer = await client.request(
            request.method,
            URL(origin.target + request.raw_path, encoded=True),
            headers=to_device(request.headers.items(), origin),
            data=request.content if has_body else None,
            allow_redirects=False,
            server_hostname=str(origin.known_as) if origin.way.scheme == "https" else None,
        )
    except (aiohttp.ClientResponseError, aiohttp.ServerDisconnectedError):
        return say(words.ODD_ANSWER)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return say(words.NO_ANSWER)
    async with answer:
        headers = to_browser(answer.headers.items(), origin)
        if (location := answer.headers.get("Location")) is not None:
            onward = redirected(origin, location)
            if isinstance(onward, Elsewhere):
                if answer.status // 100 == 3:
                    return say(words.ELSEWHERE, address=onward.address)
            else:
                page.way = onward.way
                headers.append(("Location", onward.location))
        begun.set()
        return await _body(request, answer, headers, origin)


async def _body(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, headers: list[tuple[str, str]], origin: Origin
) -> web.StreamResponse:
    packed = answer.headers.get("Content-Encoding", "")
    rewriter = (
        Rewriter(origin)
        if has_addresses(answer.headers.get("Content-Type", ""), packed, answer.status)
        else None
    )
    is_bare = request.method == "HEAD" or answer.status in _NO_BODY
    response = web.StreamResponse(status=answer.status, reason=_plain_reason(answer.reason))
    response.content_type = kind_of(request.path)  # unless the device says it
    for name, value in headers:
        # Replacing addresses makes a body longer or shorter.
        if name.lower() == "content-type":
            response.headers["Content-Type"] = value
        elif name.lower() != "content-length" or rewriter is None:
            response.headers.add(name, value)
    await response.prepare(request)
    if is_bare:
        return response
    try:
        async for piece in answer.content.iter_any():
            told = rewriter.feed(piece) if rewriter else piece
            if told:
                await response.write(told)
        if rewriter:
            await response.write(rewriter.finish())
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Cut from error
    await response.write_eof()
    return response


async def pass_on_socket(
    request: web.BaseRequest, page: OpenPage, origin: Origin, client: Client, say: Say
) -> web.StreamResponse:
    """A WebSocket to the device, for as long as both sides and the access want."""
    spoken = [
        word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if word.strip()
    ]
    try:
        device = await client.ws_connect(
            URL(origin.target + request.raw_path, encoded=True),
            headers=to_device(request.headers.items(), origin),
            protocols=spoken,
            max_msg_size=_LARGEST_MESSAGE,
            server_hostname=str(origin.known_as) if origin.way.scheme == "https" else None,
        )
    except aiohttp.WSServerHandshakeError as error:
        return web.Response(status=error.status if error.status >= 400 else 502)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return say(words.NO_ANSWER)
    async with device:
        browser = web.WebSocketResponse(
            protocols=[device.protocol] if device.protocol else (),
            max_msg_size=_LARGEST_MESSAGE,
            heartbeat=_HEARTBEAT,
            compress=False,
        )
        for name, value in to_browser((), origin):
            browser.headers.add(name, value)
        await browser.prepare(request)

        def used() -> None:
            page.used_at = monotonic()

        ways = [
            asyncio.ensure_future(_carry(browser, device, used)),
            asyncio.ensure_future(_carry(device, browser)),
        ]
        over = asyncio.ensure_future(page.ended.wait())
        try:
            await asyncio.wait([*ways, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (*ways, over):
                each.cancel()
            await asyncio.gather(*ways, over, return_exceptions=True)
        if not page.is_open:
            with contextlib.suppress(OSError, TimeoutError):
                await browser.close(code=WSCloseCode.POLICY_VIOLATION, message=b"access ended")
        return browser


async def _carry(source: _Socket, target: _Socket, carried: Callable[[], None] | None = None) -> None:
    """One direction, until the source closes; then the target is closed for the same reason."""
    async for message in source:
        if carried is not None:
            carried()
        if message.type is WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await target.send_bytes(message.data)
    code = source.close_code
    await target.close(code=code if code is not None and _may_be_said(code) else WSCloseCode.GOING_AWAY)


def _may_be_said(code: int) -> bool:
    """Some codes stand for what was not said (RFC 6455, 7.4.1)."""
    return 1000 <= code < 5000 and code not in (1004, 1005, 1006, 1015)


def kind_of(path: str) -> str:
    """What a body probably is of which the device does not say it: old ones leave it to the browser."""
    return mimetypes.guess_type(path.rpartition("/")[2])[0] or "text/html"


def _plain_reason(reason: str | None) -> str | None:
    return reason if reason and reason.isprintable() else None
