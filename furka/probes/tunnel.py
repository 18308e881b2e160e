"""One end of a WireGuard tunnel in this process: it connects, sends and gets packets, without rights or interface.

For trying a tunnel out, a few packets at a time. The protocol is that of the WireGuard paper (Noise_IKpsk2), the side
that begins only: keys are renewed by beginning anew.
"""

from __future__ import annotations

import hmac
import os
import socket
import struct
from hashlib import blake2s

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from furka.clock import monotonic, now

_CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
_IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
_INITIATION, _RESPONSE, _DATA = 1, 2, 4
_NO_SECRET = bytes(32)
_TAI = 2**62 + 37  # seconds by which TAI64 counts otherwise than this machine


class NoConnection(Exception):
    """The other side did not answer, or not as whoever has that key."""


def _hash(*parts: bytes) -> bytes:
    return blake2s(b"".join(parts)).digest()


def _mac(key: bytes, data: bytes) -> bytes:
    return blake2s(data, key=key, digest_size=16).digest()


def _derive(key: bytes, data: bytes, count: int) -> list[bytes]:
    secret = hmac.digest(key, data, "blake2s")
    found, last = [], b""
    for number in range(1, count + 1):
        last = hmac.digest(secret, last + bytes([number]), "blake2s")
        found.append(last)
    return found


def _seal(key: bytes, counter: int, text: bytes, bound: bytes) -> bytes:
    return ChaCha20Poly1305(key).encrypt(bytes(4) + struct.pack("<Q", counter), text, bound)


def _open(key: bytes, counter: int, text: bytes, bound: bytes) -> bytes:
    return ChaCha20Poly1305(key).decrypt(bytes(4) + struct.pack("<Q", counter), text, bound)


def _padded(packet: bytes) -> bytes:
    return packet.ljust(-(-len(packet) // 16) * 16, b"\0")


class TunnelEnd:
    """An end with a key of its own; the other side has to know its public half."""

    def __init__(self, other_side: bytes) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()
        self._other = other_side
        self._line: socket.socket | None = None
        self._index = b""
        self._their_index = b""
        self._send_key = self._receive_key = b""
        self._counter = 0

    def close(self) -> None:
        """End it; the other side forgets by itself."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def connect(self, host: str, port: int, seconds: float) -> float:
        """Make the tunnel; returns the milliseconds that it took. Raises NoConnection."""
        self.close()
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.connect((host, port))
        ephemeral = X25519PrivateKey.generate()
        begin = monotonic()
        try:
            message, chaining, bound = self._initiation(ephemeral)
            self._line.send(message)
            answer = self._receive(begin + seconds, _RESPONSE)
            if answer is None:
                raise NoConnection
            self._finish(answer, ephemeral, chaining, bound)
            ms = (monotonic() - begin) * 1000
            self.send(b"")  # so that the other side knows that its answer came
        except (OSError, InvalidTag, struct.error) as error:
            raise NoConnection from error
        return ms

    def send(self, packet: bytes) -> None:
        """One IP packet; nothing is a sign of life. Raises OSError."""
        assert self._line is not None
        head = struct.pack("<B3x4sQ", _DATA, self._their_index, self._counter)
        self._line.send(head + _seal(self._send_key, self._counter, _padded(packet), b""))
        self._counter += 1

    def receive(self, until: float) -> bytes | None:
        """The next IP packet that comes before that moment; None: none came. Raises OSError."""
        while True:
            message = self._receive(until, _DATA)
            if message is None:
                return None
            (counter,) = struct.unpack("<Q", message[8:16])
            try:
                packet = _open(self._receive_key, counter, message[16:], b"")
            except InvalidTag:
                continue
            if len(packet) >= 20:
                return packet[: struct.unpack("!H", packet[2:4])[0]]

    def _receive(self, until: float, kind: int) -> bytes | None:
        assert self._line is not None
        while (left := until - monotonic()) > 0:
            self._line.settimeout(left)
            try:
                message = self._line.recv(2048)
            except TimeoutError:
                return None
            place = message[8:12] if kind == _RESPONSE else message[4:8]
            if len(message) >= 32 and message[0] == kind and place == self._index:
                return message
        return None

    def _initiation(self, ephemeral: X25519PrivateKey) -> tuple[bytes, bytes, bytes]:
        other = X25519PublicKey.from_public_bytes(self._other)
        public = ephemeral.public_key().public_bytes_raw()
        self._index, self._counter = os.urandom(4), 0
        chaining = _hash(_CONSTRUCTION)
        bound = _hash(_hash(_hash(chaining, _IDENTIFIER), self._other), public)
        [chaining] = _derive(chaining, public, 1)
        chaining, key = _derive(chaining, ephemeral.exchange(other), 2)
        static = _seal(key, 0, self.public, bound)
        bound = _hash(bound, static)
        chaining, key = _derive(chaining, self._private.exchange(other), 2)
        at = now().timestamp()
        stamp = _seal(key, 0, struct.pack("!QI", int(at) + _TAI, int(at % 1 * 1e9)), bound)
        bound = _hash(bound, stamp)
        message = struct.pack("<B3x4s", _INITIATION, self._index) + public + static + stamp
        message += _mac(_hash(b"mac1----", self._other), message)
        return message + bytes(16), chaining, bound

    def _finish(self, answer: bytes, ephemeral: X25519PrivateKey, chaining: bytes, bound: bytes) -> None:
        self._their_index, public, empty = answer[4:8], answer[12:44], answer[44:60]
        theirs = X25519PublicKey.from_public_bytes(public)
        bound = _hash(bound, public)
        [chaining] = _derive(chaining, public, 1)
        [chaining] = _derive(chaining, ephemeral.exchange(theirs), 1)
        [chaining] = _derive(chaining, self._private.exchange(theirs), 1)
        chaining, temporary, key = _derive(chaining, _NO_SECRET, 3)
        _open(key, 0, empty, _hash(bound, temporary))
        self._send_key, self._receive_key = _derive(chaining, b"", 2)
