"""A small portal for one hub: it says hello, keeps a plan with revisions, holds questions, and collects reports."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel

from furka import clock
from furka.plan.entries import Entry
from furka.wire import PREFIX
from furka.wire.hub import AccessSeen, HubHello, HubReport, HubReportTaken, HubWelcome, PeerSeen, PlanAnswer
from furka.wire.problem import MEDIA_TYPE, Problem
from tests.laws.hub_worlds import LAYOUT

TOKEN = "fake-token"


class FakePortal:
    """Runs in a thread of its own; everything may be changed while it runs."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead  # of this machine's clock
        self.token = TOKEN
        self.hellos: list[HubHello] = []
        self.reports: list[HubReport] = []
        self.questions: list[int] = []
        self._revision = 0
        self._log: dict[str, tuple[int, Entry | None]] = {}
        self._news = threading.Condition()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def now(self) -> datetime:
        """The time as this portal has it."""
        return clock.now() + self.ahead

    def say(self, *entries: Entry, gone: tuple[str, ...] = ()) -> int:
        """Change the plan; returns its revision."""
        with self._news:
            self._revision += 1
            self._log.update((entry.key, (self._revision, entry)) for entry in entries)
            self._log.update((key, (self._revision, None)) for key in gone)
            self._news.notify_all()
            return self._revision

    def forget_everything(self) -> None:
        """As if another portal began."""
        with self._news:
            self._revision, self._log = 0, {}

    def accesses(self) -> list[AccessSeen]:
        """What was reported about accesses, the last about each."""
        found = {access.token: access for report in list(self.reports) for access in report.accesses}
        return list(found.values())

    def peer(self, public_key: str) -> PeerSeen | None:
        """What was reported last about a peer."""
        found = {peer.public_key: peer for report in list(self.reports) for peer in report.peers}
        return found.get(public_key)

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.go_away()

    def come_back(self) -> None:
        """Answer, at the same address as ever."""
        portal = self

        class Call(_Call):
            asked = portal

        self._server = _Server(("127.0.0.1", self._port), Call)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def go_away(self) -> None:
        """Answer nobody any more, not even those who wait."""
        if self._server is None:
            return
        server, self._server = self._server, None
        with self._news:
            self._news.notify_all()
        server.shutdown()
        server.server_close()  # waits for all calls, so that no thread is left behind
        if self._thread:
            self._thread.join()

    # -- the calls ----------------------------------------------------------------------------------------------

    def welcome(self, hello: HubHello) -> HubWelcome:
        self.hellos.append(hello)
        return HubWelcome(
            now=self.now(),
            name="hub-1",
            address=LAYOUT.address,
            routes=(LAYOUT.gateways, LAYOUT.profiles, LAYOUT.plants),
            gateways=LAYOUT.gateways,
            profiles=LAYOUT.profiles,
            plants=LAYOUT.plants,
        )

    def plan(self, since: int, wait: float) -> PlanAnswer | None:
        """None if the portal went away in the meantime."""
        self.questions.append(since)
        with self._news:
            server = self._server
            self._news.wait_for(
                lambda: self._revision != since or since == 0 or self._server is not server, wait
            )
            if self._server is not server:
                return None
            complete = since == 0 or since > self._revision
            changed = {
                key: entry for key, (revision, entry) in self._log.items() if complete or revision > since
            }
            return PlanAnswer(
                now=self.now(),
                revision=self._revision,
                complete=complete,
                entries=tuple(entry for entry in changed.values() if entry is not None),
                gone=() if complete else tuple(key for key, entry in changed.items() if entry is None),
            )

    def take(self, report: HubReport) -> HubReportTaken:
        self.reports.append(report)
        return HubReportTaken(now=self.now())


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Hubs are killed in the middle of a call here; that is no error."""


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 1.0
    disable_nagle_algorithm = True
    asked: FakePortal

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        if self._admitted() and where.path == f"{PREFIX}/hub/plan":
            answer = self.asked.plan(int(query["since"]), float(query.get("wait", 0)))
            if answer is None:
                self.close_connection = True
            else:
                self._answer(answer)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._admitted():
            return
        if self.path == f"{PREFIX}/hub/hello":
            self._answer(self.asked.welcome(HubHello.model_validate_json(body)))
        elif self.path == f"{PREFIX}/hub/report":
            self._answer(self.asked.take(HubReport.model_validate_json(body)))

    def _admitted(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {self.asked.token}":
            return True
        self._answer(
            Problem(title="Not allowed", status=401, code="token", detail="this token is not valid"),
            HTTPStatus.UNAUTHORIZED,
        )
        return False

    def _answer(self, message: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = message.model_dump_json().encode()
        self.send_response(status)
        self.send_header("Content-Type", MEDIA_TYPE if status != HTTPStatus.OK else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        pass
