"""Answers questions for names of plants at the hub's address in the tunnel: to everybody only what they may reach.

It knows nothing else: what is foreign is refused, nothing is asked further. It runs in a thread of its own and asks the
program, which knows the doors, for every single question.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from asyncio import DatagramProtocol, DatagramTransport, StreamReader, StreamWriter
from collections import Counter
from collections.abc import Callable
from ipaddress import IPv4Address
from threading import Thread

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from furka.hub.names import Answer, Found
from furka.plan.names import DOMAIN

log = logging.getLogger(__name__)

PORT = 53

#: Seconds for which an answer may be kept: an access that ends is not known for longer.
TTL = 5

_SOA = f"ns.{DOMAIN}. nobody.{DOMAIN}. 1 3600 600 86400 {TTL}"
_PATIENCE = 5.0  # seconds a connection may be silent
_CONNECTIONS = 64
_CONNECTIONS_EACH = 4
_LARGEST_UDP = 512
_IP_FREEBIND = 15  # Linux: bind an address that is still to come

#: What somebody at a tunnel address is told about a name; None while nothing is known yet.
LookUp = Callable[[IPv4Address, str], Answer | None]


def respond(wire: bytes, asker: IPv4Address, look_up: LookUp) -> bytes | None:
    """The answer to one question, both as they go over the line; None for what is no question."""
    try:
        query = dns.message.from_wire(wire)
        if query.flags & dns.flags.QR:
            return None
        response = dns.message.make_response(query, recursion_available=False)
    except dns.exception.DNSException:
        return None
    response.set_rcode(_answer(query, response, asker, look_up))
    return response.to_wire()


def _answer(
    query: dns.message.Message, response: dns.message.Message, asker: IPv4Address, look_up: LookUp
) -> dns.rcode.Rcode:
    if query.opcode() != dns.opcode.QUERY:
        return dns.rcode.NOTIMP
    if len(query.question) != 1:
        return dns.rcode.FORMERR
    [question] = query.question
    if question.rdclass != dns.rdataclass.IN:
        return dns.rcode.REFUSED
    answer = look_up(asker, question.name.to_text(omit_final_dot=True))
    if answer is None:
        return dns.rcode.SERVFAIL
    if answer.found is Found.FOREIGN:
        return dns.rcode.REFUSED
    response.flags |= dns.flags.AA
    if answer.address is not None and question.rdtype in (dns.rdatatype.A, dns.rdatatype.ANY):
        response.answer.append(dns.rrset.from_text(question.name, TTL, "IN", "A", str(answer.address)))
    else:
        response.authority.append(dns.rrset.from_text(f"{DOMAIN}.", TTL, "IN", "SOA", _SOA))
    return dns.rcode.NXDOMAIN if answer.found is Found.UNKNOWN else dns.rcode.NOERROR


class Resolver:
    """Answers at one address, which may be another one later."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._address: IPv4Address | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open_at(self, address: IPv4Address) -> None:
        """Answer there from now on, and nowhere else. Raises OSError if that is not possible."""
        if address == self._address:
            return
        self.close()
        lines = []
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                line = socket.socket(socket.AF_INET, kind)
                lines.append(line)
                line.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
                line.setblocking(False)
                line.bind((str(address), PORT))
        except OSError:
            for line in lines:
                line.close()
            raise
        loop = asyncio.new_event_loop()
        Thread(target=_run, args=(loop, *lines, self._look_up), name="names", daemon=True).start()
        self._address, self._loop = address, loop

    def close(self) -> None:
        """Answer no more."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._address = self._loop = None


def _run(
    loop: asyncio.AbstractEventLoop, datagrams: socket.socket, streams: socket.socket, look_up: LookUp
) -> None:
    connections = _Connections(look_up)
    try:
        loop.run_until_complete(loop.create_datagram_endpoint(lambda: _Datagrams(look_up), sock=datagrams))
        loop.run_until_complete(asyncio.start_server(connections.serve, sock=streams, backlog=32))
        loop.run_forever()
    except Exception:
        log.exception("Names are no longer answered")
    finally:
        datagrams.close()
        streams.close()


class _Datagrams(DatagramProtocol):
    """A question and an answer are one datagram each."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._transport: DatagramTransport | None = None

    def connection_made(self, transport: DatagramTransport) -> None:  # type: ignore[override]  # that is what it is
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = respond(data, IPv4Address(addr[0]), self._look_up)
        if answer is not None and len(answer) <= _LARGEST_UDP and self._transport is not None:
            self._transport.sendto(answer, addr)


class _Connections:
    """Over TCP each question and each answer has its length before it (RFC 7766)."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._open: Counter[str] = Counter()

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        asker: str = writer.get_extra_info("peername")[0]
        if self._open.total() >= _CONNECTIONS or self._open[asker] >= _CONNECTIONS_EACH:
            writer.close()
            return
        self._open[asker] += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                while (length := int.from_bytes(await reader.readexactly(2))) > 0:
                    answer = respond(await reader.readexactly(length), IPv4Address(asker), self._look_up)
                    if answer is None:
                        return
                    writer.write(len(answer).to_bytes(2) + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, OSError):
            pass
        finally:
            self._open[asker] -= 1
            if not self._open[asker]:
                del self._open[asker]
            writer.close()
