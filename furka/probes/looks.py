"""The looks themselves. Each takes some seconds at most and changes nothing where it looks."""

from __future__ import annotations

import smtplib
import socket
import ssl
import struct
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from furka.clock import now
from furka.probes.found import Found, Level, timed

#: Seconds that anything may take.
PATIENCE = 5.0
#: Days before its end from which a certificate is weak, and bad.
CERTIFICATE_WEAK, CERTIFICATE_BAD = 14, 2
#: Seconds by which the clock may be wrong before it is weak, and bad: second factors last 30.
CLOCK_WEAK, CLOCK_BAD = 1.0, 10.0

_SINCE_1900 = 2_208_988_800


def page(url: str, what: str = "answer", host: str = "") -> Found:
    """Whether an address answers that it is ready."""

    def look() -> Found | None:
        headers = {"Host": host} if host else {}
        answer = httpx.get(url, timeout=PATIENCE, follow_redirects=False, headers=headers)
        if answer.status_code == httpx.codes.OK:
            return None
        code = "not-ready" if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else "wrong-answer"
        return Found(what, Level.BAD, code, number=answer.status_code)

    return timed(what, look)


def mail_server(url: str) -> Found:
    """Whether a mail server greets; nothing is sent."""
    server = urlsplit(url)

    def look() -> None:
        context = ssl.create_default_context()
        host = server.hostname or ""
        smtp: smtplib.SMTP
        if server.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(host, server.port or 465, timeout=PATIENCE, context=context)
        else:
            smtp = smtplib.SMTP(host, server.port or 587, timeout=PATIENCE)
        with smtp:
            smtp.ehlo()
            if server.scheme == "smtp" and host not in ("127.0.0.1", "localhost"):
                smtp.starttls(context=context)

    return timed("greeting", look)


def certificate_of(host: str, port: int, pinned: str = "") -> Found:
    """Whether TLS at that place is what whoever connects trusts (perhaps one of its own), and for how long."""

    def look() -> Found | None:
        context = ssl.create_default_context(cadata=pinned or None)
        with (
            socket.create_connection((host, port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as line,
        ):
            raw = line.getpeercert(binary_form=True)
        assert raw is not None
        return certificate_lasts(x509.load_der_x509_certificate(raw).not_valid_after_utc, now())

    return timed("certificate", look)


def door(host: str, port: int) -> Found:
    """Whether something accepts connections there."""

    def look() -> None:
        socket.create_connection((host, port), timeout=PATIENCE).close()

    return timed("door", look)


def certificate_lasts(until: datetime, at: datetime) -> Found:
    """How a certificate is that ends then."""
    days = (until - at).total_seconds() / 86_400
    level = Level.BAD if days < CERTIFICATE_BAD else Level.WEAK if days < CERTIFICATE_WEAK else Level.OK
    return Found("certificate", level, "" if level is Level.OK else "ends-soon", number=round(days, 1))


def clock_offset(server: str) -> Found:
    """By how much the clock of this machine differs from a time server's (SNTP, RFC 4330)."""

    def look() -> Found:
        asked = now().timestamp()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(PATIENCE)
            line.connect((server, 123))
            line.send(b"\x23" + 39 * b"\0" + struct.pack("!I", int(asked) + _SINCE_1900) + 4 * b"\0")
            answer = line.recv(512)
        came = now().timestamp()
        return clock_differs(sntp_offset(answer, asked, came))

    return timed("offset", look)


def sntp_offset(answer: bytes, asked: float, came: float) -> float:
    """By how many seconds the server is ahead. Raises ValueError."""
    if len(answer) < 48 or answer[0] & 7 != 4 or not 1 <= answer[1] <= 15:
        raise ValueError("no answer of a time server")
    (received, r_part, sent, s_part) = struct.unpack("!IIII", answer[32:48])
    theirs: list[float] = [received + r_part / 2**32 - _SINCE_1900, sent + s_part / 2**32 - _SINCE_1900]
    return ((theirs[0] - asked) + (theirs[1] - came)) / 2


def clock_differs(seconds: float) -> Found:
    """How a clock is that differs by so much."""
    off = abs(seconds)
    level = Level.BAD if off > CLOCK_BAD else Level.WEAK if off > CLOCK_WEAK else Level.OK
    return Found("offset", level, "" if level is Level.OK else "wrong-time", number=round(seconds, 3))
