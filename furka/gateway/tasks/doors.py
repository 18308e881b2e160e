"""Does something take connections there, and which page does it show: TCP ports and HTTP."""

from __future__ import annotations

import contextlib
import html
import http.client
import re
import socket
import ssl
from ipaddress import IPv4Address

from furka.clock import monotonic
from furka.gateway.tasks.bench import Bench, Found, finding
from furka.wire.probes import HttpCheck, TcpPort

_PATIENCE = 4.0  # seconds
_MOST_READ = 64 * 1024
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,400})", re.IGNORECASE)


def tcp_port(probe: TcpPort, bench: Bench) -> Found:
    """One connection, closed at once; nothing is said."""
    yield None
    began = monotonic()
    try:
        opened(bench, probe.target, probe.port).close()
    except ConnectionRefusedError:
        yield finding("refuses", address=probe.target, number=probe.port, milliseconds=_since(began))
    except TimeoutError:
        yield finding("no-answer", address=probe.target, number=probe.port)
    except OSError:
        yield finding("not-there", address=probe.target, number=probe.port)
    else:
        yield finding("takes", address=probe.target, number=probe.port, milliseconds=_since(began))


def http_check(probe: HttpCheck, bench: Bench) -> Found:
    """One request; of the answer only status, kind and title are told, and no redirection is followed."""
    bench.lan_towards(probe.target)  # not to another site
    began = monotonic()
    line: socket.socket | None = None
    try:
        line = opened(bench, probe.target, probe.port)
        yield finding("takes", address=probe.target, number=probe.port, milliseconds=_since(began))
        if probe.secure:
            line = _without_proof().wrap_socket(line)
            yield finding("secured", text=line.version() or "", milliseconds=_since(began))
        yield from _asked(line, probe, began)
    except ConnectionRefusedError:
        yield finding("refuses", address=probe.target, number=probe.port, milliseconds=_since(began))
    except TimeoutError:
        yield finding("no-answer", address=probe.target, number=probe.port)
    except (ssl.SSLError, http.client.HTTPException, ValueError):
        yield finding("not-http", address=probe.target, number=probe.port)
    except OSError:
        yield finding("not-there", address=probe.target, number=probe.port)
    finally:
        if line is not None:
            line.close()


def opened(bench: Bench, target: IPv4Address, port: int, patience: float = _PATIENCE) -> socket.socket:
    """A connection from our address in the plant. Raises OSError, Foreign and Failed."""
    source, interface = bench.source_towards(target)
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        line.settimeout(patience)
        if interface:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        line.bind((str(source), 0))
        line.connect((str(target), port))
    except BaseException:
        line.close()
        raise
    return line


def _asked(line: socket.socket, probe: HttpCheck, began: float) -> Found:
    usual = 443 if probe.secure else 80
    host = str(probe.target) if probe.port == usual else f"{probe.target}:{probe.port}"
    line.sendall(
        f"GET {probe.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: furka\r\nAccept: */*\r\n"
        "Connection: close\r\n\r\n".encode("ascii")
    )
    answer = http.client.HTTPResponse(line, method="GET")
    try:
        answer.begin()
        yield finding("status", number=answer.status, text=answer.reason, milliseconds=_since(began))
        if server := answer.getheader("Server"):
            yield finding("server", text=server)
        if place := answer.getheader("Location"):
            yield finding("leads-to", text=place)
        if "html" in (answer.getheader("Content-Type") or "").lower():
            body = b""
            with contextlib.suppress(OSError, http.client.HTTPException):
                body = answer.read(_MOST_READ)
            if found := _TITLE.search(body):
                yield finding("title", text=html.unescape(found[1].decode("utf-8", errors="replace")))
    finally:
        answer.close()
    yield finding("whole-time", milliseconds=_since(began))


def _without_proof() -> ssl.SSLContext:
    """Devices have certificates of their own making, and old ciphers: whether it answers is all that is asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _since(began: float) -> float:
    return 1000 * (monotonic() - began)
