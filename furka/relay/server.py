"""The hub's end: takes TLS connections, lets gateways in that have a ticket, and carries their datagrams."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from furka.clock import monotonic, now
from furka.relay import heads
from furka.relay.folder import Known
from furka.relay.frames import NoDatagram, local_socket
from furka.relay.heads import Head, NoHead
from furka.relay.limits import Admission, Limits
from furka.relay.probe import Answerer
from furka.relay.streams import BACKLOG, Carrier, prepare
from furka.relay.tickets import Challenge, NoTicket, Ticket, read

_log = logging.getLogger(__name__)

_SWEEP = 5.0  # seconds between looks for sessions that are silent
_QUEUE = 512


@dataclass(frozen=True, slots=True)
class Setting:
    """How a relay was started."""

    wireguard_port: int  # on this machine's loopback: the only place that anything is carried to
    known: Callable[[], Known | None]  # whose tickets count now
    tls: ssl.SSLContext
    limits: Limits = field(default_factory=Limits)


class Relay:
    """All sessions of one relay."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.admission = Admission(setting.limits, monotonic)
        self.sessions: dict[str, Session] = {}  # public key of the gateway → its one session
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket, probes: socket.socket | None = None) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        listener.listen(_QUEUE)
        answerer = None
        if probes is not None:
            answerer, _ = await loop.create_datagram_endpoint(lambda: Answerer(monotonic), sock=probes)
        sweeper = asyncio.create_task(self._sweep())
        try:
            while True:
                try:
                    connection, address = await loop.sock_accept(listener)
                except OSError as error:  # out of files: those that are open go on
                    _log.warning("A connection can't be taken: %s", error)
                    await asyncio.sleep(0.5)
                    continue
                if not self.admission.come(address[0]):
                    connection.close()
                    continue
                task = asyncio.create_task(self._begin(connection, address[0]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            sweeper.cancel()
            listener.close()
            if answerer is not None:
                answerer.close()
            for session in list(self.sessions.values()):
                session.end()

    def ticket(self, text: str, at: datetime) -> Ticket:
        """The ticket that the text is. Raises NoTicket."""
        known = self.setting.known()
        if known is None:
            raise NoTicket("the hub has not said yet whose tickets count")
        return read(text, known.ticket_keys, known.hub, at)

    def take_in(self, session: Session, gateway: str) -> bool:
        """A gateway has proved itself; an older session of its own makes room for it."""
        older = self.sessions.pop(gateway, None)
        if older is not None:
            older.end()
        if not self.admission.become_known(len(self.sessions)):
            return False
        self.sessions[gateway] = session
        return True

    def let_go(self, session: Session, source: str) -> None:
        """A session or a connection has ended."""
        self.admission.leave(source, known=session.gateway is not None)
        if session.gateway is not None and self.sessions.get(session.gateway) is session:
            del self.sessions[session.gateway]

    async def _begin(self, connection: socket.socket, source: str) -> None:
        """TLS first; whoever does not manage it in time is gone."""
        loop = asyncio.get_running_loop()
        session = Session(self, source)
        try:
            prepare(connection)
            await loop.connect_accepted_socket(
                lambda: session,
                connection,
                ssl=self.setting.tls,
                ssl_handshake_timeout=self.setting.limits.head_seconds,
                ssl_shutdown_timeout=1.0,
            )
        except OSError:
            connection.close()
        finally:
            if not session.began:
                self.admission.leave(source, known=False)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP)
            oldest = monotonic() - self.setting.limits.idle_seconds
            for session in [one for one in self.sessions.values() if one.heard_at < oldest]:
                session.end()


class Session(asyncio.Protocol):
    """One connection: a head, the proof, then datagrams."""

    def __init__(self, relay: Relay, source: str) -> None:
        self._relay = relay
        self._source = source
        self.began = False
        self.gateway: str | None = None  # once it has proved who it is
        self.heard_at = monotonic()
        self._head = bytearray()
        self._asked: tuple[str, Ticket, Challenge] | None = None
        self._udp: socket.socket | None = None
        self._carrier: Carrier | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.began = True
        self._transport = transport
        transport.set_write_buffer_limits(high=BACKLOG)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._relay.setting.limits.head_seconds, self.end)

    def data_received(self, data: bytes) -> None:
        self.heard_at = monotonic()
        if self._carrier is not None:
            self._carry(data)
            return
        self._head += data
        end = self._head.find(heads.END)
        if end > heads.LONGEST or (end < 0 and len(self._head) > heads.LONGEST):
            self._refuse(431, "Request Header Fields Too Large")
            return
        if end >= 0 and not self._transport.is_closing():
            raw, rest = bytes(self._head[:end]), bytes(self._head[end + len(heads.END) :])
            self._head.clear()
            self._hear(raw, rest)

    def pause_writing(self) -> None:
        if self._carrier is not None:
            self._carrier.pause()

    def resume_writing(self) -> None:
        if self._carrier is not None and self._udp is not None:
            self._carrier.listen()

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        if self._carrier is not None:
            self._carrier.pause()
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        self._relay.let_go(self, self._source)

    def end(self) -> None:
        """Break it off; what waits to be sent is not waited for."""
        self._transport.abort()

    def _hear(self, raw: bytes, rest: bytes) -> None:
        try:
            head = heads.parse(raw)
        except NoHead:
            self._refuse(400, "Bad Request")
            return
        if not head.asks_for_relay:
            self._refuse(404, "Not Found")
            return
        try:
            self._admit(head, rest)
        except NoTicket as error:
            _log.info("A ticket shown from %s does not count: %s", self._source, error)
            self._refuse(403, "Forbidden")

    def _admit(self, head: Head, rest: bytes) -> None:
        text, proof = head.credentials()
        if self._asked is None:
            challenge = Challenge()
            self._asked = text, self._relay.ticket(text, now()), challenge
            self._transport.write(heads.ask_for_proof(challenge.text))
            return
        shown, ticket, challenge = self._asked
        if text != shown or not challenge.is_met_by(proof, text, ticket.gateway):
            raise NoTicket("it is not proved whose it is")
        if not self._relay.take_in(self, ticket.gateway):
            self._refuse(503, "Service Unavailable")
            return
        self.gateway = ticket.gateway
        self._deadline.cancel()
        try:
            self._udp = local_socket(self._relay.setting.wireguard_port)
        except OSError as error:
            _log.warning("A session can't begin: %s", error)
            self.end()
            return
        self._transport.write(heads.welcome())
        self._carrier = Carrier(self._udp, self._transport.write)
        self._carrier.listen()
        if rest:
            self._carry(rest)

    def _carry(self, data: bytes) -> None:
        try:
            if self._carrier is not None and self._udp is not None:
                self._carrier.from_stream(data)
        except NoDatagram:
            self.end()

    def _refuse(self, status: int, words: str) -> None:
        if not self._transport.is_closing():
            with contextlib.suppress(OSError):
                self._transport.write(heads.refusal(status, words))
            self._transport.close()
