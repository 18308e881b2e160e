"""What this program says to people itself: short pages in their language, from the catalogues of the portal."""

from __future__ import annotations

import gettext
import html
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

_LOCALE = Path(__file__).parent.parent / "locale"

_STYLE = (
    "body{margin:0;font:1rem/1.5 system-ui,sans-serif;color:#1d2a2e;background:#f4f6f6}"
    "main{max-width:34rem;margin:12vh auto;padding:0 1.25rem}h1{font-size:1.35rem;line-height:1.3}"
    "a{color:#0b5f66}p.of{color:#566}"
    "@media(prefers-color-scheme:dark){body{color:#e3eaeb;background:#12191b}a{color:#6fc5cc}p.of{color:#9aa}}"
)

#: What such a page may do: look as it should, and lead to the portal.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def _(text: str) -> str:
    """Marks a text for the catalogues; it is translated when it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said: a title, an explanation, and whether the page can be opened anew in the portal."""

    status: HTTPStatus
    title: str
    text: str
    again: bool = False


NOT_OPEN = Notice(
    HTTPStatus.FORBIDDEN,
    _("This page is not open here"),
    _("Pages of devices are opened in the portal, each time anew. Please open it there."),
)
TICKET_USED = Notice(
    HTTPStatus.FORBIDDEN,
    _("This link has been used"),
    _("A link to a device's page works once and for a minute. Please open the page again in the portal."),
    again=True,
)
TIME_OVER = Notice(
    HTTPStatus.FORBIDDEN,
    _("The time is over"),
    _("Your access has come to its end, so the page was closed. If you still have access, open it again."),
    again=True,
)
ENDED = Notice(
    HTTPStatus.FORBIDDEN,
    _("Your access to this page has ended"),
    _("It was revoked or closed, or you have logged out. If you still have access, open it again."),
    again=True,
)
IDLE = Notice(
    HTTPStatus.FORBIDDEN,
    _("The page was closed because nobody used it"),
    _("After a while without use a device's page closes by itself. You can open it again in the portal."),
    again=True,
)
NO_ANSWER = Notice(
    HTTPStatus.BAD_GATEWAY,
    _("The device does not answer"),
    _("It may be switched off, or its web page is on another port. Load the page again in a moment."),
)
ODD_ANSWER = Notice(
    HTTPStatus.BAD_GATEWAY,
    _("The device's answer is not understood"),
    _("It sent something that is no web page. Perhaps it wants to be asked with https, or on another port."),
)
ELSEWHERE = Notice(
    HTTPStatus.BAD_GATEWAY,
    _("The device sends you elsewhere"),
    _("Its page wants to go on at {address}, which is not what you opened. That is not followed."),
)
REFUSED = Notice(
    HTTPStatus.FORBIDDEN,
    _("This is not possible here"),
    _("For safety a device's page can't do this when it is opened through the portal."),
)
TOO_MUCH = Notice(
    HTTPStatus.SERVICE_UNAVAILABLE,
    _("Too much at once"),
    _("The page asks for more at the same time than is possible here. Load it again in a moment."),
)

BACK = _("Open it again in the portal")


def shown(notice: Notice, language: str, *, title: str = "", back: str = "", address: str = "") -> bytes:
    """The page that says it."""
    said = _catalogue(language).gettext
    text = said(notice.text).replace("{address}", address[:200])
    link = (
        f'<p><a href="{html.escape(back)}">{html.escape(said(BACK))}</a></p>' if notice.again and back else ""
    )
    of = f'<p class="of">{html.escape(title)}</p>' if title else ""
    return (
        f'<!doctype html><html lang="{html.escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(said(notice.title))}</title><style>{_STYLE}</style></head>"
        f"<body><main>{of}<h1>{html.escape(said(notice.title))}</h1><p>{html.escape(text)}</p>{link}</main></body></html>"
    ).encode()


def headers() -> dict[str, str]:
    """What goes with such a page."""
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _POLICY,
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def language_of(accepted: str) -> str:
    """The first language of a browser's wishes that we speak; for whom we know nothing else of."""
    for wish in accepted.split(","):
        language = wish.partition(";")[0].strip().partition("-")[0].lower()
        if language in ("de", "fr", "it", "en"):
            return language
    return "de"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("django", _LOCALE, [language], fallback=True)
