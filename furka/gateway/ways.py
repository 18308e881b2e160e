"""Carries out what `path` wants: opens and closes the line to the relay, and asks by UDP, beside the tunnel."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from furka.clock import monotonic, now
from furka.gateway.path import Path, Seen, Way, Wish
from furka.kernel.wireguard import PeerState
from furka.relay.line import Credential, Line, Target
from furka.relay.probe import Asker
from furka.relay.proxy import Proxy
from furka.wire.gateway import HubToReach, RelayToReach

_log = logging.getLogger(__name__)


class Ways:
    """The ways to one hub. `changed` is called, from another thread, when it is worth while to look again."""

    def __init__(self, private_key: str, proxy: Proxy | None, changed: Callable[[], None]) -> None:
        self._private_key = private_key
        self._proxy = proxy
        self._changed = changed
        self._path = Path(monotonic())
        self._wish = Wish(Way.UDP)
        self._line: Line | None = None
        self._asker: Asker | None = None
        self._answers = 0
        self._relay: RelayToReach | None = None
        self._told: tuple[str, datetime] | None = None

    @property
    def detour(self) -> str | None:
        """Where WireGuard has to send to instead of to the hub; None: to the hub."""
        return f"127.0.0.1:{self._line.port}" if self._wish.way is Way.TLS and self._line else None

    @property
    def again(self) -> float:
        """In how many seconds to look again."""
        return self._wish.again

    @property
    def trouble(self) -> str:
        """Why the relay can't be reached, while it is wanted."""
        return self._line.trouble if self._line is not None and not self._line.up else ""

    def told(self) -> tuple[str, datetime | None]:
        """The way that works, as the portal is told, and since when."""
        settled = self._path.settled
        if settled is None:
            return "", None
        word = f"{settled.way}-proxy" if settled.way is Way.TLS and self._proxy else str(settled.way)
        if self._told is None or self._told[0] != word:
            since = now() - timedelta(seconds=monotonic() - settled.since)
            self._told = word, since.replace(microsecond=0)
        return self._told

    def change_key(self, private_key: str) -> None:
        """The gateway shows itself to the relay by another key from now on."""
        self._private_key = private_key
        self._close_line()

    def use(self, relay: RelayToReach | None) -> None:
        """The relay as the portal says it is now."""
        moved = (relay is None) != (self._relay is None) or (
            relay is not None
            and self._relay is not None
            and (relay.endpoint, relay.certificate) != (self._relay.endpoint, self._relay.certificate)
        )
        self._relay = relay
        if moved:
            self._close_line()
        elif relay is not None and self._line is not None:
            self._line.renew(relay.ticket)

    def look(self, state: PeerState | None, fresh: bool, hub: HubToReach, wireguard_port: int) -> bool:
        """Look at the tunnel; returns whether it takes another way now."""
        line, before = self._line, self.detour
        seen = Seen(
            received=state.received_bytes if state else 0,
            sent=state.sent_bytes if state else 0,
            fresh=fresh,
            relay=self._relay is not None,
            line_up=line is not None and line.up and line.wireguard_port == wireguard_port,
            answers=self._count_answers(),
        )
        way = self._wish.way
        self._wish = self._path.look(monotonic(), seen)
        if self._wish.line and wireguard_port and self._relay is not None:
            self._open_line(self._relay, wireguard_port)
        elif not self._wish.line:
            self._close_line()
        if self._wish.ask:
            self._ask(hub.endpoint)
        if way is not self._wish.way:
            through = f" ({self._proxy.shown})" if self._proxy and self._wish.way is Way.TLS else ""
            _log.info("The tunnel takes another way: %s%s.", self._wish.way.upper(), through)
        return self.detour != before

    def close(self) -> None:
        """Leave nothing behind."""
        self._close_line()
        self._close_asker()

    def _open_line(self, relay: RelayToReach, wireguard_port: int) -> None:
        if self._line is not None and self._line.wireguard_port == wireguard_port:
            return
        self._close_line()
        host, _, port = relay.endpoint.rpartition(":")
        target = Target(host, int(port), relay.certificate, self._proxy)
        with contextlib.suppress(OSError):  # no port left: with the next look
            self._line = Line(
                target, Credential(relay.ticket, self._private_key), wireguard_port, self._changed
            )
            self._line.start()

    def _close_line(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(self, endpoint: str) -> None:
        host, _, port = endpoint.rpartition(":")
        if self._asker is None:
            with contextlib.suppress(OSError, ValueError):  # a name that can't be found now
                found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
                self._asker = Asker((str(found[0][4][0]), int(port)))
        if self._asker is not None:
            self._asker.ask()

    def _count_answers(self) -> int:
        """Of all questions so far; a socket that is not needed any more is given back."""
        if self._asker is None:
            return self._answers
        total = self._answers + self._asker.answers()
        if not self._wish.ask and self._wish.way is Way.UDP:
            self._answers = total
            self._close_asker()
        return total

    def _close_asker(self) -> None:
        if self._asker is not None:
            self._asker.close()
            self._asker = None
