"""A network of its own for a test, and further ones beside it, without a process of their own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.lab.waiting import eventually

_NEW_MOUNTS = 0x0002_0000
_NEW_NETWORK = 0x4000_0000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextlib.contextmanager
def own_network() -> Iterator[None]:
    """This thread, and what it starts, has an empty network and an empty /run; WireGuard's programs end with it."""
    own = [os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in ("net", "mnt")]
    _check(_libc.unshare(_NEW_MOUNTS | _NEW_NETWORK))
    try:
        run("mount", "--make-rprivate", "/")
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "own", "/run")
        run("ip", "link", "set", "lo", "up")
        yield
        for socket in Path("/run/wireguard").glob("*.sock"):
            socket.unlink()  # which ends the program behind it
    finally:
        for namespace, kind in zip(own, (_NEW_NETWORK, _NEW_MOUNTS), strict=True):
            # A thread that has just ended still counts for a moment, and then there is no way back.
            eventually(lambda namespace=namespace, kind=kind: _libc.setns(namespace, kind) == 0)  # type: ignore[misc]
            os.close(namespace)


def add_network(name: str, number: int) -> None:
    """A further network, on a cable to this one: 192.0.2.1 and .2 of the /30 with that number."""
    base = f"198.18.{number}"
    run("ip", "netns", "add", name)
    run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "out", "netns", name)
    run("ip", "address", "add", f"{base}.1/24", "dev", f"to-{name}")
    run("ip", "link", "set", f"to-{name}", "up")
    with inside(name):
        run("ip", "link", "set", "lo", "up")
        run("ip", "address", "add", f"{base}.2/24", "dev", "out")
        run("ip", "link", "set", "out", "up")


@contextlib.contextmanager
def inside(name: str) -> Iterator[None]:
    """Do something in a further network."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(there, _NEW_NETWORK))
        try:
            yield
        finally:
            _check(_libc.setns(own, _NEW_NETWORK))
    finally:
        os.close(there)
        os.close(own)


def run(*words: str) -> str:
    """What a program prints; it has to succeed."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
