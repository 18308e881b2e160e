"""A portal as far as a gateway can tell, on this machine's loopback: it says what the test tells it to say."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from furka.clock import now
from furka.wire import PREFIX
from furka.wire.gateway import ClaimAnswer, ClaimRequest, GatewayReport, GatewayReportTaken, GatewaySettings
from furka.wire.probes import Finding, Findings, FindingsTaken, TaskAsked
from furka.wire.problem import Problem


class FakePortal(ThreadingHTTPServer):
    """Knows claim codes and the settings of each site's gateway, and remembers what it was told."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Call)
        self.codes: dict[str, str] = {}  # code → site
        self.taken: dict[str, ClaimRequest] = {}  # code → who claimed it
        self.lose_answers = 0  # that many claims are taken without an answer
        self.refused: Problem | None = None  # to every call with a token
        self.reports: list[tuple[str, GatewayReport]] = []  # site, report
        self.changed = threading.Condition()
        self.found: dict[str, list[Finding]] = {}  # task → what was said of it
        self.endings: dict[str, str] = {}  # task → how it ended
        self._tasks: dict[str, list[TaskAsked]] = {}
        self._stopped: dict[str, list[str]] = {}
        self._settings: dict[str, GatewaySettings] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def give(self, site: str, **values: object) -> GatewaySettings:
        """The settings of that site's gateway from now on: these values, otherwise as before; with a new etag."""
        with self.changed:
            before = self._settings.get(site)
            number = int(before.etag) + 1 if before else 1
            known = before.model_dump() if before else {"site": site}
            settings = GatewaySettings.model_validate(known | values | {"etag": str(number), "now": now()})
            self._settings[site] = settings
            self.changed.notify_all()
        return settings

    def settings_after(self, site: str, seen: str, wait: float) -> GatewaySettings | None:
        """As soon as they differ from `seen`, at the latest after `wait` seconds."""
        with self.changed:
            self.changed.wait_for(lambda: site in self._settings and self._has_news(site, seen), wait)
            settings = self._settings.get(site)
            if settings is None:
                return None
            said = {"tasks": tuple(self._tasks.pop(site, ())), "stopped": tuple(self._stopped.pop(site, ()))}
            return settings.model_copy(update=said)

    def _has_news(self, site: str, seen: str) -> bool:
        return self._settings[site].etag != seen or site in self._tasks or site in self._stopped

    def ask(self, site: str, task: str, /, **what: object) -> None:
        """Give that site's gateway a task, with half a minute for it unless `seconds` says otherwise."""
        seconds = int(str(what.pop("seconds", 30)))
        with self.changed:
            self._tasks.setdefault(site, []).append(TaskAsked(name=task, seconds=seconds, what=what))
            self.changed.notify_all()

    def stop_task(self, site: str, name: str) -> None:
        """A task is no longer wanted."""
        with self.changed:
            self._stopped.setdefault(site, []).append(name)
            self.changed.notify_all()

    def take_findings(self, report: Findings) -> FindingsTaken:
        """As the portal does it."""
        with self.changed:
            kept = self.found.setdefault(report.name, [])
            kept += report.found[max(0, len(kept) - report.first) :]
            if report.ending is not None:
                self.endings[report.name] = report.ending
            self.changed.notify_all()
        return FindingsTaken(now=now(), go_on=report.ending is None)

    def take_claim(self, request: ClaimRequest) -> ClaimAnswer | Problem | None:
        """An answer, a refusal, or nothing at all because the line breaks."""
        site = self.codes.get(request.code)
        if site is None:
            return Problem(
                title="Refused", status=403, code="code-unknown", detail="This claim code is not known"
            )
        before = self.taken.setdefault(request.code, request)
        if before.public_key != request.public_key:
            return Problem(
                title="Refused", status=409, code="code-used", detail="This claim code has been used."
            )
        if self.lose_answers:
            self.lose_answers -= 1
            return None
        return ClaimAnswer(token=f"token-of-{site}".replace(" ", "_"), site=site)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Call(BaseHTTPRequestHandler):
    server: FakePortal

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        match urlsplit(self.path).path.removeprefix(PREFIX):
            case "/gateway/claim":
                answer = self.server.take_claim(ClaimRequest.model_validate_json(content))
                if answer is not None:
                    self._say(answer)
            case "/gateway/findings":
                report = Findings.model_validate_json(content)
                self._say(self.server.refused or self.server.take_findings(report))
            case "/gateway/report":
                with self.server.changed:
                    self.server.reports.append((self._site(), GatewayReport.model_validate_json(content)))
                    self.server.changed.notify_all()
                self._say(self.server.refused or GatewayReportTaken(now=now()))

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if self.server.refused:
            self._say(self.server.refused)
            return
        seen, wait = asked.get("seen", [""])[0], float(asked.get("wait", ["0"])[0])
        settings = self.server.settings_after(self._site(), seen, wait)
        self._say(settings or Problem(title="Not yet", status=503, code="not-yet"))

    def _site(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer token-of-").replace("_", " ")

    def _say(
        self, answer: Problem | ClaimAnswer | GatewayReportTaken | GatewaySettings | FindingsTaken
    ) -> None:
        text = json.dumps(answer.model_dump(mode="json")).encode()
        try:
            self.send_response(answer.status if isinstance(answer, Problem) else 200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Tests are quiet."""
