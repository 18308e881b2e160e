"""The gateway's end: one connection to the relay, made again whenever it breaks, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Thread

from furka.relay import heads
from furka.relay.certificate import client_context
from furka.relay.frames import NoDatagram, local_socket
from furka.relay.heads import NoHead
from furka.relay.proxy import Proxy, ProxyRefuses, open_directly, open_through
from furka.relay.streams import BACKLOG, Carrier, prepare
from furka.relay.tickets import NoTicket, prove

_log = logging.getLogger(__name__)

_LIMIT = 15.0  # seconds from nothing to a session
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_END_LIMIT = 3.0


class LineFailed(Exception):
    """No session comes about; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """The relay, and by which way it is reached."""

    host: str
    port: int
    certificate: str = ""  # the relay's own; empty: an authority that the system knows has signed it
    proxy: Proxy | None = None


@dataclass(slots=True)
class Credential:
    """What a gateway shows and proves. The ticket is renewed from time to time."""

    ticket: str
    private_key: str = field(repr=False)


class Line:
    """Keeps a session with a relay from `start` to `close`, and gives WireGuard a port on this machine to send to."""

    def __init__(
        self,
        target: Target,
        credential: Credential,
        wireguard_port: int,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.target = target
        self.wireguard_port = wireguard_port
        self.up = False
        self.trouble = ""
        self._credential = credential
        self._changed = changed
        self._udp = local_socket(wireguard_port)
        self.port: int = self._udp.getsockname()[1]
        self._thread = Thread(target=self._run, name="relay line", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def start(self) -> None:
        self._thread.start()

    def renew(self, ticket: str) -> None:
        """Show this ticket from the next connection on."""
        self._credential.ticket = ticket

    def close(self) -> None:
        """End the session and the thread."""
        self._closed = True
        self.up = False
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just ended by itself
                loop.call_soon_threadsafe(self._task.cancel)
        if self._thread.is_alive():
            self._thread.join(_END_LIMIT)
        self._udp.close()

    def _run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._live())

    async def _live(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._loop = asyncio.get_running_loop()
        pause = _FIRST_PAUSE
        while not self._closed:
            try:
                end = await self._session()
            except (LineFailed, ProxyRefuses, NoTicket, OSError, ValueError) as error:
                self._note(False, _reason(error))
            else:
                if self._closed:
                    end.break_off()
                    return
                self._note(True, "")
                pause = _FIRST_PAUSE
                try:
                    why = await end.gone
                finally:
                    end.break_off()
                self._note(False, why)
            await asyncio.sleep(pause * (0.75 + secrets.randbelow(50) / 100))
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _session(self) -> _Stream:
        """A session with the relay that has begun."""
        context = client_context(self.target.certificate)
        async with asyncio.timeout(_LIMIT):
            host, port = self.target.host, self.target.port
            if self.target.proxy is not None:
                connection = await open_through(self.target.proxy, host, port)
            else:
                connection = await open_directly(host, port)
            stream = _Stream(self._udp, host, self._credential)
            try:
                prepare(connection)
                await asyncio.get_running_loop().create_connection(
                    lambda: stream, sock=connection, ssl=context, server_hostname=host.strip("[]")
                )
                await stream.begun
            except BaseException:
                stream.break_off()
                connection.close()
                raise
        return stream

    def _note(self, up: bool, trouble: str) -> None:
        if (up, trouble) != (self.up, self.trouble) and not self._closed:
            self.up, self.trouble = up, trouble
            self._changed()


class _Stream(asyncio.Protocol):
    """One connection of the line."""

    def __init__(self, udp: socket.socket, host: str, credential: Credential) -> None:
        loop = asyncio.get_running_loop()
        self.begun: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[str] = loop.create_future()
        self._udp = udp
        self._host = host
        self._credential = credential
        self._shown = credential.ticket
        self._transport: asyncio.Transport | None = None
        self._carrier: Carrier | None = None
        self._asked = False
        self._head = bytearray()

    def break_off(self) -> None:
        """End it now."""
        if self._carrier is not None:
            self._carrier.pause()
        if self._transport is not None:
            self._transport.abort()
        if self.begun.done() and not self.begun.cancelled():
            self.begun.exception()  # it is known

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=BACKLOG)
        transport.write(heads.question(self._host, self._shown))

    def data_received(self, data: bytes) -> None:
        try:
            if self._carrier is not None:
                self._carrier.from_stream(data)
            else:
                self._head += data
                self._hear()
        except (LineFailed, NoDatagram, NoHead, NoTicket) as error:
            self._fail(LineFailed(str(error)))

    def pause_writing(self) -> None:
        if self._carrier is not None:
            self._carrier.pause()

    def resume_writing(self) -> None:
        if self._carrier is not None:
            self._carrier.listen()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._carrier is not None:
            self._carrier.pause()
        self._fail(LineFailed(f"the connection to the relay broke: {exc or 'it was closed'}"))

    def _hear(self) -> None:
        end = self._head.find(heads.END)
        if end < 0:
            if len(self._head) > heads.LONGEST:
                raise LineFailed("what answers is no relay")
            return
        head = heads.parse(bytes(self._head[:end]))
        rest = bytes(self._head[end + len(heads.END) :])
        self._head.clear()
        assert self._transport is not None
        if head.status == 401 and head.challenge() and not self._asked and not rest:
            self._asked = True
            proof = prove(self._credential.private_key, head.challenge(), self._shown)
            self._transport.write(heads.question(self._host, self._shown, proof))
        elif head.status == 101 and self._asked:
            self._carrier = Carrier(self._udp, self._transport.write)
            self._carrier.listen()
            self._carrier.from_stream(rest)
            self.begun.set_result(None)
        else:
            raise LineFailed(f"the relay refuses: {head.status} {head.first[2]}")

    def _fail(self, error: LineFailed) -> None:
        if not self.begun.done():
            self.begun.set_exception(error)
        if not self.gone.done():
            self.gone.set_result(str(error))
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()


def _reason(error: BaseException) -> str:
    """In one line, without what the other side could have put there at length."""
    if isinstance(error, TimeoutError):
        return "nobody answers"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the relay's certificate does not count: {error.verify_message}"
    return str(error).partition("\n")[0][:200]
