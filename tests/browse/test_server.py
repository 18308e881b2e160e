"""The program between browser and device: who gets in, what passes, and that it stops."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import warnings
from collections.abc import Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from furka import clock
from furka.browse.device import old_devices
from furka.browse.server import Outside
from furka.clock import FakeClock
from furka.plan.entries import Way
from tests.browse.stand import DEVICE, LABELS, NOW, Stand, a_program, a_stand, bad_habits

MINE, THEIRS = LABELS


def on_a_stand(home: Path, play: Callable[[Stand], Awaitable[None]]) -> None:
    """Play it with the device of bad habits."""

    async def run() -> None:
        async with a_stand(home, bad_habits) as stand:
            stand.plan(MINE, THEIRS)
            await play(stand)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_ticket_opens_once_and_its_cookie_opens_one_page_only(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        async with stand.ask(MINE, "/index.html") as answer:
            assert answer.status == 403
        async with stand.ask(MINE, "/.furka/open?t=guessed") as answer:
            assert answer.status == 403
        async with stand.ask(MINE, f"/.furka/open?t=ticket-{THEIRS}") as answer:
            assert answer.status == 403
        mine, theirs = await stand.enter(MINE), await stand.enter(THEIRS)
        async with stand.ask(MINE, f"/.furka/open?t=ticket-{MINE}") as answer:
            assert (answer.status, "schon benutzt" in await answer.text()) == (403, True)
        for label, cookie, status in (
            (MINE, mine, 200),
            (MINE, theirs, 403),
            (THEIRS, mine, 403),
            (MINE, f"furka-page=tossed; {mine}", 200),
        ):
            async with stand.ask(label, "/index.html", headers={"Cookie": cookie}) as answer:
                assert answer.status == status

    on_a_stand(tmp_path, play)


def test_a_ticket_is_worth_nothing_after_its_minute(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        stand.plan(MINE, now=NOW + timedelta(seconds=61))
        async with stand.ask(MINE, f"/.furka/open?t=ticket-{MINE}") as answer:
            assert answer.status == 403

    on_a_stand(tmp_path, play)


def test_behind_tls_the_cookie_belongs_to_this_very_name(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        stand.server._outside = Outside("https://*.pages.example.org")
        host = {"Host": f"{MINE}.pages.example.org"}
        async with stand.ask(MINE, f"/.furka/open?t=ticket-{MINE}", headers=host) as answer:
            name, *attributes = answer.headers["Set-Cookie"].split("; ")
        assert name.startswith("__Host-furka-page=")
        assert set(attributes) == {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
        async with stand.ask(MINE, "/login", headers={**host, "Cookie": name}) as answer:
            assert answer.headers["Location"] == f"https://{MINE}.pages.example.org/index.html"
            kept = answer.headers.getall("Set-Cookie")
        assert kept == ["SID=1; Path=/; SameSite=Lax; Secure"]
        plain = {**host, "Cookie": name.removeprefix("__Host-")}
        async with stand.ask(MINE, "/login", headers=plain) as answer:
            assert answer.status == 403  # any page beside it could have set that one

    on_a_stand(tmp_path, play)


def test_a_program_that_starts_anew_knows_browsers_and_used_tickets(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_stand(tmp_path, bad_habits) as stand:
            stand.plan(MINE)
            cookie, way = await stand.enter(MINE), stand.way
            async with a_program(tmp_path, way) as again:
                again.plan(MINE)
                async with again.ask(MINE, "/index.html", headers={"Cookie": cookie}) as answer:
                    assert answer.status == 200
                async with again.ask(MINE, f"/.furka/open?t=ticket-{MINE}") as answer:
                    assert answer.status == 403

    asyncio.run(asyncio.wait_for(play(), 60))


def test_a_browser_that_is_quicker_than_the_plan_waits(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        stand.plan(THEIRS)
        entering = asyncio.ensure_future(stand.enter(MINE))
        await asyncio.sleep(0)
        stand.plan(THEIRS, MINE)
        assert await entering

    on_a_stand(tmp_path, play)


def test_the_device_is_seen_as_it_is_and_stays_by_itself(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        cookie = await stand.enter(MINE)
        outside = f"http://{stand.host(MINE)}"
        headers = {"Cookie": cookie}
        async with stand.ask(MINE, "/", headers=headers) as answer:
            assert answer.headers["Location"] == f"{outside}/login"
        async with stand.ask(MINE, "/login", headers=headers, method="POST") as answer:
            assert answer.headers.getall("Set-Cookie") == ["SID=1; Path=/; SameSite=Lax"]
        async with stand.ask(MINE, "/index.html", headers={"Cookie": f"{cookie}; SID=1"}) as answer:
            assert await answer.text() == f'<a href="{outside}/config">absolute</a> SID=1'
            assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        async with stand.ask(
            MINE, "/upload", headers=headers, method="POST", data=BytesIO(b"x" * 3_000_000)
        ) as answer:
            assert await answer.text() == "3000000"
        async with stand.ask(MINE, "/from", headers=headers) as answer:
            assert await answer.text() == "127.8.0.1"  # the source address of this page alone
        async with stand.ask(MINE, "/elsewhere", headers=headers) as answer:
            text = await answer.text()
            assert (answer.status, "&lt;script&gt;" in text, "<script>" in text) == (502, True, False)

    on_a_stand(tmp_path, play)


def test_nobody_but_the_page_itself_speaks_with_the_device(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        cookie = await stand.enter(MINE)
        for headers in (
            {"Origin": f"http://{stand.host(THEIRS)}"},
            {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
            {"Service-Worker": "script"},
        ):
            async with stand.ask(
                MINE, "/upload", headers={"Cookie": cookie, **headers}, method="POST"
            ) as answer:
                assert answer.status == 403, headers
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await stand.browser.ws_connect(
                f"http://127.0.0.1:{stand.port}/ws",
                headers={
                    "Host": stand.host(MINE),
                    "Cookie": cookie,
                    "Origin": f"http://{stand.host(THEIRS)}",
                },
            )

    on_a_stand(tmp_path, play)


def test_what_is_asked_for_in_a_request_chooses_no_target(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        cookie = await stand.enter(MINE)
        rest = f"Cookie: {cookie}\r\nConnection: close\r\n\r\n"
        host = f"Host: {stand.host(MINE)}\r\n"
        for target in ("http://127.0.0.1:1/", f"http://{stand.host(MINE)}/from", "*", "@127.0.0.1/"):
            answer = await stand.raw(f"GET {target} HTTP/1.1\r\n{host}{rest}")
            assert answer.split(" ", 2)[1] in ("400", "403"), target
        for method in ("TRACE", "CONNECT", "PROPFIND"):
            answer = await stand.raw(f"{method} / HTTP/1.1\r\n{host}{rest}")
            assert answer.split(" ", 2)[1] in ("400", "403"), method
        for hosts in ("", "Host: 127.0.0.1\r\n", host + host, f"Host: x@{stand.host(MINE)}\r\n"):
            answer = await stand.raw(f"GET /from HTTP/1.1\r\n{hosts}{rest}")
            assert answer.split(" ", 2)[1] in ("400", "403"), hosts
        for path in ("//127.0.0.1:1/from", "/\\127.0.0.1/", "/@127.0.0.1:1/"):
            answer = await stand.raw(f"GET {path} HTTP/1.1\r\n{host}{rest}")
            assert "not on this device" in answer, path

    on_a_stand(tmp_path, play)


def test_a_websocket_speaks_both_ways_and_ends_with_the_access(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        cookie = await stand.enter(MINE)
        headers = {"Host": stand.host(MINE), "Cookie": cookie, "Origin": f"http://{stand.host(MINE)}"}
        url = f"http://127.0.0.1:{stand.port}/ws"
        async with stand.browser.ws_connect(url, headers=headers, protocols=("live", "x")) as socket:
            assert socket.protocol == "live"
            await socket.send_str("a")
            await socket.send_bytes(b"\x00\xff")
            assert [(await socket.receive()).data for _ in range(2)] == ["echo a", b"\x00\xff"]
            stand.plan(THEIRS)
            last = await asyncio.wait_for(socket.receive(), 10)
            assert (last.type, last.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        async with stand.ask(MINE, "/index.html", headers={"Cookie": cookie}) as answer:
            text = await answer.text()
        assert answer.status == 403
        assert "Ihr Zugriff auf diese Seite ist beendet" in text
        assert 'href="https://portal.example.org/levels/x/devices/y/page/"' in text

    on_a_stand(tmp_path, play)


def test_a_download_ends_with_the_access_and_is_not_taken_for_whole(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        cookie = await stand.enter(MINE)
        async with stand.ask(MINE, "/endless", headers={"Cookie": cookie}) as answer:
            await answer.content.readexactly(100)
            stand.plan(THEIRS)
            with pytest.raises(aiohttp.ClientPayloadError):
                await asyncio.wait_for(answer.read(), 10)
        async with stand.ask(THEIRS, "/cut", headers={"Cookie": await stand.enter(THEIRS)}) as answer:
            with pytest.raises(aiohttp.ClientPayloadError):
                await asyncio.wait_for(answer.read(), 10)

    on_a_stand(tmp_path, play)


def test_a_page_that_nobody_uses_is_closed_and_told(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        with clock.using(FakeClock(NOW)) as fake:
            assert isinstance(fake, FakeClock)
            stand.plan()
            stand.plan(MINE, THEIRS)
            cookie = await stand.enter(MINE)
            fake.advance(timedelta(minutes=29))
            async with stand.ask(MINE, "/index.html", headers={"Cookie": cookie}) as answer:
                assert answer.status == 200
            fake.advance(timedelta(minutes=29))
            await stand.server.look()
            assert stand.idle == ["page1"]
            fake.advance(timedelta(minutes=1))
            await stand.server.look()
        assert stand.idle == ["page1", "page0"]
        async with stand.ask(MINE, "/index.html", headers={"Cookie": cookie}) as answer:
            assert "weil niemand sie benutzt hat" in await answer.text()

    on_a_stand(tmp_path, play)


def test_a_page_ends_on_time_though_the_hub_says_nothing(tmp_path: Path) -> None:
    async def play(stand: Stand) -> None:
        with clock.using(FakeClock(NOW)) as fake:
            assert isinstance(fake, FakeClock)
            stand.plan()
            stand.plan(MINE, not_after=NOW + timedelta(minutes=5))
            cookie = await stand.enter(MINE)
            fake.advance(timedelta(minutes=5))
            await stand.server.look()
            async with stand.ask(MINE, "/index.html", headers={"Cookie": cookie}) as answer:
                assert "Die Zeit ist um" in await answer.text()

    on_a_stand(tmp_path, play)


async def old(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="an old page")


def test_old_tls_is_spoken_to_devices(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "1", "-subj", "/CN=HC-1"]
    made = subprocess.run(
        [*argv, "-keyout", str(key), "-out", str(certificate)], capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    context = _tls_of_yesterday(key, certificate)

    async def play() -> None:
        async with a_stand(tmp_path, old, context) as stand:
            stand.plan(MINE)
            async with stand.ask(MINE, "/", headers={"Cookie": await stand.enter(MINE)}) as answer:
                assert await answer.text() == "an old page"

    asyncio.run(asyncio.wait_for(play(), 60))


def _tls_of_yesterday(key: Path, certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(certificate, key)
    assert old_devices().verify_mode is ssl.CERT_NONE
    return context


def test_a_device_that_sends_to_its_secure_page_is_followed_there(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "1", "-subj", "/CN=HC-1"]
    subprocess.run([*argv, "-keyout", str(key), "-out", str(certificate)], capture_output=True, check=True)

    async def play() -> None:
        async with a_stand(tmp_path, old, _tls_of_yesterday(key, certificate)) as secure:

            async def send_on(_request: web.Request) -> web.StreamResponse:
                return web.Response(status=301, headers={"Location": f"https://{DEVICE}:{secure.way.port}/x"})

            async with a_stand(tmp_path, send_on) as stand:
                stand.plan(MINE, THEIRS, ways=(stand.way, secure.way))
                headers = {"Cookie": await stand.enter(MINE)}
                async with stand.ask(MINE, "/", headers=headers) as answer:
                    assert answer.headers["Location"] == f"http://{stand.host(MINE)}/x"
                async with stand.ask(MINE, "/x", headers=headers) as answer:
                    assert await answer.text() == "an old page"
                stand.plan(MINE, THEIRS)  # the port is no longer open to this person
                async with stand.ask(MINE, "/", headers=headers) as answer:
                    assert answer.status == 502

    asyncio.run(asyncio.wait_for(play(), 60))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end", (200, "to the end")),
        (b"HTTP/1.0 200 OK\nContent-Length: 2\n\nok", (200, "ok")),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", (200, "ok")),
        (b"HTTP/1.1 200 OK\r\nX-Odd: \xe4\xff\r\nContent-Length: 2\r\n\r\nok", (200, "ok")),
        (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n", (401, "")),
        (b"HTTP/1.0 200 OK\r\n\r\n<h1>no type</h1>", (200, "<h1>no type</h1>")),
        (b"SSH-2.0-dropbear\r\n", (502, None)),
        (b"", (502, None)),
        (b"HTTP/1.1 200 OK\r\nX-Much: " + b"x" * 100_000 + b"\r\n\r\n", (502, None)),
    ],
)
def test_odd_answers_of_devices(tmp_path: Path, said: bytes, expected: tuple[int, str | None]) -> None:
    async def answer_so(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()
        writer.close()

    async def play() -> None:
        device = await asyncio.start_server(answer_so, str(DEVICE), 0)
        way = Way(scheme="http", port=device.sockets[0].getsockname()[1])
        async with device, a_program(tmp_path, way) as stand:
            stand.plan(MINE)
            async with stand.ask(MINE, "/", headers={"Cookie": await stand.enter(MINE)}) as answer:
                text = await answer.text()
        status, body = expected
        assert (answer.status, text if body is not None else None) == (status, body)
        if body is not None and "no type" in body:
            assert answer.content_type == "text/html"

    asyncio.run(asyncio.wait_for(play(), 60))


def test_a_device_that_is_off_is_named_so(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_program(tmp_path, Way(scheme="http", port=1)) as stand:
            stand.plan(MINE)
            async with stand.ask(MINE, "/", headers={"Cookie": await stand.enter(MINE)}) as answer:
                assert (answer.status, "antwortet nicht" in await answer.text()) == (502, True)

    asyncio.run(asyncio.wait_for(play(), 60))
