"""The watcher goes on, and publishes, while the portal is down."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from furka.probes.found import Found, Level
from furka.watch.commands import watch
from furka.watch.page import publish
from furka.watch.program import Alarm, Setting, Watcher, letter
from furka.watch.store import Store
from furka.watch.texts import LANGUAGES, TEXTS
from tests.world import NOW

EVERY = timedelta(seconds=30)


class Portal:
    """Answers as the portal does: its health, or nothing at all."""

    def __init__(self) -> None:
        self.statuses = {"/health/ready": 200, "/health/worker": 200}
        statuses = self.statuses

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(statuses.get(self.path, 404))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def end(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


@pytest.fixture
def portal() -> Iterator[Portal]:
    running = Portal()
    yield running
    running.end()


def setting(portal: Portal, home: Path) -> Setting:
    return Setting(portal.url, home / "watch.sqlite3", home / "page")


def told(home: Path) -> dict[str, str]:
    """The parts as the published file says them."""
    content = json.loads((home / "page" / "status.json").read_text())
    return {part["name"]: part["state"] for part in content["parts"]}


def test_it_publishes_while_the_portal_is_down_and_when_it_is_back(portal: Portal, tmp_path: Path) -> None:
    watcher, at = Watcher(setting(portal, tmp_path)), NOW
    assert watcher.round(at) == []
    assert told(tmp_path) == {"portal": "ok", "worker": "ok"}
    portal.end()
    changes = []
    for number in range(1, 4):
        changes += watcher.round(at + number * EVERY)
    [fell] = changes
    assert (fell.name, fell.began_at, fell.ended_at) == ("portal", at + EVERY, None)
    page = (tmp_path / "page" / "index.html").read_text()
    assert "Ein Teil der Cloud ist ausgefallen." in page
    assert "Portal" in page
    assert told(tmp_path)["portal"] == "bad"
    assert "<script>" not in page


def test_it_remembers_over_a_restart(portal: Portal, tmp_path: Path) -> None:
    portal.statuses["/health/ready"] = 503
    for number in range(2):
        Watcher(setting(portal, tmp_path)).round(NOW + number * EVERY)
    [fell] = Watcher(setting(portal, tmp_path)).round(NOW + 2 * EVERY)
    assert fell.began_at == NOW
    portal.statuses["/health/ready"] = 200
    changes = []
    for number in range(3, 7):
        changes += Watcher(setting(portal, tmp_path)).round(NOW + number * EVERY)
    [rose] = changes
    assert (rose.began_at, rose.ended_at) == (NOW, NOW + 3 * EVERY)
    assert len(Store(tmp_path / "watch.sqlite3").outages(10)) == 1


def test_work_behind_a_portal_that_does_not_answer_is_not_judged(portal: Portal, tmp_path: Path) -> None:
    watcher = Watcher(setting(portal, tmp_path))
    watcher.round(NOW)
    portal.statuses["/health/worker"] = 503
    for number in range(1, 4):
        watcher.round(NOW + number * EVERY)
    assert told(tmp_path) == {"portal": "ok", "worker": "bad"}


def test_the_page_is_there_in_every_language_with_bars_and_outages(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for number in range(5):
        store.take(Found("portal", Level.OK if number < 2 else Level.BAD, "silent"), NOW + number * EVERY)
        store.take(Found("tcp:vpn.example.org:443", Level.OK), NOW + number * EVERY)
    publish(store, tmp_path / "page", NOW, "fr")
    for code in LANGUAGES:
        text = (tmp_path / "page" / f"index.{code}.html").read_text()
        assert f'lang="{code}"' in text
        assert TEXTS["not-ok"][code] in text
        assert "vpn.example.org:443" in text
        assert "40.00 %" in text
    assert (tmp_path / "page" / "index.html").read_text() == (tmp_path / "page" / "index.fr.html").read_text()


def test_every_text_is_there_in_every_language() -> None:
    assert {key for key, texts in TEXTS.items() if set(texts) != set(LANGUAGES)} == set()


def test_it_writes_who_fell_and_when(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    fell = [store.take(Found("portal", Level.BAD, "silent"), NOW + number * EVERY) for number in range(3)][-1]
    assert fell is not None
    alarm = Alarm("smtp://127.0.0.1:1", "furka@example.org", ["oncall@example.org"])
    written = letter(alarm, "oncall@example.org", fell, "en")
    assert "Portal does not work since 2026-11-24 13:00 UTC" in written.get_content()


def test_the_command_looks_once_or_says_what_is_wrong(portal: Portal, tmp_path: Path) -> None:
    options = ["--store", str(tmp_path / "s"), "--folder", str(tmp_path / "page"), "--once"]
    assert CliRunner().invoke(watch, ["--portal", portal.url, *options]).exit_code == 0
    assert told(tmp_path) == {"portal": "ok", "worker": "ok"}
    assert CliRunner().invoke(watch, ["--portal", "portal", *options]).exit_code == 2
    assert (
        CliRunner().invoke(watch, ["--portal", portal.url, "--alarm-mail", "a@b.ch", *options]).exit_code == 2
    )
