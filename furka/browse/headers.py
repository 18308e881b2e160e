"""Headers on their way between a browser and a device. Pure.

To the device everything looks as if the browser were in its own network; to the browser the device is one origin that
has nothing to do with any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from furka.browse.origin import Origin

Pairs = list[tuple[str, str]]

#: Of the cookie that proves whose page it is. With `__Host-` a browser takes it from this very host over TLS only.
COOKIE: Final = "furka-page"
_COOKIES = frozenset({COOKIE, f"__host-{COOKIE}"})

#: Cookies that a device may set in one answer, and how long each may be.
MOST_COOKIES = 50
LONGEST_COOKIE = 4096

#: About one connection only (RFC 9110, 7.6.1), and what was said to proxies.
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    )
)
#: What the device must not hear: who else stood in between, and what only browsers of today say.
_NOT_TO_DEVICE = frozenset(
    (
        "host",
        "expect",
        "accept-encoding",
        "forwarded",
        "via",
        "x-real-ip",
        "origin",
        "referer",
        "cookie",
        "upgrade-insecure-requests",
    )
)
_NOT_TO_DEVICE_PREFIXES = ("x-forwarded-", "sec-", "x-furka-")
#: What a device may not say for this origin: it would reach beyond its page, or undo what we say ourselves.
_NOT_TO_BROWSER = frozenset(
    (
        "set-cookie",
        "location",
        "x-frame-options",
        "strict-transport-security",
        "public-key-pins",
        "expect-ct",
        "alt-svc",
        "clear-site-data",
        "service-worker-allowed",
        "referrer-policy",
        "permissions-policy",
        "feature-policy",
        "cross-origin-opener-policy",
        "cross-origin-embedder-policy",
        "cross-origin-resource-policy",
        "origin-agent-cluster",
        "report-to",
        "reporting-endpoints",
        "nel",
        "sourcemap",
        "x-sourcemap",
        "via",
    )
)
_WITH_ADDRESSES = frozenset(("content-location", "refresh", "link", "content-security-policy"))


def cookie_name(secure: bool) -> str:
    """What our cookie is called."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def our_cookies(headers: Iterable[tuple[str, str]], secure: bool) -> list[str]:
    """The values of our cookie in a request; a page can put others beside the right one."""
    wanted = cookie_name(secure)
    return [value for name, value in _cookies_in(headers) if name == wanted]


def to_device(headers: Iterable[tuple[str, str]], origin: Origin) -> Pairs:
    """The headers of a request as the device gets them."""
    pairs = list(headers)
    named = _named_by_connection(pairs)
    found = [
        (name, value)
        for name, value in pairs
        if name.lower() not in named | _HOP_BY_HOP | _NOT_TO_DEVICE
        and not name.lower().startswith(_NOT_TO_DEVICE_PREFIXES)
    ]
    found.append(("Host", origin.host))
    found.append(("Accept-Encoding", "identity"))  # addresses in its pages are replaced
    if any(name.lower() == "origin" for name, _ in pairs):
        found.append(("Origin", origin.inside))
    referer = next((value for name, value in pairs if name.lower() == "referer"), "")
    if referer.startswith(f"{origin.outside}/"):
        found.append(("Referer", origin.inside + referer.removeprefix(origin.outside)))
    theirs = [f"{name}={value}" for name, value in _cookies_in(pairs) if name.lower() not in _COOKIES]
    if theirs:
        found.append(("Cookie", "; ".join(theirs)))
    return found


def to_browser(headers: Iterable[tuple[str, str]], origin: Origin) -> Pairs:
    """The headers of an answer as the browser gets them, `Location` aside."""
    pairs = list(headers)
    named = _named_by_connection(pairs)
    found: Pairs = []
    cookies = 0
    is_page = False
    for name, value in pairs:
        plain = name.lower()
        if plain == "set-cookie":
            kept = kept_cookie(value, origin.is_secure)
            if kept is not None and (cookies := cookies + 1) <= MOST_COOKIES:
                found.append(("Set-Cookie", kept))
        elif plain in named | _HOP_BY_HOP | _NOT_TO_BROWSER or plain.startswith(
            ("access-control-", "x-furka-")
        ):
            continue
        elif plain in _WITH_ADDRESSES:
            found.append((name, origin.in_text(value)))
        elif plain != "cache-control":
            found.append((name, value))
        is_page = is_page or (plain == "content-type" and "html" in value.lower())
    cached = ", ".join(value for name, value in pairs if name.lower() == "cache-control")
    # A page that is kept for going back keeps its connections too; and nobody in between may keep anything.
    found.append(("Cache-Control", "no-store" if is_page else _private(cached)))
    return found + own_headers(origin)


def own_headers(origin: Origin) -> Pairs:
    """What we say of every answer: the page speaks with its device only, and nobody frames or embeds it."""
    socket = origin.outside_socket
    anywhere = "https: data: blob:" if origin.is_secure else "http: https: data: blob:"
    policy = (
        f"default-src 'self' 'unsafe-inline' 'unsafe-eval' {anywhere}",
        f"connect-src 'self' {socket}",
        "frame-src 'self' data: blob:",
        "object-src 'self'",
        "form-action 'self'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
    )
    return [
        ("Content-Security-Policy", "; ".join(policy)),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Origin-Agent-Cluster", "?1"),
        (
            "Permissions-Policy",
            "camera=(), microphone=(), geolocation=(), usb=(), serial=(), bluetooth=(), hid=(), payment=(),"
            " publickey-credentials-get=(), display-capture=()",
        ),
        ("X-Robots-Tag", "noindex, nofollow"),
    ]


def kept_cookie(text: str, secure: bool) -> str | None:
    """A cookie of the device as it is kept for this origin alone; None if it may not set it."""
    first, *rest = text.split(";")
    name, equals, value = first.partition("=")
    name = name.strip()
    told = f"{name}={value.strip()}" if equals else ""
    if not told or not _is_plain(told) or len(text) > LONGEST_COOKIE:
        return None
    if name.lower() in _COOKIES or not name:
        return None
    is_strict = False
    for attribute in rest:
        key, equals, said = attribute.strip().partition("=")
        match key.lower():
            case "path" | "expires" | "max-age" if equals and _is_plain(said):
                told += f"; {key}={said.strip()}"
            case "httponly":
                told += "; HttpOnly"
            case "samesite":
                is_strict = said.strip().lower() == "strict"
    told += f"; SameSite={'Strict' if is_strict else 'Lax'}"
    return told + ("; Secure" if secure else "")


def _cookies_in(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    texts = (part.strip() for name, value in headers if name.lower() == "cookie" for part in value.split(";"))
    pairs = (text.partition("=") for text in texts if text)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _named_by_connection(headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    return frozenset(
        word.strip().lower()
        for name, value in headers
        if name.lower() == "connection"
        for word in value.split(",")
    )


def _private(cached: str) -> str:
    words = [word.strip() for word in cached.split(",")]
    kept = [word for word in words if word and not word.lower().startswith(("public", "s-maxage", "private"))]
    return ", ".join(["private", *kept])


def _is_plain(text: str) -> bool:
    return all(each.isprintable() or each == "\t" for each in text)
