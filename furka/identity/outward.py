"""How the portal asks an identity provider: over HTTPS, at public addresses (or in
networks that whoever runs the installation lists), briefly, and without following
wherever it is sent. The address was typed by somebody, so it must be no way into the network that the portal runs in.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

TIMEOUT = 8.0  # seconds
LARGEST_ANSWER = 256 * 1024


class NotAllowed(requests.RequestException):
    """The address, or what it answers, is not what a provider's may be."""


class PrivateAddress(NotAllowed):
    """The address lies in a network that this installation does not open to providers."""


class _NotThere(NewConnectionError):
    """A connection that went where none may go."""


def may_ask(url: str) -> bool:
    """Whether this is an address that a provider may have: HTTPS; on the machine of a portal that is itself only on
    its own machine, HTTP there too."""
    parts = urlsplit(url)
    if parts.username or parts.password or not parts.hostname:
        return False
    if parts.scheme == "https":
        return True
    return parts.scheme == "http" and settings.IDENTITY_LOOPBACK and _is_this_machine(parts.hostname)


def _is_this_machine(host: str) -> bool:
    return host in ("127.0.0.1", "localhost", "::1")


def is_closed(url: str) -> bool:
    """Whether the address itself, not a name, is one at which no provider may be; names are judged when asked."""
    try:
        return not _may_connect(urlsplit(url).hostname or "")
    except ValueError:
        return False


def _may_connect(address: str) -> bool:
    """Public addresses; private ones if whoever runs the installation lists their network."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    real = getattr(ip, "ipv4_mapped", None) or ip
    if real.is_loopback:
        return bool(settings.IDENTITY_LOOPBACK)
    return real.is_global or any(real in network for network in settings.IDENTITY_NETWORKS)


def _checked(connection: HTTPConnection, opened: socket.socket) -> socket.socket:
    """Judged by where the connection really went, so that a name that changes its address helps nobody."""
    if not _may_connect(opened.getpeername()[0]):
        opened.close()
        raise _NotThere(connection, "not a public address")
    return opened


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn())


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(self, super()._new_conn())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """With an authority, a certificate that it signed is believed, and no other."""

    def __init__(self, authority: str = "") -> None:
        self._authority = authority
        super().__init__()

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        super().cert_verify(conn, url, verify, cert)
        if self._authority:
            conn.ca_certs = conn.ca_cert_dir = None
            conn.conn_kw["ca_cert_data"] = self._authority

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class OutwardSession(requests.Session):
    """A session in which every question is asked in that way; `authority` is a provider's own, as PEM."""

    def __init__(self, authority: str = "") -> None:
        super().__init__()
        self.trust_env = False
        self.mount("https://", _Adapter(authority))
        self.mount("http://", _Adapter())

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if not may_ask(str(url)):
            raise NotAllowed("not an address of a provider")
        kwargs |= {"timeout": TIMEOUT, "allow_redirects": False, "stream": True}
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.ConnectionError as error:
            if any(isinstance(getattr(each, "reason", None), _NotThere) for each in error.args):
                raise PrivateAddress("not a public address") from error
            raise
        content = b""
        for part in response.iter_content(16 * 1024):
            content += part
            if len(content) > LARGEST_ANSWER:
                response.close()
                raise NotAllowed("the answer is too large")
        response._content = content
        if response.is_redirect:
            raise NotAllowed("the provider sends us elsewhere")
        return response
