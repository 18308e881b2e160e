"""The program with a device of bad habits in front of it, all on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address
from pathlib import Path

import aiohttp
from aiohttp import WSMsgType, web

from furka.browse.pages import OpenPage, Pages
from furka.browse.server import Outside, Server
from furka.plan.entries import Page, Way
from furka.wire.pages import PagesOpen

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
DEVICE = IPv4Address("127.9.9.9")
LABELS = ("abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def a_page(label: str, ways: tuple[Way, ...], **more: object) -> Page:
    """An open page; its ticket is `ticket-` and its label, its source address 127.8.0.N."""
    known: dict[str, object] = {
        "name": f"page{LABELS.index(label)}",
        "label": label,
        "ticket_hash": sha256(f"ticket-{label}".encode()).hexdigest(),
        "ticket_until": NOW + timedelta(minutes=1),
        "address": IPv4Address(f"127.8.0.{LABELS.index(label) + 1}"),
        "device": DEVICE,
        "known_as": DEVICE,
        "ways": ways,
        "not_before": NOW,
        "not_after": NOW + timedelta(hours=1),
        "language": "de",
        "title": "Heizung, Schulhaus",
        "back": "https://portal.example.org/levels/x/devices/y/page/",
    }
    return Page.model_validate(known | more)


class Stand:
    """The program, ready to be asked."""

    def __init__(self, home: Path, way: Way) -> None:
        self.way = way
        self.idle: list[str] = []
        self.pages = Pages(home, self._gone_idle)
        self.port = 0
        self.server: Server
        self.browser: aiohttp.ClientSession

    def _gone_idle(self, page: OpenPage, _now: datetime) -> None:
        self.idle.append(page.page.name)

    def host(self, label: str) -> str:
        return f"{label}.localhost:{self.port}"

    def plan(self, *labels: str, now: datetime = NOW, **more: object) -> None:
        """The hub says that these pages may be open now, and no other."""
        ways = (self.way,)
        self.pages.hear(
            PagesOpen(now=now, pages=tuple(a_page(each, **({"ways": ways} | more)) for each in labels))  # type: ignore[arg-type]
        )

    def ask(
        self, label: str, path: str, method: str = "GET", **more: object
    ) -> aiohttp.client._BaseRequestContextManager[aiohttp.ClientResponse]:
        """Ask as a browser does that has that page open."""
        headers = {"Host": self.host(label), **more.pop("headers", {})}  # type: ignore[dict-item]
        return self.browser.request(
            method,
            f"http://127.0.0.1:{self.port}{path}",
            headers=headers,
            allow_redirects=False,
            **more,  # type: ignore[arg-type]
        )

    async def enter(self, label: str) -> str:
        """Use the ticket; returns the `Cookie` that a browser sends from then on."""
        async with self.ask(label, f"/.furka/open?t=ticket-{label}") as answer:
            assert answer.status == 303, await answer.text()
            return answer.headers["Set-Cookie"].partition(";")[0]

    async def raw(self, text: str) -> str:
        """What is answered to exactly these bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text.encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer.decode(errors="replace")


@asynccontextmanager
async def a_stand(home: Path, device: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Stand]:
    """A device that answers so, and the program beside its hub."""
    theirs = web.ServerRunner(web.Server(device, access_log=None))  # type: ignore[arg-type]
    await theirs.setup()
    site = web.TCPSite(theirs, str(DEVICE), 0, ssl_context=tls)
    await site.start()
    way = Way(scheme="https" if tls else "http", port=_port_of(site))
    try:
        async with a_program(home, way) as stand:
            yield stand
    finally:
        await theirs.cleanup()


@asynccontextmanager
async def a_program(home: Path, way: Way) -> AsyncIterator[Stand]:
    """The program alone; the device stands somewhere."""
    stand = Stand(home, way)
    outside = Outside("http://*.localhost")
    stand.server = Server(outside, stand.pages)
    runner = web.ServerRunner(stand.server.answering())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stand.port = _port_of(site)
    stand.server._outside = Outside(f"http://*.localhost:{stand.port}")
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as stand.browser:
            yield stand
    finally:
        await stand.server.close()
        await runner.cleanup()


def _port_of(site: web.TCPSite) -> int:
    assert site._server is not None
    port: int = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    return port


async def bad_habits(request: web.Request) -> web.StreamResponse:
    """A device's page: leads to itself by its address, checks origins, sets odd cookies, streams, takes WebSockets."""
    own = f"http://{request.headers['Host']}"
    match request.path:
        case "/":
            return web.Response(status=302, headers={"Location": f"{own}/login"})
        case "/login":
            answer = web.Response(status=302, headers={"Location": f"{own}/index.html"})
            answer.headers.add("Set-Cookie", "SID=1; Path=/; Domain=pages.example.org")
            answer.headers.add("Set-Cookie", "furka-page=taken; Path=/")
            return answer
        case "/index.html":
            text = f'<a href="{own}/config">absolute</a> {request.headers.get("Cookie", "no cookies")}'
            return web.Response(text=text, content_type="text/html", headers={"X-Frame-Options": "ALLOWALL"})
        case "/headers":
            return web.json_response(dict(request.headers))
        case "/elsewhere":
            return web.Response(status=302, headers={"Location": "http://192.168.1.11/<script>"})
        case "/endless":
            answer_ = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
            await answer_.prepare(request)
            while True:
                await answer_.write(b"more\n")
                await asyncio.sleep(0.01)
        case "/cut":
            cut = web.StreamResponse(headers={"Content-Length": "1000"})
            await cut.prepare(request)
            await cut.write(b"short")
            assert request.transport is not None
            request.transport.close()
            return cut
        case "/upload":
            return web.Response(text=str(sum([len(each) async for each in request.content.iter_any()])))
        case "/from":
            assert request.transport is not None
            return web.Response(text=request.transport.get_extra_info("peername")[0])
        case "/ws":
            if request.headers.get("Origin") != own:
                return web.Response(status=403)
            socket = web.WebSocketResponse(protocols=("live",))
            await socket.prepare(request)
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await socket.send_str(f"echo {message.data}")
                else:
                    await socket.send_bytes(message.data)
            return socket
    return web.Response(status=404, text="not on this device")
