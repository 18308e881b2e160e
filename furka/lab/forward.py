"""The one link between the lab and this machine: the portal's port 80 in the lab leads to a port of our loopback.

The process holds a socket that listens in the lab while it lives itself outside. It ends with its standard input.
Called as

    python -m furka.lab.forward LISTENER PORT     (the number of an open socket, and a port of 127.0.0.1)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys

_AT_ONCE = 1 << 16


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, until its end; the end is passed on."""
    with contextlib.suppress(OSError):
        while data := await reader.read(_AT_ONCE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def forward(listener: socket.socket, port: int) -> None:
    """Lead every connection to 127.0.0.1 at that port, for ever. One that finds nobody there is closed."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
        finally:
            inner_writer.close()
            writer.close()

    server = await asyncio.start_server(connected, sock=listener)
    asyncio.get_running_loop().add_reader(0, _end_with_input)
    await server.serve_forever()


def _end_with_input() -> None:
    if not os.read(0, 1):
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(forward(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])))
