"""Datagrams in a stream of bytes: two bytes of length, then the datagram. And out to a socket, many at once."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from collections.abc import Iterator, Sequence

#: The largest datagram that is carried: WireGuard's, for an inner packet of 1500 bytes and some to spare.
LARGEST = 2048

_HEAD = 2
_UDP_SEGMENT = 103  # linux/udp.h
_MOST_SEGMENTS = 60
_MOST_BYTES = 60_000
_NO_SEGMENTS = {errno.EINVAL, errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP}
_MOST_AT_ONCE = 128


class NoDatagram(Exception):
    """What came can't be a datagram: the other side speaks something else."""


def framed(datagrams: Sequence[bytes]) -> bytes:
    """The datagrams as they travel; those that are too large, or empty, are left out."""
    parts: list[bytes] = []
    for one in datagrams:
        if 0 < len(one) <= LARGEST:
            parts += (len(one).to_bytes(_HEAD, "big"), one)
    return b"".join(parts)


class Unframer:
    """Takes the stream in pieces of any size and gives the datagrams; keeps less than one datagram between."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The datagrams that are complete now. Raises NoDatagram."""
        data = self._rest + data
        found: list[bytes] = []
        at, end = 0, len(data)
        while end - at >= _HEAD:
            length = data[at] << 8 | data[at + 1]
            if not 0 < length <= LARGEST:
                raise NoDatagram(f"a datagram of {length} bytes")
            if end - at - _HEAD < length:
                break
            found.append(data[at + _HEAD : at + _HEAD + length])
            at += _HEAD + length
        self._rest = data[at:]
        return found


def waiting(udp: socket.socket) -> list[bytes]:
    """What lies in the socket now, up to a bound."""
    found: list[bytes] = []
    # A refused datagram of ours, or nobody at the other end: WireGuard is being restarted.
    with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
        while len(found) < _MOST_AT_ONCE:
            found.append(udp.recv(LARGEST + 1))
    return found


class Sender:
    """Sends datagrams to where a socket is connected: runs of one size in one call where the kernel can (UDP_SEGMENT).

    What the socket has no room for is dropped, as a router would.
    """

    def __init__(self, udp: socket.socket) -> None:
        self._udp = udp
        self._segments = True
        self.dropped = 0

    def send(self, datagrams: Sequence[bytes]) -> None:
        """All of them, in their order."""
        for run in runs(datagrams):
            if len(run) > 1 and self._segments and self._send_run(run):
                continue
            for one in run:
                self._send_one(one)

    def _send_run(self, run: Sequence[bytes]) -> bool:
        how = [(socket.SOL_UDP, _UDP_SEGMENT, struct.pack("H", len(run[0])))]
        try:
            self._udp.sendmsg(run, how)
        except (BlockingIOError, ConnectionRefusedError):
            self.dropped += len(run)
        except OSError as error:
            if error.errno not in _NO_SEGMENTS:
                self.dropped += len(run)
                return True
            self._segments = False  # this kernel has no such thing
            return False
        return True

    def _send_one(self, datagram: bytes) -> None:
        try:
            self._udp.send(datagram)
        except OSError:
            self.dropped += 1


def runs(datagrams: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Neighbours of one size, the last of a run may be shorter: what one call can send."""
    start, size = 0, 0
    for index, one in enumerate(datagrams):
        length = index - start
        if length and (
            len(one) > size
            or len(datagrams[index - 1]) < size
            or length >= _MOST_SEGMENTS
            or size * length + len(one) > _MOST_BYTES
        ):
            yield datagrams[start:index]
            start, length = index, 0
        if not length:
            size = len(one)
    if start < len(datagrams):
        yield datagrams[start:]


def local_socket(towards: int) -> socket.socket:
    """A UDP socket of this machine's own that hears from, and sends to, nothing but that port of this machine."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        for which in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            udp.setsockopt(socket.SOL_SOCKET, which, 1 << 20)
        udp.bind(("127.0.0.1", 0))
        udp.connect(("127.0.0.1", towards))
    except BaseException:
        udp.close()
        raise
    return udp
