"""A relay on this machine's loopback, with a WireGuard port that answers in capitals, and gateways that come to it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Self

from furka.clock import now
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.relay import certificate, tickets
from furka.relay.folder import Known
from furka.relay.limits import Limits
from furka.relay.line import Credential, Line, Target
from furka.relay.proxy import Proxy
from furka.relay.server import Relay, Setting

HUB = "hub-1"


class Shouting:
    """A UDP port of this machine that answers in capitals, and remembers what it heard."""

    def __init__(self) -> None:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._udp.settimeout(0.05)
        self.port: int = self._udp.getsockname()[1]
        self.heard: list[bytes] = []
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                datagram, source = self._udp.recvfrom(4096)
                self.heard.append(datagram)
                self._udp.sendto(datagram.upper(), source)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._udp.close()


@dataclass
class Beside:
    """A relay that runs, and what one needs to come to it."""

    relay: Relay
    hub: Shouting
    port: int
    certificate: str
    seed: bytes

    def ticket(self, public_key: str, hub: str = HUB) -> str:
        return tickets.sign(self.seed, hub, public_key, now())

    def credential(self) -> Credential:
        """Of a new gateway."""
        private = generate_private_key()
        return Credential(self.ticket(public_key_of(private)), private)

    def target(self, proxy: Proxy | None = None) -> Target:
        return Target("127.0.0.1", self.port, self.certificate, proxy)


@contextlib.contextmanager
def a_relay(folder: Path, limits: Limits | None = None, port: int = 0) -> Iterator[Beside]:
    """A relay in a thread of its own."""
    seed = secrets.token_bytes(32)
    chain, key = certificate.own(folder, "127.0.0.1", now())
    listener = socket.create_server(("127.0.0.1", port))
    loop = asyncio.new_event_loop()
    with Shouting() as hub:
        setting = Setting(
            hub.port,
            lambda: Known(hub=HUB, ticket_keys=(tickets.key_of(seed),)),
            certificate.server_context(chain, key),
            limits or Limits(),
        )
        relay = Relay(setting)
        over = asyncio.Event()

        async def live() -> None:
            serving = asyncio.create_task(relay.serve(listener))
            await over.wait()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            while relay.admission.connected:
                await asyncio.sleep(0.01)

        def run() -> None:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(live())

        thread = Thread(target=run, daemon=True)
        thread.start()
        try:
            yield Beside(relay, hub, listener.getsockname()[1], chain.read_text(), seed)
        finally:
            loop.call_soon_threadsafe(over.set)
            thread.join()


@contextlib.contextmanager
def a_line(target: Target, credential: Credential, wireguard: socket.socket) -> Iterator[Line]:
    """A gateway's line whose WireGuard is that socket."""
    line = Line(target, credential, wireguard.getsockname()[1])
    line.start()
    wireguard.connect(("127.0.0.1", line.port))
    try:
        yield line
    finally:
        line.close()


@contextlib.contextmanager
def wireguard() -> Iterator[socket.socket]:
    """What stands for the gateway's WireGuard: a UDP socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(5)
        yield udp
