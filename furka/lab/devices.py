"""The devices of the lab's plants: a heating controller with a web page, and a meter that speaks Modbus/TCP."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import parse_qs, urlsplit

from furka.clock import monotonic

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{plant}: heating controller</title></head>
<body>
<h1>Heating controller</h1>
<p>{plant} (sample data of the lab)</p>
<table>
<tr><th>Flow temperature</th><td id="flow">{flow:.1f} &deg;C</td></tr>
<tr><th>Setpoint</th><td id="setpoint">{setpoint:.1f} &deg;C</td></tr>
<tr><th>Outside temperature</th><td id="outside">{outside:.1f} &deg;C</td></tr>
<tr><th>Circulation pump</th><td id="pump">on</td></tr>
</table>
<p>You came from <span id="visitor">{visitor}</span>. <a href="{own}/login">Log in</a></p>
<p>Live: <span id="live">not connected</span></p>
<script>
const line = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + "/live");
const shown = document.getElementById("live");
line.onmessage = (event) => {{ shown.textContent = event.data; }};
line.onclose = () => {{ shown.textContent = "closed"; }};
</script>
</body>
</html>
"""

_LOGIN = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{plant}: log in</title></head>
<body>
<h1>Heating controller: log in</h1>
<p>Sample data of the lab: any code will do.</p>
<form method="post" action="{own}/login"><label>Code <input name="code"></label> <button>Log in</button></form>
</body>
</html>
"""

_MEBIBYTE = bytes(1 << 20)
_STREAM_PAUSE = 0.01  # seconds between the lines of /stream
_LARGEST_DOWNLOAD = 1024  # MiB
_LIVE_PAUSE = 0.2  # seconds between the messages of /live
_WEBSOCKET = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


class HeatingController(ThreadingHTTPServer):
    """The web page of a heating controller.

    `/` shows its state, `/stream` sends a numbered line every 10 ms without end, `/download?mib=N` sends N MiB, `/live`
    counts over a WebSocket, `/login` asks for a code. Like many of its kind it leads to itself by its own address, and
    takes a WebSocket only from pages that seem to be its own.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], plant: str) -> None:
        self.plant = plant
        super().__init__(address, _HeatingPage)


class _HeatingPage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Controller"
    sys_version = ""
    server: HeatingController

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        try:
            if url.path == "/":
                self._page()
            elif url.path == "/login":
                self._send(_LOGIN.format(plant=self.server.plant, own=self._own()))
            elif url.path == "/live":
                self._live()
            elif url.path == "/stream":
                self._stream()
            elif url.path == "/download":
                self._download(parse_qs(url.query).get("mib", ["1"])[0])
            else:
                self.send_error(404)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True

    def _page(self) -> None:
        text = _PAGE.format(
            plant=self.server.plant,
            flow=42 + 2 * math.sin(monotonic() / 60),
            setpoint=43,
            outside=4.5,
            visitor=self.client_address[0],
            own=self._own(),
        )
        self._send(text)

    def do_POST(self) -> None:
        self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 4096))
        self.send_response(302)
        self.send_header("Location", f"{self._own()}/")
        self.send_header("Set-Cookie", "controller=yes; Path=/; Domain=localhost")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _own(self) -> str:
        address, port = self.server.server_address[:2]
        return f"http://{address!s}" + ("" if port == 80 else f":{port}")

    def _send(self, text: str) -> None:
        body = text.encode()
        self._head("text/html; charset=utf-8", len(body))
        self.wfile.write(body)

    def _live(self) -> None:
        key = self.headers.get("Sec-WebSocket-Key", "")
        if not key or self.headers.get("Origin", "") != f"http://{self.headers.get('Host', '')}":
            self.send_error(403)
            return
        accept = base64.b64encode(hashlib.sha1(key.encode() + _WEBSOCKET, usedforsecurity=False).digest())
        self.wfile.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        self.close_connection = True
        number = 0
        while True:
            number += 1
            text = b"%d" % number
            self.wfile.write(bytes([0x81, len(text)]) + text)  # one whole frame of text
            time.sleep(_LIVE_PAUSE)

    def _stream(self) -> None:
        self._head("text/plain; charset=utf-8", None)
        number = 0
        while True:
            self.wfile.write(b"%d\n" % number)
            number += 1
            time.sleep(_STREAM_PAUSE)

    def _download(self, wanted: str) -> None:
        if not wanted.isascii() or not wanted.isdigit() or int(wanted) > _LARGEST_DOWNLOAD:
            self.send_error(400)
            return
        self._head("application/octet-stream", int(wanted) * len(_MEBIBYTE))
        for _ in range(int(wanted)):
            self.wfile.write(_MEBIBYTE)

    def _head(self, kind: str, length: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        if length is None:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Devices keep no log."""


class Meter(ThreadingTCPServer):
    """An energy meter that answers one question: read holding registers (Modbus function 3).

    Spec: MODBUS Application Protocol V1.1b3, and MODBUS Messaging on TCP/IP V1.0b for the frame around it.
    Register n holds 1000 + n, 0 to 99 exist.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    REGISTERS = tuple(range(1000, 1100))

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _ModbusLine)


_READ_HOLDING_REGISTERS = 3
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 1, 2, 3
_MOST_REGISTERS = 125
_LONGEST_QUESTION = 254


class _ModbusLine(StreamRequestHandler):
    def handle(self) -> None:
        try:
            while len(head := self.rfile.read(7)) == 7:
                transaction, protocol, length, unit = struct.unpack(">HHHB", head)
                if protocol != 0 or not 2 <= length <= _LONGEST_QUESTION:
                    return
                question = self.rfile.read(length - 1)
                if len(question) < length - 1:
                    return
                answer = answer_to(question)
                self.wfile.write(struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer)
        except (BrokenPipeError, ConnectionResetError):
            return


def answer_to(question: bytes) -> bytes:
    """What the meter says to a Modbus request (function code and data, without the frame)."""
    function = question[0]
    if function != _READ_HOLDING_REGISTERS:
        return bytes([function | 0x80, _ILLEGAL_FUNCTION])
    if len(question) != 5:
        return bytes([function | 0x80, _ILLEGAL_VALUE])
    start, count = struct.unpack(">HH", question[1:])
    if not 1 <= count <= _MOST_REGISTERS:
        return bytes([function | 0x80, _ILLEGAL_VALUE])
    if start + count > len(Meter.REGISTERS):
        return bytes([function | 0x80, _ILLEGAL_ADDRESS])
    values = Meter.REGISTERS[start : start + count]
    return struct.pack(f">BB{count}H", function, 2 * count, *values)
