"""A whole installation of its own for a test: `furka up --lab` in a temporary folder, on either database."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg

from furka import clock
from furka.kernel.wireguard import generate_private_key, public_key_of
from furka.lab.running import RunningLab
from tests.installed import as_installed

START_LIMIT = 240.0


def wait_for(what: str, condition: Callable[[], bool], limit: float = 30, pause: float = 0.05) -> None:
    """Until the condition holds; a failed test with its name if it never does."""
    end = clock.monotonic() + limit
    while not condition():
        assert clock.monotonic() < end, f"not within {limit:.0f} s: {what}"
        time.sleep(pause)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
        return True
    return False


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """The address of an empty database: a new one on the PostgreSQL of the test run, else "" for SQLite."""
    server = os.environ.get("FURKA_DATABASE_URL", "")
    if not server:
        yield ""
        return
    name = f"thread_{os.getpid()}_{free_port()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


class Installation:
    """Everything that `furka up --lab` started."""

    def __init__(self, home: Path, port: int, program: subprocess.Popen[bytes]) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self.program = program
        self.lab = RunningLab(home / "lab")

    def mails(self) -> str:
        """The page of the outbox."""
        with urllib.request.urlopen(f"{self.url}/outbox/", timeout=10) as page:
            text: str = page.read().decode()
            return text

    def link_in_mail(self, pattern: str) -> str:
        """The newest link of that kind."""
        wait_for(f"a mail with {pattern}", lambda: re.search(pattern, self.mails()) is not None, 15)
        return re.findall(pattern, self.mails())[0]  # type: ignore[no-any-return]

    def children(self) -> dict[str, int]:
        """The processes of portal and worker, by name."""
        listed = subprocess.run(
            ["ps", "--ppid", str(self.program.pid), "-o", "pid=,args="],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = {}
        for line in listed.splitlines():
            number, _, command = line.strip().partition(" ")
            if "granian" in command or " portal " in command:
                found["portal"] = int(number)
            elif " worker" in command:
                found["worker"] = int(number)
        return found

    def kill_portal_and_worker(self) -> None:
        """Kill both with all their processes; what started them would start them again, unless it is stopped."""
        for number in self.children().values():
            os.killpg(number, signal.SIGKILL)

    def find_in_lab(self, words: str) -> int | None:
        """The number, as this machine sees it, of the lab's process with these words in its command line."""
        out = subprocess.run(["pgrep", "-f", words], capture_output=True, text=True, check=False).stdout
        mine = [int(number) for number in out.split() if self._is_mine(int(number))]
        assert len(mine) <= 1, (words, mine)
        return mine[0] if mine else None

    def wait_until_answers(self) -> None:
        """Until the portal can be asked."""
        wait_for("the portal answers", lambda: _answers(f"{self.url}/account/login/"), 60)

    def _is_mine(self, number: int) -> bool:
        with contextlib.suppress(OSError):
            return str(self.home).encode() in Path(f"/proc/{number}/cmdline").read_bytes()
        return False


@contextlib.contextmanager
def installation(home: Path, *options: str) -> Iterator[Installation]:
    """Start everything, wait until the lab is up, and end it as a person would (Ctrl-C)."""
    port = free_port()
    with own_database() as database:
        as_installed(home / "furka", tables=not database)
        log = home / "up.log"
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "FURKA_DATABASE_URL": database}
        for name in ("FURKA_HOME", "FURKA_URL", "DJANGO_SETTINGS_MODULE"):
            env.pop(name, None)
        arguments = ["up", "--home", str(home / "furka"), "--port", str(port), "--lab", *options]
        with log.open("wb") as out:
            program = subprocess.Popen(
                [sys.executable, "-m", "furka.cli", *arguments], stdout=out, stderr=out, env=env
            )
        try:
            wait_for(
                f"everything is up\n{log.read_text()}",
                lambda: "Ctrl-C ends everything" in log.read_text() or program.poll() is not None,
                START_LIMIT,
            )
            assert "The lab is up" in log.read_text(), log.read_text()
            yield Installation(home / "furka", port, program)
        finally:
            if program.poll() is None:
                program.send_signal(signal.SIGINT)
            program.wait(60)


class Api:
    """A person who is logged in and calls the REST API with the session of their browser."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=20, trust_env=False, headers={"Origin": url})
        page = self._http.get("/account/login/").text
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[:1]
        form = {"login": email, "password": password, "csrfmiddlewaretoken": token}
        answer = self._http.post("/account/login/", data=form)
        assert answer.status_code == 302, answer.text
        self._http.headers["X-CSRFToken"] = self._http.cookies["csrftoken"]
        self._http.base_url = f"{url}/api/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        """The answer to a question."""
        response = self._http.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, **body: Any) -> Any:
        """The answer to a change."""
        response = self._http.post(path, json=body)
        assert response.status_code in (200, 201, 204), response.text
        return response.json() if response.content else None

    def patch(self, path: str, **body: Any) -> None:
        """Change something."""
        response = self._http.patch(path, json=body)
        assert response.status_code == 200, response.text

    def delete(self, path: str) -> None:
        """Take something away."""
        response = self._http.delete(path)
        assert response.status_code in (200, 204), response.text


def iso(moment: datetime) -> str:
    """A moment as the API takes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Transfer:
    """A transfer that goes on from a heating controller to a host of the lab, one numbered line every 10 ms."""

    def __init__(self, lab: RunningLab, host: str, address: str, log: Path) -> None:
        self.log = log
        log.touch()
        url = f"http://{address}/stream"
        self._process = lab.spawn(host, ["curl", "--silent", "--no-buffer", url], log=log)
        wait_for("the transfer runs", lambda: self.size > 500, 20)

    @property
    def size(self) -> int:
        """How many bytes have arrived."""
        return self.log.stat().st_size

    def runs(self, within: float = 1.0) -> bool:
        """Whether more arrives."""
        before, end = self.size, clock.monotonic() + within
        while clock.monotonic() < end:
            if self.size > before:
                return True
            time.sleep(0.01)
        return False

    def last_arrival(self, quiet: float = 1.5, limit: float = 60) -> float:
        """The moment (seconds of the monotonic clock) after which nothing arrived for `quiet` seconds."""
        seen, at = self.size, clock.monotonic()
        begin = at
        while clock.monotonic() - at < quiet:
            if self.size != seen:
                seen, at = self.size, clock.monotonic()
            assert at - begin < limit, "the transfer goes on"
            time.sleep(0.001)
        return at

    def stop(self) -> None:
        """End the program that receives."""
        self._process.kill()


def key_pair() -> tuple[str, str]:
    """A private and a public key of WireGuard."""
    private = generate_private_key()
    return private, public_key_of(private)


def opens(lab: RunningLab, host: str, address: str, limit: float = 2) -> bool:
    """Whether a host of the lab gets the page of that address."""
    argv = ["curl", "--silent", "--output", "/dev/null", "--max-time", str(limit), f"http://{address}/"]
    return lab.run(host, argv).returncode == 0
