"""What is said between the lab's first process inside and those who use it from outside.

Over a Unix socket that keeps messages apart (SOCK_SEQPACKET), JSON, with open files passed along (SCM_RIGHTS).
One connection stands for one process in the lab and lives as long as it:

| from outside | from inside |
|---|---|
| start: host, argv, env, folder, terminal; with three files | started: number of the process; or refused: why |
| signal: number | ended: exit code, negative after a signal |
| stop | (everything ends, so does the connection) |
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

SOCKET = "lab.sock"

_LARGEST = 1 << 17
_MOST_FILES = 3


class Message(TypedDict, total=False):
    """One message; which of these it carries says what it is."""

    start: str
    argv: list[str]
    env: dict[str, str]
    folder: str
    terminal: bool
    signal: int
    stop: bool
    started: int
    refused: str
    ended: int
    ready: bool


def new_socket() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def new_pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(line: socket.socket, message: Message, files: Sequence[int] = ()) -> None:
    """Send one message; OSError if nobody is there."""
    socket.send_fds(line, [json.dumps(message).encode()], list(files))


def receive(line: socket.socket) -> tuple[Message | None, list[int]]:
    """The next message and the files that came with it; None when the other side has gone."""
    try:
        text, files, _, _ = socket.recv_fds(line, _LARGEST, _MOST_FILES)
    except ConnectionError:
        return None, []
    if not text:
        return None, files
    message: Message = json.loads(text)
    return message, files


@contextlib.contextmanager
def path_of(home: Path) -> Iterator[str]:
    """A short name for the socket in that folder: the kernel takes no more than 107 characters."""
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)
