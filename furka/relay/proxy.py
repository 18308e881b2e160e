"""Through an HTTP proxy by CONNECT (RFC 9110, 9.3.6), with a login if it wants one (Basic, RFC 7617)."""

from __future__ import annotations

import asyncio
import base64
import socket
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from furka.relay import heads
from furka.relay.heads import NoHead

_USUAL_PORT = 3128


class ProxyRefuses(Exception):
    """The proxy does not let us through; the message says why."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy of the plant's network."""

    host: str
    port: int
    login: str = field(default="", repr=False)  # name:password

    @property
    def shown(self) -> str:
        """Where it is, without the login."""
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """From http://[name:password@]host[:port]. Raises ValueError, without repeating the password."""
        wrong = ValueError(
            "the proxy has to be written as http://host:port or http://name:password@host:port"
        )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise wrong from None
        if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/") or parts.query:
            raise wrong
        name, password = unquote(parts.username or ""), unquote(parts.password or "")
        if any(not letter.isprintable() for letter in name + password):
            raise wrong
        login = f"{name}:{password}" if parts.username is not None else ""
        return cls(parts.hostname, port or _USUAL_PORT, login)


async def open_through(proxy: Proxy, host: str, port: int) -> socket.socket:
    """A connection to there, made by the proxy. Raises ProxyRefuses, OSError."""
    loop = asyncio.get_running_loop()
    connection = await open_directly(proxy.host, proxy.port)
    try:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if proxy.login:
            shown = base64.b64encode(proxy.login.encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {shown}")
        await loop.sock_sendall(connection, "\r\n".join([*lines, "", ""]).encode("ascii"))
        head = await _head_from(connection)
    except BaseException:
        connection.close()
        raise
    if not 200 <= head.status < 300:
        connection.close()
        why = (
            "wants another login" if head.status == 407 else f"answers {head.status} {head.first[2]}".strip()
        )
        raise ProxyRefuses(f"the proxy {proxy.shown} {why}")
    return connection


async def open_directly(host: str, port: int) -> socket.socket:
    """A connection to there. Raises OSError."""
    loop = asyncio.get_running_loop()
    failed: OSError | None = None
    for family, kind, number, _, address in await loop.getaddrinfo(
        host.strip("[]"), port, type=socket.SOCK_STREAM
    ):
        connection = socket.socket(family, kind, number)
        try:
            connection.setblocking(False)
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failed = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failed or OSError(f"{host} has no address")


async def _head_from(connection: socket.socket) -> heads.Head:
    loop = asyncio.get_running_loop()
    raw = b""
    while heads.END not in raw:
        part = await loop.sock_recv(connection, heads.LONGEST)
        if not part or len(raw) > heads.LONGEST:
            raise ProxyRefuses("the proxy breaks off")
        raw += part
    head, _, rest = raw.partition(heads.END)
    if rest:
        raise ProxyRefuses("the proxy says more than it should")
    try:
        return heads.parse(head)
    except NoHead as error:
        raise ProxyRefuses("what answers is no HTTP proxy") from error
