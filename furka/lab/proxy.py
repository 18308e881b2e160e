"""A small HTTP proxy with a login, as firms have one in front of the internet. It is the lab's own, made to be tried
against: it knows CONNECT to a few ports and GET and POST of plain addresses, and checks nothing else.
"""

from __future__ import annotations

import base64
import contextlib
import socket
from collections.abc import Collection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self
from urllib.parse import urlsplit

_LIMIT = 60.0  # seconds
_AT_ONCE = 1 << 16
_KEPT_BACK = ("proxy-authorization", "proxy-connection", "connection", "keep-alive")


class HttpProxy(ThreadingHTTPServer):
    """Lets those through who know the login (name:password)."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], login: str, ports: Collection[int] = (443,)) -> None:
        self.wanted = "Basic " + base64.b64encode(login.encode()).decode()
        self.ports = ports
        super().__init__(address, _Call)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpProxy

    def do_CONNECT(self) -> None:
        self.close_connection = True
        host, _, port = self.path.rpartition(":")
        if not self._may():
            return
        if not port.isdigit() or int(port) not in self.server.ports:
            self._say(403)
            return
        try:
            there = socket.create_connection((host.strip("[]"), int(port)), 10)
        except OSError:
            self._say(502)
            return
        with there:
            there.settimeout(None)
            self.send_response(200, "Connection established")
            self.end_headers()
            back = Thread(target=_copy, args=(there, self.connection), daemon=True)
            back.start()
            _copy(self.connection, there)
            back.join()

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def _forward(self) -> None:
        self.close_connection = True
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self._may():
            return
        url = urlsplit(self.path)
        lines = [f"{self.command} {url.path}{'?' + url.query if url.query else ''} HTTP/1.1"]
        lines += [
            f"{name}: {value}" for name, value in self.headers.items() if name.lower() not in _KEPT_BACK
        ]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
        try:
            with socket.create_connection((url.hostname or "", url.port or 80), 10) as there:
                there.settimeout(_LIMIT)
                there.sendall(head + content)
                _copy(there, self.connection)
        except OSError:
            self._say(502)

    def _may(self) -> bool:
        if self.headers.get("Proxy-Authorization") == self.server.wanted:
            return True
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="plant"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def _say(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """It keeps no log."""


def _copy(here: socket.socket, there: socket.socket) -> None:
    """One direction, until its end; then both are closed for more."""
    with contextlib.suppress(OSError):
        while data := here.recv(_AT_ONCE):
            there.sendall(data)
    with contextlib.suppress(OSError):
        there.shutdown(socket.SHUT_WR)
