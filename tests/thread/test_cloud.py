"""Each part of the cloud is killed in turn; what page, incident, mails and the watcher outside say, and when.

Looks are made every two seconds here. What was seen is printed as a table.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from furka import clock
from furka.cli.logins import PASSWORD
from tests.outbox.sink import Sink
from tests.thread.installation import Api, Installation, installation, wait_for

pytestmark = [pytest.mark.lab, pytest.mark.long]

ONCALL = "oncall@example.org"


class MailServer:
    """Can be killed, and comes back at the same port."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self._sink = Sink()
        self.url = self._sink.url
        self._port: int = self._sink.server_address[1]
        self._run()

    def _run(self) -> None:
        threading.Thread(target=self._sink.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def kill(self) -> None:
        self.told()
        self._sink.shutdown()
        self._sink.server_close()

    def come_back(self) -> None:
        self._sink = Sink(self._port)
        self._run()

    def told(self) -> list[str]:
        """The subjects of all mails to whoever is on call."""
        self.mails += [str(mail["Subject"]) for mail in self._sink.mails if ONCALL in str(mail["To"])]
        self._sink.mails.clear()
        return self.mails


class Cloud:
    """An installation, its mail server, and a watcher outside."""

    def __init__(self, there: Installation, mail: MailServer, page: Path, database: str) -> None:
        self.there, self.mail, self.page, self.database = there, mail, page, database
        self.rita = Api(there.url, "rita@example.org", PASSWORD)
        self.seen: list[str] = []

    def state(self) -> dict[str, Any]:
        """What the portal says to everybody; empty while it says nothing."""
        with suppress(httpx.HTTPError):
            answer = httpx.get(f"{self.there.url}/api/v1/status", timeout=5)
            if answer.status_code == 200:
                return dict(answer.json())
        return {}

    def part(self, kind: str) -> str:
        """How a part stands, as the portal says it."""
        return next(
            (str(part["state"]) for part in self.state().get("parts", []) if part["kind"] == kind), ""
        )

    def outside(self, name: str) -> str:
        """How a part stands, as the watcher outside has published it."""
        content = json.loads((self.page / "status.json").read_text())
        return next((str(part["state"]) for part in content["parts"] if part["name"] == name), "")

    def incidents(self, kind: str) -> list[dict[str, Any]]:
        """The incidents of that kind of part, the newest first."""
        items = self.rita.get("/cloud/incidents?limit=200")["items"]
        return [each for each in items if any(part["part"].startswith(kind) for part in each["parts"])]

    def note(self, what: str, begin: float) -> None:
        self.seen.append(f"{clock.monotonic() - begin:6.1f} s  {what}")

    @contextmanager
    def nobody_restarts(self) -> Iterator[None]:
        """What keeps programs running stands still."""
        os.kill(self.there.program.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.there.program.pid, signal.SIGCONT)

    def wait(self, what: str, condition: Callable[[], bool], begin: float, limit: float = 150) -> None:
        wait_for(what, condition, limit, 0.3)
        self.note(what, begin)


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    mail = MailServer()
    for name, value in {
        "MAIL_URL": mail.url,
        "ALARM_MAIL": ONCALL,
        "LOOK_EVERY": "2",
        "PUBLIC_STATUS": "yes",
    }.items():
        monkeypatch.setenv(f"FURKA_{name}", value)
    with installation(tmp_path, "--sample") as there:
        page = tmp_path / "page"
        options = ["--store", str(tmp_path / "watch.sqlite3"), "--folder", str(page), "--every", "2"]
        command = [sys.executable, "-m", "furka.cli", "watch", "--portal", there.url, *options]
        with (tmp_path / "watch.log").open("wb") as log:
            watcher = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            environment = Path(f"/proc/{there.program.pid}/environ").read_bytes().split(b"\0")
            database = next(
                (each.decode()[19:] for each in environment if each.startswith(b"FURKA_DATABASE_URL=")), ""
            )
            wait_for("the watcher has published", (page / "status.json").exists, 30)
            yield Cloud(there, mail, page, database.lstrip("="))
        finally:
            watcher.terminate()
            watcher.wait(20)


def test_each_part_is_killed_in_turn(cloud: Cloud) -> None:
    wait_for("all works", lambda: cloud.state().get("state") in ("ok", "weak"), 120)
    wait_for("the hub has tried its own way", lambda: "canary" in str(cloud.state()), 120)
    assert cloud.incidents("") == [], cloud.incidents("")
    for name, kill in (
        ("portal", _portal),
        ("worker", _worker),
        ("hub program", _hub),
        ("WireGuard", _wireguard),
        ("mail server", _mail),
        ("database", _database),
    ):
        cloud.seen.append(f"-- {name}")
        try:
            kill(cloud)
        finally:
            print("\n".join(cloud.seen))  # noqa: T201  # what this test is for
            cloud.seen.clear()
        wait_for(
            f"nothing goes on after {name}",
            lambda: all(each["ended_at"] for each in cloud.incidents("")) and cloud.state()["state"] != "bad",
            150,
        )


def _portal(cloud: Cloud) -> None:
    begin = clock.monotonic()
    with cloud.nobody_restarts():
        os.killpg(cloud.there.children()["portal"], signal.SIGKILL)
        cloud.wait("outside: the portal does not work", lambda: cloud.outside("portal") == "bad", begin)
        page = (cloud.page / "index.html").read_text()
        assert "Ein Teil der Cloud ist ausgefallen." in page
        cloud.wait("a mail came", lambda: "Störung: Portal" in cloud.mail.told(), begin)
    cloud.there.wait_until_answers()
    cloud.wait("the portal says that it works", lambda: cloud.part("portal") == "ok", begin)
    cloud.wait("a mail came that it works", lambda: "Funktioniert wieder: Portal" in cloud.mail.told(), begin)
    [incident] = cloud.incidents("portal")
    assert incident["ended_at"]


def _worker(cloud: Cloud) -> None:
    begin = clock.monotonic()
    with cloud.nobody_restarts():
        os.killpg(cloud.there.children()["worker"], signal.SIGKILL)
        cloud.wait("the page says that nobody knows", lambda: cloud.state().get("state") == "unknown", begin)
        cloud.wait("outside: nobody looks after it", lambda: cloud.outside("worker") == "bad", begin)
        assert cloud.outside("portal") == "ok"
    cloud.wait("it looks again", lambda: cloud.state().get("state") not in ("", "unknown"), begin)
    cloud.wait("it is noted afterwards", lambda: len(cloud.incidents("worker")) == 1, begin)
    cloud.wait("a mail came", lambda: "Funktioniert wieder: Hintergrundarbeit" in cloud.mail.told(), begin)


def _hub(cloud: Cloud) -> None:
    begin, before = clock.monotonic(), len(cloud.incidents(""))
    with cloud.nobody_restarts():
        number = cloud.there.find_in_lab("furka hub run")
        assert number is not None
        os.kill(number, signal.SIGKILL)
        cloud.wait("the hub does not work", lambda: cloud.part("hub") == "bad", begin)
        touched = cloud.rita.get("/cloud")["touched"]
        assert touched["number"] >= 1
        cloud.note(f"Rita is told of {touched['number']} of her sites", begin)
        cloud.wait("a mail came", lambda: any("Störung: Hub" in each for each in cloud.mail.told()), begin)
    cloud.wait("the hub works", lambda: cloud.part("hub") == "ok", begin)
    assert len(cloud.incidents("")) == before + 1, "one alarm for all of it"


def _wireguard(cloud: Cloud) -> None:
    begin = clock.monotonic()
    before = len(cloud.incidents("hub"))
    number = cloud.there.find_in_lab("wireguard-go furka-hub") or _wireguard_of_hub()
    if number is None:
        cloud.note("the kernel carries the tunnels here: there is no process to kill", begin)
        return
    os.kill(number, signal.SIGKILL)
    cloud.wait(
        "the hub's tunnels do not work, or were made anew",
        lambda: len(cloud.incidents("hub")) > before or clock.monotonic() - begin > 100,
        begin,
    )
    cloud.wait("the hub works", lambda: cloud.part("hub") == "ok", begin)


def _wireguard_of_hub() -> int | None:
    out = subprocess.run(
        ["pgrep", "-f", "wireguard-go.*furka-hub"], capture_output=True, text=True, check=False
    )
    numbers = [int(each) for each in out.stdout.split()]
    return numbers[0] if len(numbers) == 1 else None


def _mail(cloud: Cloud) -> None:
    begin = clock.monotonic()
    cloud.mail.kill()
    cloud.wait("mail does not work", lambda: cloud.part("mail") == "bad", begin)
    cloud.mail.come_back()
    cloud.wait("mail works", lambda: cloud.part("mail") == "ok", begin)
    cloud.wait("the mail that waited came", lambda: "Störung: E-Mail" in cloud.mail.told(), begin, 300)


def _database(cloud: Cloud) -> None:
    begin = clock.monotonic()
    if not cloud.database:
        base = cloud.there.home / "furka.db"
        assert sqlite3.connect(base).execute("SELECT 1").fetchone() == (1,)
        cloud.note("SQLite has no process to kill", begin)
        return
    server, name = os.environ["FURKA_DATABASE_URL"], cloud.database.rpartition("/")[2]
    with psycopg.connect(server, autocommit=True) as root:
        root.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        root.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        try:
            cloud.wait("outside: the portal does not work", lambda: cloud.outside("portal") == "bad", begin)
            cloud.note("the portal itself says nothing", begin)
            assert cloud.state() == {}
        finally:
            root.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    cloud.wait("the portal answers", lambda: bool(cloud.state()), begin)
    cloud.wait("the incident is told afterwards", lambda: len(cloud.incidents("database")) == 1, begin)
    cloud.wait("a mail came", lambda: "Störung: Datenbank" in cloud.mail.told(), begin)
