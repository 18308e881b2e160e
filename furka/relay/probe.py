"""Whether UDP reaches a hub, asked without touching the tunnel: a small question to WireGuard's own port.

A filter on the hub hands datagrams that begin with the mark to the relay, which answers; nothing else about that port
changes. The answer is shorter than the question and begins differently, so that nobody can be flooded by it, and two
who answer can't be set upon each other.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable
from typing import cast

MARK = b"\xf5FRQ"  # no message of WireGuard begins so
_ANSWER = b"\xf5FRA"
_NUMBER = 8
_LENGTH = 48

_PER_SECOND = 2000.0


def question(number: bytes) -> bytes:
    """A datagram that asks."""
    return (MARK + number).ljust(_LENGTH, b"\0")


def answer_to(datagram: bytes) -> bytes | None:
    """What is answered; None to everything that is no question."""
    if len(datagram) != _LENGTH or not datagram.startswith(MARK):
        return None
    return _ANSWER + datagram[len(MARK) : len(MARK) + _NUMBER]


class Answerer(asyncio.DatagramProtocol):
    """Answers questions, so many a second in all."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._left, self._since = _PER_SECOND, monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = answer_to(data)
        if answer is None:
            return
        at = self._monotonic()
        self._left = min(_PER_SECOND, self._left + (at - self._since) * _PER_SECOND)
        self._since = at
        if self._left >= 1:
            self._left -= 1
            self._transport.sendto(answer, addr)


class Asker:
    """Asks one hub now and then, and counts the answers; never waits."""

    def __init__(self, address: tuple[str, int]) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._udp = socket.socket(family, socket.SOCK_DGRAM)
        self._udp.setblocking(False)
        with contextlib.suppress(OSError):  # no way there now: nothing will be answered
            self._udp.connect(address)
        self.address = address
        self._asked: set[bytes] = set()
        self._answers = 0

    def ask(self) -> None:
        """Send one question."""
        number = secrets.token_bytes(_NUMBER)
        with contextlib.suppress(OSError):
            self._udp.send(question(number))
            if len(self._asked) >= 100:
                self._asked.clear()
            self._asked.add(number)

    def answers(self) -> int:
        """How many questions have been answered since it began."""
        with contextlib.suppress(OSError):
            while True:
                datagram = self._udp.recv(_LENGTH)
                number = datagram[len(_ANSWER) :]
                if datagram.startswith(_ANSWER) and number in self._asked:
                    self._asked.remove(number)
                    self._answers += 1
        return self._answers

    def close(self) -> None:
        self._udp.close()
