"""What passes between a browser and a device, and how it is turned: also what a hostile page would like to pass."""

from __future__ import annotations

from ipaddress import IPv4Address
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from furka.browse.body import Rewriter, has_addresses
from furka.browse.headers import kept_cookie, our_cookies, own_headers, to_browser, to_device
from furka.browse.origin import Elsewhere, Onward, Origin, redirected
from furka.plan.entries import Way

LABEL = "abcdefghijklmnopqrstuvwxyz"
OUTSIDE = f"https://{LABEL}.pages.example.org"
PLAIN, SECURE = Way(scheme="http", port=80), Way(scheme="https", port=443)
ORIGIN = Origin(OUTSIDE, IPv4Address("192.168.1.10"), IPv4Address("10.128.1.10"), (PLAIN, SECURE), PLAIN)


def named(pairs: list[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in pairs if key.lower() == name]


def test_a_device_is_asked_as_if_the_browser_stood_beside_it() -> None:
    asked = to_device(
        [
            ("Host", f"{LABEL}.pages.example.org"),
            ("Origin", OUTSIDE),
            ("Referer", f"{OUTSIDE}/settings?x=1"),
            ("Cookie", "__Host-furka-page=secret; SID=1; furka-page=secret; lang=de"),
            ("Accept-Encoding", "gzip, br"),
            ("X-Forwarded-For", "203.0.113.9"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Connection", "keep-alive, X-Secret"),
            ("X-Secret", "of this connection"),
            ("Proxy-Authorization", "Basic xyz"),
            ("Authorization", "Basic c2VydmljZQ=="),
        ],
        ORIGIN,
    )

    assert dict(asked) == {
        "Host": "192.168.1.10",
        "Origin": "http://192.168.1.10",
        "Referer": "http://192.168.1.10/settings?x=1",
        "Cookie": "SID=1; lang=de",
        "Accept-Encoding": "identity",
        "Authorization": "Basic c2VydmljZQ==",
    }


def test_where_somebody_came_from_before_is_no_business_of_the_device() -> None:
    asked = to_device([("Referer", "https://portal.example.org/levels/x/")], ORIGIN)
    assert named(asked, "referer") == []


def test_our_cookie_is_found_among_those_that_a_page_puts_beside_it() -> None:
    headers = [("Cookie", "__Host-furka-page=tossed; a=b"), ("cookie", "__Host-furka-page=right")]
    assert our_cookies(headers, secure=True) == ["tossed", "right"]
    assert our_cookies([("Cookie", "furka-page=x")], secure=True) == []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("SID=1; Path=/; HttpOnly", "SID=1; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ("SID=1; Domain=pages.example.org; Path=/", "SID=1; Path=/; SameSite=Lax; Secure"),
        ("SID=1; domain=.example.org; SameSite=None; Secure", "SID=1; SameSite=Lax; Secure"),
        ("a=b; SameSite=Strict; Partitioned", "a=b; SameSite=Strict; Secure"),
        ("x=; Max-Age=0", "x=; Max-Age=0; SameSite=Lax; Secure"),
        ("__Host-furka-page=mine; Path=/; Secure", None),
        ("__HOST-FURKA-PAGE=mine; Path=/; Secure", None),
        ("furka-page=mine", None),
        ("nameless", None),
        ("=nameless", None),
        ("a=b\r\nSet-Cookie: c=d", None),
        ("a=" + "x" * 5000, None),
    ],
)
def test_a_cookie_of_a_device_stays_with_its_page(said: str, kept: str | None) -> None:
    assert kept_cookie(said, secure=True) == kept


def test_a_device_says_nothing_that_reaches_beyond_its_page() -> None:
    told = to_browser(
        [
            ("Content-Type", "text/html"),
            ("X-Frame-Options", "ALLOWALL"),
            ("Content-Security-Policy", "frame-ancestors *; script-src http://192.168.1.10"),
            ("Strict-Transport-Security", "max-age=9; includeSubDomains"),
            ("Clear-Site-Data", '"cookies"'),
            ("Service-Worker-Allowed", "/"),
            ("Access-Control-Allow-Origin", "*"),
            ("Alt-Svc", 'h3=":443"'),
            ("Cache-Control", "public, max-age=600"),
            ("Connection", "close, X-Hop"),
            ("X-Hop", "1"),
            ("Transfer-Encoding", "chunked"),
            ("Refresh", "5; url=http://192.168.1.10/next"),
            ("Server", "HC-1"),
        ],
        ORIGIN,
    )

    assert named(told, "x-frame-options") == ["SAMEORIGIN"]
    assert named(told, "cache-control") == ["no-store"]
    assert named(told, "refresh") == [f"5; url={OUTSIDE}/next"]
    theirs, ours = named(told, "content-security-policy")
    assert theirs == f"frame-ancestors *; script-src {OUTSIDE}"  # both count, so ours decides
    assert "frame-ancestors 'self'" in ours
    assert f"connect-src 'self' wss://{LABEL}.pages.example.org" in ours
    gone = {"strict-transport-security", "clear-site-data", "service-worker-allowed", "alt-svc", "x-hop"}
    gone |= {"access-control-allow-origin", "transfer-encoding", "connection"}
    assert not gone & {name.lower() for name, _ in told}
    assert named(told, "server") == ["HC-1"]


def test_pictures_may_be_kept_by_the_browser_and_by_nobody_else() -> None:
    told = to_browser(
        [("Content-Type", "image/png"), ("Cache-Control", "public, s-maxage=9, max-age=600")], ORIGIN
    )
    assert named(told, "cache-control") == ["private, max-age=600"]


def test_a_device_can_not_flood_the_browser_with_cookies() -> None:
    told = to_browser([("Set-Cookie", f"c{number}=1") for number in range(500)], ORIGIN)
    assert len(named(told, "set-cookie")) == 50


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("/login", "/login"),
        ("login", "login"),
        ("?a=b", "?a=b"),
        ("http://192.168.1.10/login", f"{OUTSIDE}/login"),
        ("http://192.168.1.10:80", f"{OUTSIDE}/"),
        ("HTTP://192.168.1.10/a//b?c=d#e", f"{OUTSIDE}/a//b?c=d#e"),
        ("//192.168.1.10/x", f"{OUTSIDE}/x"),
        ("http://10.128.1.10/x", f"{OUTSIDE}/x"),
        ("http:\\\\192.168.1.10\\x", f"{OUTSIDE}/x"),
    ],
)
def test_a_redirect_within_the_device_stays_on_the_page(location: str, where: str) -> None:
    assert redirected(ORIGIN, location) == Onward(where, PLAIN)


def test_a_redirect_to_the_secure_page_of_the_same_device_is_followed_inside() -> None:
    assert redirected(ORIGIN, "https://192.168.1.10/x") == Onward(f"{OUTSIDE}/x", SECURE)


@pytest.mark.parametrize(
    "location",
    [
        "http://192.168.1.11/",
        "http://192.168.1.10:8081/",
        "http://192.168.1.10@evil.example/",
        "http://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "http:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://192.168.1.10.evil.example/",
        "http://[::1]/",
        "http://192.168.1.10:99999/",
        "/\t/evil.example/",
    ],
)
def test_a_redirect_to_anything_else_is_not_followed(location: str) -> None:
    assert isinstance(redirected(ORIGIN, location), Elsewhere)


PAGE = (
    b'<a href="http://192.168.1.10/config">x</a><img src="//192.168.1.10/logo"> "http:\\/\\/192.168.1.10\\/api" '
    b"new WebSocket('ws://192.168.1.10/live') https://192.168.1.10/s http://192.168.1.10:8081/other "
    b"http://192.168.1.100/ http://192.168.1.10.example/ 192.168.1.10"
)
TURNED = (
    f'<a href="{OUTSIDE}/config">x</a><img src="//{LABEL}.pages.example.org/logo"> '
    f'"https:\\/\\/{LABEL}.pages.example.org\\/api" '
    f"new WebSocket('wss://{LABEL}.pages.example.org/live') {OUTSIDE}/s http://192.168.1.10:8081/other "
    "http://192.168.1.100/ http://192.168.1.10.example/ 192.168.1.10"
).encode()


@given(st.lists(st.integers(0, len(PAGE)), max_size=12))
def test_addresses_in_a_page_are_turned_wherever_it_is_cut(cuts: list[int]) -> None:
    borders = [0, *sorted(cuts), len(PAGE)]
    rewriter = Rewriter(ORIGIN)
    pieces = [rewriter.feed(PAGE[begin:end]) for begin, end in pairwise(borders)]
    assert b"".join([*pieces, rewriter.finish()]) == TURNED


@pytest.mark.parametrize(
    ("content_type", "encoding", "status", "expected"),
    [
        ("text/html; charset=utf-8", "", 200, True),
        ("application/javascript", "identity", 200, True),
        ("text/html", "gzip", 200, False),
        ("text/html", "", 206, False),
        ("text/event-stream", "", 200, False),
        ("application/octet-stream", "", 200, False),
    ],
)
def test_only_whole_texts_are_looked_through(
    content_type: str, encoding: str, status: int, expected: bool
) -> None:
    assert has_addresses(content_type, encoding, status) is expected


def test_the_page_is_framed_and_embedded_by_nobody_else() -> None:
    said = dict(own_headers(ORIGIN))
    assert said["Cross-Origin-Resource-Policy"] == said["Cross-Origin-Opener-Policy"] == "same-origin"
    assert said["Referrer-Policy"] == "same-origin"
