"""The gateway's own small page in the plant's network: cut remote access, allow it again, let a technician in.

| address | does |
|---|---|
| `/` | the page |
| `/state` | `allowed` or `cut`, one word |
| `/cut` | cuts; anybody at the plant may |
| `/restore?key=…` | allows again, with the gateway's own key |
| `/release?code=…` | lets a prepared supporter in, by a PIN or by the code that they read over the phone |

Everything may be called with GET too, since a visualisation or a key switch can often do no more; a browser gets a
page, everybody else one line of text. Only the site's own networks are answered, and only under an address: a name
could be turned around by whoever owns it.
"""

from __future__ import annotations

import contextlib
import hmac
import html
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from threading import BoundedSemaphore, Thread
from urllib.parse import parse_qs, urlsplit

from furka.gateway.home import HomeError
from furka.gateway.local_texts import TEXTS, language_for
from furka.gateway.switch import SiteSwitch

_log = logging.getLogger(__name__)

PORT = 8470
_AT_ONCE = 8
_PATIENCE = 5  # seconds that one caller may take
_LARGEST_FORM = 1000

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "form{margin:1.5rem 0}label{display:block;margin-bottom:.3rem}"
    "input,button{font:inherit;padding:.6rem .8rem;border-radius:.4rem;border:1px solid GrayText}"
    "input{width:100%;box-sizing:border-box;margin-bottom:.6rem}.said{font-weight:700}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a call: for programs one word or line, for people a sentence."""

    status: HTTPStatus
    line: str
    sentence: str = ""


#: Ask the portal to let somebody in: the code and the language to answer in.
Release = Callable[[str, str], Said]


class LocalPage(ThreadingHTTPServer):
    """Answers until it is closed; `networks` are those of the site at this moment."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = _AT_ONCE

    def __init__(
        self,
        switch: SiteSwitch,
        key: str,
        networks: Callable[[], tuple[IPv4Network, ...]],
        release: Release,
        port: int = PORT,
    ) -> None:
        """Raises OSError if the port can't be had."""
        super().__init__(("0.0.0.0", port), _Call)  # noqa: S104 - who is answered is decided for each caller
        self.switch = switch
        self.key = key
        self.networks = networks
        self.release = release
        self._places = BoundedSemaphore(_AT_ONCE)
        self._thread = Thread(target=self.serve_forever, args=(0.1,), name="local-page", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Answer nobody any more."""
        self.shutdown()
        self.server_close()

    def verify_request(self, request: object, client_address: object) -> bool:
        """Whether a caller is answered at all: from the site's own networks or this machine, if there is room."""
        assert isinstance(client_address, tuple)
        caller = IPv4Address(client_address[0])
        known = caller.is_loopback or any(caller in network for network in self.networks())
        return known and self._places.acquire(blocking=False)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that goes away in the middle is nothing to write about."""


class _Call(BaseHTTPRequestHandler):
    server: LocalPage
    server_version = "gateway"
    sys_version = ""
    timeout = _PATIENCE

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > _LARGEST_FORM:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        self._answer(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _answer(self, form: str) -> None:
        if not self._is_called_by_address():
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return
        given = {name: values[0] for name, values in parse_qs(form, max_num_fields=5).items()}
        language = language_for(self.headers.get("Accept-Language", ""))
        said = self._act(urlsplit(self.path).path, given, language)
        if said is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif "text/html" in self.headers.get("Accept", ""):
            self._send(said.status, "text/html", self._page(said, language))
        else:
            self._send(said.status, "text/plain", said.line + "\n")

    def _is_called_by_address(self) -> bool:
        host = self.headers.get("Host", "").partition(":")[0]
        if host == "localhost":
            return True
        try:
            IPv4Address(host)
        except AddressValueError:
            return False
        return True

    def _act(self, path: str, given: dict[str, str], language: str) -> Said | None:
        texts = TEXTS[language]
        try:
            match path:
                case "/" | "/state":
                    return Said(HTTPStatus.OK, self._state())
                case "/cut":
                    self.server.switch.cut("network")
                    return Said(HTTPStatus.OK, self._state())
                case "/restore":
                    if not hmac.compare_digest(given.get("key", "").encode(), self.server.key.encode()):
                        return Said(HTTPStatus.FORBIDDEN, "wrong key", texts["wrong-key"])
                    self.server.switch.restore()
                    return Said(HTTPStatus.OK, self._state())
                case "/release":
                    return self.server.release(given.get("code", ""), language)
        except HomeError as error:
            _log.error("A call from the plant's network could not be followed: %s.", error)
            return Said(HTTPStatus.INTERNAL_SERVER_ERROR, "not saved", texts["not-saved"])
        return None

    def _state(self) -> str:
        return "cut" if self.server.switch.cut_by() else "allowed"

    def _page(self, said: Said, language: str) -> str:
        texts = {name: html.escape(text) for name, text in TEXTS[language].items()}
        cut_by = self.server.switch.cut_by()
        state = texts["allowed"] if cut_by is None else texts["cut-by-input" if cut_by == "input" else "cut"]
        parts = [f"<h1>{texts['title']}</h1>"]
        if said.sentence:
            parts.append(f'<p class="said" role="status">{html.escape(said.sentence)}</p>')
        parts.append(f"<p>{state}</p>")
        if cut_by is None:
            parts += [
                f'<form method="post" action="/cut"><button>{texts["do-cut"]}</button></form>',
                f'<h2>{texts["let-in"]}</h2><form method="post" action="/release">'
                f'<label for="code">{texts["code"]}</label>'
                '<input id="code" name="code" inputmode="numeric" autocomplete="off" maxlength="12" required>'
                f"<button>{texts['do-let-in']}</button></form>",
            ]
        elif cut_by != "input":
            parts.append(
                f'<form method="post" action="/restore"><label for="key">{texts["key"]}</label>'
                '<input id="key" name="key" autocomplete="off" maxlength="40" required>'
                f"<button>{texts['do-restore']}</button></form>"
            )
        head = (
            f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{texts['title']}</title><style>{_STYLE}</style><main>"
        )
        return head + "".join(parts) + "</main></html>"

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(content))),
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's names
        """Nothing is logged: a code may stand in the address."""
