"""A portal of its own to take pictures of: the sample on a loopback address, with gateways that seem to be online."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from furka.cli.django import prepare, start
from furka.cli.logins import PASSWORD

ROOT = Path(__file__).resolve().parents[2]
#: How long the portal may take until it answers, in seconds.
_START = 90.0


@dataclass(frozen=True)
class Stage:
    """Where the portal is, with which password people log in, and the words for the addresses of scenes."""

    url: str
    password: str
    words: dict[str, str] = field(default_factory=dict)


@contextmanager
def stage() -> Iterator[Stage]:
    """The portal, for as long as the block runs."""
    with TemporaryDirectory(prefix="furka-pictures-") as folder:
        home, port = Path(folder), _free_port()
        url = f"http://127.0.0.1:{port}"
        os.environ.update(FURKA_URL=url, FURKA_OUTBOX_PAGE="yes")
        start(home)
        prepare()
        past = importlib.import_module("scripts.pictures.past")  # it needs Django, which has just been set up
        words = past.tell()
        log, ended = home / "portal.log", threading.Event()
        command = [sys.executable, "-m", "furka.cli", "portal", "--home", str(home), "--port", str(port)]
        with log.open("w") as output:
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(url, process, log)
            threading.Thread(target=past.keep_hub_alive, args=(ended,), daemon=True).start()
            yield Stage(url, PASSWORD, words)
        finally:
            ended.set()
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(f"{url}/account/login/", timeout=10)
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"the portal did not start:\n{log.read_text()[-3000:]}")
