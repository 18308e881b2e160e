"""What both ends do with their TCP connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from furka.relay.frames import Sender, Unframer, framed, waiting

#: So many bytes may wait to be sent; what does not fit stays in the UDP socket, which drops what is too much for it.
#: More would only make packets old: a full line is felt by those who send inside the tunnel when packets are lost.
BACKLOG = 64 * 1024

_UNANSWERED_LIMIT = 20_000  # milliseconds until a connection counts as broken whose bytes nobody confirms
_TCP_USER_TIMEOUT = 18  # linux/tcp.h


def prepare(connection: socket.socket) -> None:
    """Set up a TCP connection that carries datagrams."""
    connection.setblocking(False)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for level, option, value in (
        (socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, _UNANSWERED_LIMIT),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    ):
        with contextlib.suppress(OSError):
            connection.setsockopt(level, option, value)
    # BBR does not take a lost packet for a full line, which matters on mobile networks; not every kernel has it.
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"bbr")


class Carrier:
    """Carries datagrams between a stream and a UDP socket, both ways, as long as it is asked to."""

    def __init__(self, udp: socket.socket, write: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._udp = udp
        self._write = write
        self._unframer = Unframer()
        self._sender = Sender(udp)
        self._listening = False

    def from_stream(self, data: bytes) -> None:
        """Pieces of the stream go out as datagrams. Raises NoDatagram."""
        self._sender.send(self._unframer.feed(data))

    def listen(self) -> None:
        """Take what comes by UDP."""
        if not self._listening:
            self._loop.add_reader(self._udp, self._hear)
            self._listening = True

    def pause(self) -> None:
        """The stream is full: leave it in the socket."""
        if self._listening:
            self._loop.remove_reader(self._udp)
            self._listening = False

    def _hear(self) -> None:
        if datagrams := waiting(self._udp):
            self._write(framed(datagrams))
