"""Connections to devices: each page from its own source address, so that the kernel's doors count for it."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import aiohttp
from aiohttp import ClientTimeout

from furka.browse.pages import OpenPage

#: The web servers of devices take few connections at a time.
_MOST_CONNECTIONS = 12
_TIMEOUT = ClientTimeout(total=None, sock_connect=12, sock_read=300)
_LONGEST_LINE = 32 * 1024
_MOST_HEADERS = 200

Client = aiohttp.ClientSession


def old_devices() -> ssl.SSLContext:
    """TLS as old devices speak it, down to version 1.0 with certificates that nobody has signed.

    The tunnel protects the way to the plant; what matters at its end is that the page opens at all.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context


class Devices:
    """A client for each open page, closed with it."""

    def __init__(self) -> None:
        self._tls = old_devices()
        self._clients: dict[OpenPage, Client] = {}

    def client_of(self, page: OpenPage) -> Client:
        """Asks from the page's own address, and nobody else's; follows nothing, keeps no cookies, unpacks nothing."""
        found = self._clients.get(page)
        if found is None:
            connector = aiohttp.TCPConnector(
                local_addr=(str(page.page.address), 0),
                ssl=self._tls,
                limit=_MOST_CONNECTIONS,
                keepalive_timeout=5,
            )
            found = self._clients[page] = Client(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_TIMEOUT,
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                max_line_size=_LONGEST_LINE,
                max_field_size=_LONGEST_LINE,
                max_headers=_MOST_HEADERS,
            )
        return found

    async def part(self, is_over: Callable[[OpenPage], bool]) -> None:
        """Close the clients of pages that are over."""
        for page in [each for each in self._clients if is_over(each)]:
            await self._clients.pop(page).close()
